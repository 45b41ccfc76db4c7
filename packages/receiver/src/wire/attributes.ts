// AnyValue and KeyValue, the values of attributes and bodies.
import { setAttribute } from "../set-attribute.ts"
import { fields, malformed, type ProtobufReader } from "./protobuf-reader.ts"

/** Protobuf's own parsers stop at 100 messages; a value in a list or map takes two of those. */
export const MAX_DEPTH = 64

const KEY_VALUE = fields(1, 2)
const ANY_VALUE = fields(1, 2, 3, 4, 5, 6, 7)
const LIST = fields(1)

/** Reads a KeyValue and sets it on `into`. */
export function readAttribute(reader: ProtobufReader, into: Record<string, unknown>, depth = 0): void {
  const end = reader.enter()
  let key = ""
  let value: unknown
  while (reader.position < end) {
    const tag = reader.uint32()
    if (tag === 0x0a) key = reader.key()
    else if (tag === 0x12) value = readAnyValue(reader, depth)
    else reader.skip(tag, KEY_VALUE)
  }
  reader.leave(end)
  setAttribute(into, key, value)
}

export function readAnyValue(reader: ProtobufReader, depth = 0): unknown {
  if (depth > MAX_DEPTH) throw malformed(`a value is nested deeper than ${MAX_DEPTH} levels`)
  const end = reader.enter()
  let value: unknown
  while (reader.position < end) {
    const tag = reader.uint32()
    switch (tag) {
      case 0x0a:
        value = reader.text()
        break
      case 0x10:
        value = reader.bool()
        break
      case 0x18:
        value = reader.int64()
        break
      case 0x21:
        value = reader.double()
        break
      case 0x2a:
        value = readList(reader, depth)
        break
      case 0x32:
        value = readMap(reader, depth)
        break
      case 0x3a:
        value = reader.copy()
        break
      default:
        reader.skip(tag, ANY_VALUE)
    }
  }
  reader.leave(end)
  return value
}

function readList(reader: ProtobufReader, depth: number): unknown[] {
  const end = reader.enter()
  const list: unknown[] = []
  while (reader.position < end) {
    const tag = reader.uint32()
    if (tag === 0x0a) list.push(readAnyValue(reader, depth + 1))
    else reader.skip(tag, LIST)
  }
  reader.leave(end)
  return list
}

function readMap(reader: ProtobufReader, depth: number): Record<string, unknown> {
  const end = reader.enter()
  const map: Record<string, unknown> = {}
  while (reader.position < end) {
    const tag = reader.uint32()
    if (tag === 0x0a) readAttribute(reader, map, depth + 1)
    else reader.skip(tag, LIST)
  }
  reader.leave(end)
  return map
}
