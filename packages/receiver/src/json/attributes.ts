// AnyValue and KeyValue of OTLP/JSON: `{ "key": "k", "value": { "stringValue": "v" } }`.
import { Buffer } from "node:buffer"
import { setAttribute } from "../set-attribute.ts"
import { MAX_DEPTH } from "../wire/attributes.ts"
import { JsonFault, type JsonReader } from "./json-reader.ts"
import { readBase64, readDouble, readInt64 } from "./json-scalars.ts"

// How encoders begin these messages, without white space and in this order. A message that begins so is most of what
// there is, and comparing takes less than looking at key by key; one that does not, or goes on otherwise, is read by
// its loop.
const KEY = Buffer.from('{"key":"')
const VALUE = Buffer.from(',"value":')
const TEXT = Buffer.from('{"stringValue":"')
const INTEGER = Buffer.from('{"intValue":')
const END = Buffer.from("}")

/** Reads a list of KeyValues into `into`. */
export function readAttributes(reader: JsonReader, into: Record<string, unknown>, depth = 0): void {
  if (!reader.openList()) return
  do readAttribute(reader, into, depth)
  while (reader.moreItems())
}

function readAttribute(reader: JsonReader, into: Record<string, unknown>, depth: number): void {
  let key = ""
  let value: unknown
  let more: boolean
  if (reader.ahead(KEY)) {
    reader.position--
    key = reader.name()
    if (reader.ahead(VALUE) && !reader.absent()) value = readAnyValue(reader, depth)
    more = !reader.ahead(END) && reader.moreFields()
  } else {
    more = reader.openObject()
  }
  while (more) {
    const field = reader.key()
    if (!reader.absent()) {
      if (field === "key") key = reader.name()
      else if (field === "value") value = readAnyValue(reader, depth)
      else reader.skip()
    }
    more = reader.moreFields()
  }
  setAttribute(into, key, value)
}

export function readAnyValue(reader: JsonReader, depth = 0): unknown {
  if (depth > MAX_DEPTH)
    throw new JsonFault(reader.position, `a value is nested deeper than ${MAX_DEPTH} levels`)
  let value: unknown
  let more: boolean
  if (reader.ahead(TEXT)) {
    reader.position--
    value = reader.text()
    more = !reader.ahead(END) && reader.moreFields()
  } else if (reader.ahead(INTEGER)) {
    if (!reader.absent()) value = readInt64(reader)
    more = !reader.ahead(END) && reader.moreFields()
  } else {
    more = reader.openObject()
  }
  while (more) {
    const field = reader.key()
    if (!reader.absent()) value = readValueField(reader, field, value, depth)
    more = reader.moreFields()
  }
  return value
}

/** The value in this field, or the one before when the field is unknown. */
function readValueField(reader: JsonReader, field: string, before: unknown, depth: number): unknown {
  switch (field) {
    case "stringValue":
      return reader.text()
    case "intValue":
      return readInt64(reader)
    case "boolValue":
      return reader.bool()
    case "doubleValue":
      return readDouble(reader)
    case "arrayValue":
      return readList(reader, depth)
    case "kvlistValue":
      return readMap(reader, depth)
    case "bytesValue":
      return readBase64(reader)
    default:
      reader.skip()
      return before
  }
}

function readList(reader: JsonReader, depth: number): unknown[] {
  const list: unknown[] = []
  if (!reader.openObject()) return list
  do {
    const field = reader.key()
    if (reader.absent()) continue
    if (field === "values") {
      if (!reader.openList()) continue
      do list.push(reader.absent() ? undefined : readAnyValue(reader, depth + 1))
      while (reader.moreItems())
    } else reader.skip()
  } while (reader.moreFields())
  return list
}

function readMap(reader: JsonReader, depth: number): Record<string, unknown> {
  const map: Record<string, unknown> = {}
  if (!reader.openObject()) return map
  do {
    const field = reader.key()
    if (reader.absent()) continue
    if (field === "values") readAttributes(reader, map, depth + 1)
    else reader.skip()
  } while (reader.moreFields())
  return map
}
