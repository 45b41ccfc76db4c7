// Resource and InstrumentationScope of OTLP/JSON. Both are filled in place: see received-resource.ts.
import type { ResourceFromWire, ScopeFromWire } from "../received-resource.ts"
import { readAttributes } from "./attributes.ts"
import type { JsonReader } from "./json-reader.ts"
import { readInt32 } from "./json-scalars.ts"

export function readResource(reader: JsonReader, into: ResourceFromWire): void {
  if (!reader.openObject()) return
  do {
    const field = reader.key()
    if (reader.absent()) continue
    if (field === "attributes") readAttributes(reader, into.attributes)
    else if (field === "droppedAttributesCount") readDropped(reader, into)
    else reader.skip()
  } while (reader.moreFields())
}

export function readScope(reader: JsonReader, into: ScopeFromWire): void {
  if (!reader.openObject()) return
  const attributes = {}
  do {
    const field = reader.key()
    if (reader.absent()) continue
    switch (field) {
      case "name":
        into.name = reader.name()
        break
      case "version": {
        const version = reader.name()
        if (version !== "") into.version = version
        break
      }
      case "attributes":
        readAttributes(reader, attributes)
        break
      case "droppedAttributesCount":
        readDropped(reader, into)
        break
      default:
        reader.skip()
    }
  } while (reader.moreFields())
  if (Object.keys(attributes).length > 0) into.attributes = attributes
}

function readDropped(reader: JsonReader, into: ResourceFromWire | ScopeFromWire): void {
  const count = readInt32(reader)
  if (count !== 0) into.droppedAttributesCount = count
}
