// An attribute's value as the text that ClickStack's tables hold, spelled as its collector spells it: strings as
// they are, integers in decimal, doubles as JavaScript prints them, bytes in base64, arrays and maps as JSON with
// sorted keys, nothing as ''. What OpenTelemetry does not allow (errors, dates, cycles) becomes readable text:
// one strange value must not cost the batch.

import { types } from "node:util"
import { compareUtf8 } from "./columns/shape.ts"

// Deeper than anyone reads, and far from the depth at which a recursive walk overflows the stack.
const maxDepth = 64

export function spell(value: unknown): string {
  switch (typeof value) {
    case "string":
      return value
    case "number":
    case "boolean":
    case "bigint":
      return String(value)
    case "undefined":
      return ""
    case "object":
      return value === null ? "" : (plainText(value) ?? toJson(value))
    default:
      return textOf(value)
  }
}

/** A value as JSON text with sorted keys. Never throws. */
export function toJson(value: unknown): string {
  return json(value, [])
}

function json(value: unknown, parents: object[]): string {
  switch (typeof value) {
    case "string":
      return quoted(value)
    case "number":
      return Number.isFinite(value) ? String(value) : "null"
    case "boolean":
    case "bigint":
      return String(value)
    case "undefined":
      return "null"
    case "object":
      return value === null ? "null" : jsonObject(value, parents)
    default:
      return quoted(textOf(value))
  }
}

function jsonObject(value: object, parents: object[]): string {
  const text = plainText(value)
  if (text !== undefined) return quoted(text)
  if (parents.includes(value)) return '"[circular]"'
  if (parents.length >= maxDepth) return '"[too deep]"'
  parents.push(value)
  try {
    // Array.from, because `map` leaves holes out.
    if (Array.isArray(value)) return `[${Array.from(value, (item) => json(item, parents)).join(",")}]`
    if (types.isSet(value)) return json([...value], parents)
    if (types.isMap(value)) return json(Object.fromEntries(value), parents)
    const members = Object.keys(value)
      .sort(compareUtf8)
      .map((key) => `${quoted(key)}:${json((value as Record<string, unknown>)[key], parents)}`)
    return `{${members.join(",")}}`
  } catch (error) {
    return quoted(unreadable(error))
  } finally {
    parents.pop()
  }
}

// JSON.stringify writes a lone surrogate as an escape that ClickHouse's parser refuses.
const quoted = (text: string): string => JSON.stringify(text.toWellFormed())

/** The text of what is no collection: bytes, dates and errors. */
function plainText(value: object): string | undefined {
  // `types`, unlike instanceof, asks nothing of a Proxy, and knows the objects of another realm.
  if (types.isUint8Array(value)) return base64(value)
  return types.isDate(value) || isError(value) ? textOf(value) : undefined
}

function isError(value: unknown): value is Error {
  try {
    return types.isNativeError(value) || value instanceof Error
  } catch {
    return false
  }
}

const base64 = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64")

function textOf(value: unknown): string {
  try {
    if (types.isDate(value) && !Number.isNaN(value.getTime())) return value.toISOString()
    return String(isError(value) ? (value.stack ?? value.message) : value)
  } catch (error) {
    return unreadable(error)
  }
}

function unreadable(error: unknown): string {
  try {
    return `[unreadable: ${error instanceof Error ? error.message : String(error)}]`
  } catch {
    return "[unreadable]"
  }
}
