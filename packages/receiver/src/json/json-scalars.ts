// The scalars of OTLP/JSON, by protobuf's JSON mapping with OTLP's changes: 64-bit integers are decimal strings or numbers,
// exact in both; ids are hex; enums are integers only.
import { Buffer } from "node:buffer"
import type { HrTime } from "@opentelemetry/api"
import type { JsonReader } from "./json-reader.ts"

const QUOTE = 0x22
const MINUS = 0x2d
const ZERO = 0x30
const NINE = 0x39

/** So many digits always make an exact number. */
const SAFE_DIGITS = 15

const INT64 = { min: -(2n ** 63n), max: 2n ** 63n - 1n }
const UINT64_MAX = 2n ** 64n - 1n

/** A number, or one of the words that JSON has no numbers for. */
export function readDouble(reader: JsonReader): number {
  const start = startOf(reader)
  if (reader.bytes[start] !== QUOTE) return reader.number()
  const text = reader.text()
  if (/^(NaN|-?Infinity|-?\d+(\.\d+)?([eE][-+]?\d+)?)$/.test(text)) return Number(text)
  throw reader.expected("a number", start)
}

export function readInt64(reader: JsonReader): number | bigint {
  const start = startOf(reader)
  const value = integer(reader, start, "a 64-bit integer as a decimal string")
  if (typeof value !== "bigint" || (value >= INT64.min && value <= INT64.max)) return value
  // OpenTelemetry's own JSON exporter sends every whole double as an integer, also 1e19, which no 64 bits hold:
  // such a one is taken as the double that it is.
  return Number(value)
}

export function readUint64(reader: JsonReader): number | bigint {
  const start = startOf(reader)
  const what = "an unsigned 64-bit integer as a decimal string"
  const value = integer(reader, start, what)
  // Comparing a number with a bigint is slow, and most counts are numbers.
  if (typeof value === "number" ? value >= 0 && value < 2 ** 64 : value >= 0n && value <= UINT64_MAX)
    return value
  throw reader.expected(what, start)
}

/** Where the value begins, with or without a quote. */
function startOf(reader: JsonReader): number {
  reader.peek()
  return reader.position
}

/** An integer of any size, exactly, between quotes or not. */
function integer(reader: JsonReader, start: number, what: string): number | bigint {
  const { bytes } = reader
  const quoted = bytes[start] === QUOTE
  const first = quoted ? start + 1 : start
  const negative = bytes[first] === MINUS
  const digits = negative ? first + 1 : first
  let i = digits
  let value = 0
  for (let byte = bytes[i]; byte !== undefined && byte >= ZERO && byte <= NINE; byte = bytes[++i]) {
    value = value * 10 + (byte - ZERO)
  }
  if (quoted ? bytes[i] !== QUOTE || i === digits || i - digits > 20 : isFraction(bytes[i])) {
    // As a number it may be spelled in every way, if it is whole: 1e3, 5.0.
    const number = quoted ? NaN : reader.number(what)
    if (Number.isInteger(number)) return number
    throw reader.expected(what, start)
  }
  if (!quoted && (i - digits > SAFE_DIGITS || i === digits || bytes[digits] === ZERO)) {
    const number = reader.number(what)
    // Adding 0 makes -0, which is no integer of OTLP's, 0.
    if (Number.isSafeInteger(number) || i - digits > 20) return number + 0
  }
  reader.position = quoted ? i + 1 : i
  if (i - digits <= SAFE_DIGITS) return negative ? 0 - value : value
  const exact = BigInt(bytes.toString("latin1", first, i))
  const number = Number(exact)
  return Number.isSafeInteger(number) ? number : exact
}

/** Enums, flags and the 32-bit counts; `min` is 0 for the unsigned ones. */
export function readInt32(reader: JsonReader, min = 0, max = 0xffffffff): number {
  const start = startOf(reader)
  const value = integer(reader, start, "an integer")
  if (typeof value === "number" && value >= min && value <= max) return value
  throw reader.expected(`an integer from ${min} to ${max}`, start)
}

export function readEnumeration(reader: JsonReader): number {
  if (reader.peek() === QUOTE) throw reader.expected("an integer (OTLP has no names of enum values)")
  return readInt32(reader, -0x80000000, 0x7fffffff)
}

/** Nanoseconds since 1970: a decimal string, for they fit no number exactly. */
export function readTime(reader: JsonReader): HrTime {
  const { bytes } = reader
  const start = startOf(reader)
  const digits = bytes[start] === QUOTE ? start + 1 : start
  // Up to the last nine digits they are whole seconds; `length - 9` of them, when there are more.
  let end = digits
  for (let byte = bytes[end]; byte !== undefined && byte >= ZERO && byte <= NINE; byte = bytes[++end]);
  const length = end - digits
  const isWhole = digits === start ? !isFraction(bytes[end]) && bytes[start] !== ZERO : bytes[end] === QUOTE
  if (!isWhole || length === 0 || length > 20) return otherTime(reader, start)
  if (length === 20 && BigInt(bytes.toString("latin1", digits, end)) > UINT64_MAX)
    return otherTime(reader, start)
  const split = Math.max(digits, end - 9)
  let seconds = 0
  for (let i = digits; i < split; i++) seconds = seconds * 10 + (bytes[i]! - ZERO)
  let nanos = 0
  for (let i = split; i < end; i++) nanos = nanos * 10 + (bytes[i]! - ZERO)
  reader.position = digits === start ? end : end + 1
  return [seconds, nanos]
}

/** A number spelled like 0 or 1.5e18; everything else is no time. */
function otherTime(reader: JsonReader, start: number): HrTime {
  const what = "nanoseconds as a decimal string"
  const number = reader.bytes[start] === QUOTE ? NaN : reader.number(what)
  if (!Number.isInteger(number) || number < 0 || number >= 2 ** 64) throw reader.expected(what, start)
  const exact = BigInt(number)
  return [Number(exact / 1_000_000_000n), Number(exact % 1_000_000_000n)]
}

/** A trace or span id: hex in any case (protobuf's JSON would have base64 here), handed on in lower case. */
export function readId(reader: JsonReader, length: 8 | 16): string {
  if (reader.peek() !== QUOTE) throw reader.expected(`${length * 2} hex digits`)
  const { bytes } = reader
  const start = reader.position + 1
  if (bytes[start] === QUOTE) {
    reader.position = start + 1
    return ""
  }
  const end = start + length * 2
  let isLower = true
  for (let i = start; i < end; i++) {
    const byte = bytes[i]!
    if ((byte >= ZERO && byte <= NINE) || (byte >= 0x61 && byte <= 0x66)) continue
    if (!(byte >= 0x41 && byte <= 0x46)) throw reader.expected(`${length * 2} hex digits`)
    isLower = false
  }
  if (bytes[end] !== QUOTE) throw reader.expected(`${length * 2} hex digits`)
  reader.position = end + 1
  const hex = bytes.toString("latin1", start, end)
  return isLower ? hex : hex.toLowerCase()
}

export function readBase64(reader: JsonReader): Uint8Array {
  const start = startOf(reader)
  const text = reader.peek() === QUOTE ? reader.text() : "?"
  if (/^[\w+/-]*={0,2}$/.test(text)) return new Uint8Array(Buffer.from(text, "base64"))
  throw reader.expected("bytes in base64", start)
}

const isFraction = (byte: number | undefined): boolean => byte === 0x2e || byte === 0x65 || byte === 0x45
