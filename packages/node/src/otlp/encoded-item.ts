// A span or log record in the bytes that a request has for it, tag and length included (field 2 of ScopeSpans and of
// ScopeLogs alike), and the two messages that go around it. What comes from memory and what comes from disk look alike.
import type { Resource } from "@opentelemetry/resources"
import type { ReadableSpan } from "@opentelemetry/sdk-trace-base"
import { plainScope } from "../delivery/plain-fields.ts"
import { ProtobufWriter, type Written } from "./protobuf-writer.ts"
import { plainValue } from "./write-attributes.ts"

export interface EncodedItem extends Written {
  readonly scope: Envelope
}

/** What stands before and behind the items of one scope, or the scopes of one resource. By identity. */
export interface Envelope {
  readonly before: () => Uint8Array
  readonly behind: () => Uint8Array
  /** A scope's resource. */
  readonly outer?: Envelope
}

type Scope = ReadableSpan["instrumentationScope"]

export interface ItemEncoder<T> {
  readonly encode: (item: T) => EncodedItem
}

const outerWidth = 2 // nearly all are between 128 bytes and 16 KiB

export function createItemEncoder<T extends { resource: Resource; instrumentationScope: Scope }>(
  writer: ProtobufWriter,
  write: (item: T) => void,
): ItemEncoder<T> {
  const resources = new WeakMap<Resource, { envelope: Envelope; scopes: WeakMap<Scope, Envelope> }>()
  let lastResource: Resource | undefined
  let lastScope: Scope | undefined
  let last: Envelope | undefined

  function envelopeOf(resource: Resource, given: Scope): Envelope {
    if (resource === lastResource && given === lastScope) return last!
    let known = resources.get(resource)
    if (known === undefined) {
      known = { envelope: resourceEnvelope(resource), scopes: new WeakMap() }
      resources.set(resource, known)
    }
    const scope = plainScope(given)
    let envelope = known.scopes.get(scope)
    if (envelope === undefined) {
      envelope = scopeEnvelope(scope, known.envelope)
      known.scopes.set(scope, envelope)
    }
    lastResource = resource
    lastScope = given
    last = envelope
    return envelope
  }

  return {
    encode: (item) => {
      const scope = envelopeOf(item.resource, item.instrumentationScope)
      writer.begin()
      try {
        writer.reserve(outerWidth + 1)
        writer.byte(0x12)
        const content = writer.open(outerWidth)
        write(item)
        writer.close(content, outerWidth)
      } catch (error) {
        writer.undo()
        throw error
      }
      const { slab, from, to, isAlone } = writer.finish()
      return { slab, from, to, isAlone, scope }
    },
  }
}

/** Resource: 1 attributes, 2 dropped attributes. ResourceSpans: 1 resource, 2 scopes, 3 schema URL. */
function resourceEnvelope(resource: Resource): Envelope {
  let before: Uint8Array | undefined
  return {
    // Attributes that are still being detected are waited for before the first request, not before the first span.
    before: () => {
      if (before !== undefined) return before
      const bytes = written((writer) => {
        writer.byte(0x0a)
        const content = writer.open(3)
        pairs(writer, 0x0a, resource.attributes)
        writer.reserve(2)
        writer.byte(0x10)
        writer.byte(0)
        writer.close(content, 3)
      })
      if (resource.asyncAttributesPending !== true) before = bytes
      return bytes
    },
    behind: () => schemaUrl(resource.schemaUrl),
  }
}

/** InstrumentationScope: 1 name, 2 version, 3 attributes, 4 dropped. ScopeSpans: 1 scope, 2 items, 3 schema URL. */
function scopeEnvelope(scope: Scope, outer: Envelope): Envelope {
  const { name, version, schemaUrl: url } = scope
  const { attributes, droppedAttributesCount } = scope as {
    attributes?: object
    droppedAttributesCount?: number
  }
  const before = written((writer) => {
    writer.byte(0x0a)
    const content = writer.open()
    writer.byte(0x0a)
    writer.text(name)
    if (version) {
      writer.reserve(1)
      writer.byte(0x12)
      writer.text(version)
    }
    pairs(writer, 0x1a, attributes)
    if (droppedAttributesCount) {
      writer.reserve(11)
      writer.byte(0x20)
      writer.varint(droppedAttributesCount)
    }
    writer.close(content)
  })
  const behind = schemaUrl(url)
  return { before: () => before, behind: () => behind, outer }
}

function pairs(writer: ProtobufWriter, tag: number, given: object | undefined): void {
  for (const [key, value] of Object.entries(given ?? {})) {
    writer.reserve(3)
    writer.byte(tag)
    const pair = writer.open()
    writer.byte(0x0a)
    writer.text(key)
    writer.reserve(2)
    writer.byte(0x12)
    const content = writer.open()
    plainValue(writer, value)
    writer.close(content)
    writer.close(pair)
  }
}

const schemaUrl = (url: string | undefined) =>
  written((writer) => {
    if (!url) return
    writer.byte(0x1a)
    writer.text(url)
  })

function written(write: (writer: ProtobufWriter) => void): Uint8Array {
  const writer = new ProtobufWriter()
  write(writer)
  return Buffer.from(writer.bytes.subarray(writer.start, writer.at))
}
