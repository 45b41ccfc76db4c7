// Spans and log records as one flat list. V8's serializer pays for each object that it meets and writes the names of
// its properties with every one: of 512 spans with three attributes, one list takes a third of the time of 512 rows.
// Resources and scopes stand once and are shared again afterwards, since exporters group what they send by these objects.
import type { Attributes, SpanContext } from "@opentelemetry/api"
import type { Resource } from "@opentelemetry/resources"
import type { ReadableSpan } from "@opentelemetry/sdk-trace-base"
import { writtenState } from "./plain-fields.ts"
import { plainTraceState } from "./plain-telemetry.ts"
import { define } from "./plain-value.ts"

type Scope = ReadableSpan["instrumentationScope"]

interface Item {
  readonly resource: Resource
  readonly instrumentationScope: Scope
  readonly attributes: object
}

/** Gives the fields of an item in the order in which they were written. */
export type Next = () => unknown

export type PackedResource = [attributes: Attributes, schemaUrl: string | undefined]

interface Flat {
  readonly resources: readonly PackedResource[]
  readonly scopes: readonly Scope[]
  /** The names of attributes: items that come from the same code have the same ones. */
  readonly names: readonly (readonly string[])[]
  /** Of each item the places of its resource, scope and names, the attributes' values, and its own fields. */
  readonly fields: readonly unknown[]
}

const comparedNames = 16

/** @param write Appends an item's own fields, always as many. */
export function flatten<T extends Item>(
  items: readonly T[],
  write: (fields: unknown[], item: T) => void,
): Flat {
  const resources = new Map<Resource, number>()
  const scopes = new Map<Scope, number>()
  const names: string[][] = []
  const fields: unknown[] = []
  for (const item of items) {
    const attributes = (item.attributes ?? {}) as Record<string, unknown>
    const own = Object.keys(attributes)
    fields.push(
      placeOf(resources, item.resource),
      placeOf(scopes, item.instrumentationScope),
      placeOfNames(names, own),
    )
    for (const name of own) fields.push(attributes[name])
    write(fields, item)
  }
  return { resources: [...resources.keys()].map(packResource), scopes: [...scopes.keys()], names, fields }
}

/** @param read Takes an item's own fields, as many as were written. */
export function unflatten<T>(
  packed: unknown,
  read: (next: Next, common: Item & { attributes: Attributes }) => T,
): T[] {
  const { resources, scopes, names, fields } = packed as Flat
  const unpackedResources = resources.map(unpackResource)
  const items: T[] = []
  let at = 0
  const next = () => fields[at++]
  while (at < fields.length) {
    const resource = unpackedResources[next() as number]!
    const instrumentationScope = scopes[next() as number]!
    const attributes: Attributes = {}
    for (const name of names[next() as number]!) define(attributes, name, next())
    items.push(read(next, { resource, instrumentationScope, attributes }))
  }
  return items
}

function placeOf<K>(places: Map<K, number>, key: K): number {
  const known = places.get(key)
  if (known !== undefined) return known
  places.set(key, places.size)
  return places.size - 1
}

/** Compares with the last ones only: standing twice does no harm. */
function placeOfNames(known: string[][], names: string[]): number {
  const last = Math.max(0, known.length - comparedNames)
  for (let place = known.length - 1; place >= last; place--) if (areSame(known[place]!, names)) return place
  known.push(names)
  return known.length - 1
}

function areSame(some: readonly string[], others: readonly string[]): boolean {
  if (some.length !== others.length) return false
  for (let index = 0; index < some.length; index++) if (some[index] !== others[index]) return false
  return true
}

export const packResource = ({ attributes, schemaUrl }: Resource): PackedResource => [
  { ...attributes },
  schemaUrl,
]

export function unpackResource([attributes, schemaUrl]: PackedResource): Resource {
  const resource: Resource = {
    attributes,
    ...(schemaUrl === undefined ? {} : { schemaUrl }),
    merge: (other) =>
      other === null ? resource : unpackResource([{ ...attributes, ...other.attributes }, schemaUrl]),
    getRawAttributes: () => Object.entries(attributes),
  }
  return resource
}

/** Five fields; one without a trace id is none. */
export function writeContext(fields: unknown[], context: SpanContext | undefined): void {
  if (context === undefined) fields.push(undefined, undefined, undefined, undefined, undefined)
  else {
    const { traceId, spanId, traceFlags, isRemote, traceState } = context
    fields.push(traceId, spanId, traceFlags, isRemote, traceState && writtenState(traceState))
  }
}

export function readContext(next: Next): SpanContext | undefined {
  const traceId = next() as string | undefined
  const spanId = next() as string
  const traceFlags = next() as number
  const isRemote = next() as boolean | undefined
  const state = next() as string | undefined
  if (traceId === undefined) return undefined
  return {
    traceId,
    spanId,
    traceFlags,
    ...(isRemote === undefined ? {} : { isRemote }),
    ...(state === undefined ? {} : { traceState: plainTraceState(state) }),
  }
}
