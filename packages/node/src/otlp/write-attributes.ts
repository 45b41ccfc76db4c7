// Attributes and bodies as protobuf, redacted and capped on the way. A text, a number or a boolean goes straight to its
// bytes; everything else, and what is too long, is first made plain.
//   KeyValue   1 key   2 value (AnyValue)
//   AnyValue   1 string   2 bool   3 int   4 double   5 array (1 values)   6 map (1 KeyValue)   7 bytes
import { createPlain, isPlainNumber, redacted, type Room, shortened } from "../delivery/plain-value.ts"
import type { SnapshotOptions } from "../delivery/snapshot.ts"
import type { ProtobufWriter } from "./protobuf-writer.ts"

export interface AttributeWriter {
  /** @returns How many were left out. */
  readonly attributes: (tag: number, given: object | undefined | null, room: Room) => number
  /** An AnyValue, without its length. */
  readonly value: (key: string | undefined, given: unknown, room: Room) => void
  /** What is no attribute and may hold a secret all the same: a span's name, a status message. */
  readonly name: (given: string, room: Room) => void
  readonly text: (given: string, room: Room) => void
}

const perAttribute = 24 // of the record's cap, besides what key and value hold
const longestNumber = 11

export function createAttributeWriter(
  writer: ProtobufWriter,
  { caps, redact, redactText }: SnapshotOptions,
): AttributeWriter {
  const plain = createPlain(caps, redact)

  function text(given: string, room: Room): void {
    const { length } = given
    if (length * 3 > room.bytes || length * 3 > caps.valueBytes) return writer.text(plain.text(given, room))
    room.bytes -= length
    writer.text(given)
  }

  const name = (given: string, room: Room) =>
    text(redactText === undefined ? given : redactText(shortened(given, caps)), room)

  function value(key: string | undefined, given: unknown, room: Room): void {
    const kept = redact === undefined ? given : redacted(redact, key, given, caps)
    if (typeof kept === "string") {
      writer.byte(0x0a)
      return text(kept, room)
    }
    if (typeof kept === "boolean" || (typeof kept === "number" && isPlainNumber(kept))) {
      room.bytes -= 8
      return plainValue(writer, kept)
    }
    plainValue(writer, plain.redacted(kept, room))
  }

  function attributes(tag: number, given: object | undefined | null, room: Room): number {
    let kept = 0
    let dropped = 0
    for (const key in given) {
      if (!Object.hasOwn(given, key)) continue
      if (kept >= caps.attributes || room.bytes <= 0) {
        dropped++
        continue
      }
      kept++
      room.bytes -= perAttribute
      const one = read(given, key)
      writer.reserve(16)
      writer.byte(tag)
      const pair = writer.open()
      writer.byte(0x0a)
      text(key, room)
      writer.reserve(longestNumber + 2)
      writer.byte(0x12)
      const content = writer.open()
      value(key, one, room)
      writer.close(content)
      writer.close(pair)
    }
    return dropped
  }

  return { attributes, value, name, text }
}

function read(given: object, key: string): unknown {
  try {
    return (given as Record<string, unknown>)[key]
  } catch (error) {
    return `[unreadable: ${String(error).slice(0, 200)}]`
  }
}

/** An AnyValue of what is plain already; the empty one for null and undefined. */
export function plainValue(writer: ProtobufWriter, value: unknown): void {
  writer.reserve(longestNumber)
  switch (typeof value) {
    case "string":
      writer.byte(0x0a)
      return writer.text(value)
    case "boolean":
      writer.byte(0x10)
      return writer.byte(value ? 1 : 0)
    case "number":
      if (Number.isInteger(value)) {
        writer.byte(0x18)
        return writer.varint(value)
      }
      writer.byte(0x21)
      return writer.double(value)
    case "object":
      if (value !== null) plainObject(writer, value)
  }
}

function plainObject(writer: ProtobufWriter, object: object): void {
  if (object instanceof Uint8Array) {
    writer.byte(0x3a)
    return writer.blob(object)
  }
  const isList = Array.isArray(object)
  writer.byte(isList ? 0x2a : 0x32)
  const list = writer.open()
  if (isList) for (const element of object) plainElement(writer, 0x0a, element)
  else for (const key of Object.keys(object)) plainPair(writer, key, (object as Record<string, unknown>)[key])
  writer.close(list)
}

function plainElement(writer: ProtobufWriter, tag: number, value: unknown): void {
  writer.reserve(2)
  writer.byte(tag)
  const element = writer.open()
  plainValue(writer, value)
  writer.close(element)
}

function plainPair(writer: ProtobufWriter, key: string, value: unknown): void {
  writer.reserve(3)
  writer.byte(0x0a)
  const pair = writer.open()
  writer.byte(0x0a)
  writer.text(key)
  plainElement(writer, 0x12, value)
  writer.close(pair)
}
