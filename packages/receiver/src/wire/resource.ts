// Resource and InstrumentationScope. Both are filled in place: see received-resource.ts.
import type { ResourceFromWire, ScopeFromWire } from "../received-resource.ts"
import { readAttribute } from "./attributes.ts"
import { fields, type ProtobufReader } from "./protobuf-reader.ts"

const RESOURCE = fields(1, 2)
const SCOPE = fields(1, 2, 3, 4)

export function readResource(reader: ProtobufReader, into: ResourceFromWire): void {
  const end = reader.enter()
  while (reader.position < end) {
    const tag = reader.uint32()
    if (tag === 0x0a) readAttribute(reader, into.attributes)
    else if (tag === 0x10) setDropped(into, reader.uint32())
    else reader.skip(tag, RESOURCE)
  }
  reader.leave(end)
}

export function readScope(reader: ProtobufReader, into: ScopeFromWire): void {
  const end = reader.enter()
  while (reader.position < end) {
    const tag = reader.uint32()
    switch (tag) {
      case 0x0a:
        into.name = reader.key()
        break
      case 0x12:
        setVersion(into, reader.key())
        break
      case 0x1a:
        readAttribute(reader, (into.attributes ??= {}))
        break
      case 0x20:
        setDropped(into, reader.uint32())
        break
      default:
        reader.skip(tag, SCOPE)
    }
  }
  reader.leave(end)
}

// A default that was sent is as if it was left out: the two mean the same in protobuf.

export function setSchemaUrl(into: ResourceFromWire | ScopeFromWire, schemaUrl: string): void {
  if (schemaUrl !== "") into.schemaUrl = schemaUrl
}

function setVersion(into: ScopeFromWire, version: string): void {
  if (version !== "") into.version = version
}

function setDropped(into: ResourceFromWire | ScopeFromWire, count: number): void {
  if (count !== 0) into.droppedAttributesCount = count
}
