// Reads the protobuf wire format: a position that walks over the bytes once. A message is read by a loop of its
// own (see spans.ts): `while (reader.position < end)`, a switch over the tag, `reader.leave(end)`.
//
// A tag is (field number << 3) | wire type; wire types are 0 varint, 1 eight bytes, 2 length and bytes, 5 four
// bytes. 3 and 4, groups, are in no OTLP message and are refused.
//
// Reading past the end of the buffer yields zeroes and moves on; `leave` then sees that the message did not end
// where it said, so the bytes are checked once per message instead of once per byte.
import type { Buffer } from "node:buffer"
import type { HrTime } from "@opentelemetry/api"
import { asBuffer } from "../as-buffer.ts"
import { ReceiverError } from "../receiver-error.ts"
import { internalized, TextCache } from "./text-cache.ts"

// One for attribute keys, names and what else comes from a small vocabulary, one for values, which change more.
const keys = new TextCache(4096, internalized)
const values = new TextCache(4096)

const TWO_32 = 4_294_967_296
const NANOS = 1_000_000_000

export class ProtobufReader {
  readonly bytes: Buffer
  position = 0

  constructor(bytes: Uint8Array) {
    this.bytes = asBuffer(bytes)
  }

  /** Reads the length of a message, string or packed list, and returns where it ends. */
  enter(): number {
    const length = this.uint32()
    const end = this.position + length
    if (end > this.bytes.length) {
      throw malformed(`a length of ${length} at byte ${this.position} runs past the end of the data`)
    }
    return end
  }

  leave(end: number): void {
    if (this.position !== end) throw malformed(`a field runs past the end of its message at byte ${end}`)
  }

  /** A varint of at most 32 bits: tags, lengths, enums, counts. */
  uint32(): number {
    const bytes = this.bytes
    let byte = bytes[this.position++]!
    if (byte < 0x80) return byte
    let value = byte & 0x7f
    byte = bytes[this.position++]!
    value |= (byte & 0x7f) << 7
    if (byte < 0x80) return value
    byte = bytes[this.position++]!
    value |= (byte & 0x7f) << 14
    if (byte < 0x80) return value
    byte = bytes[this.position++]!
    value |= (byte & 0x7f) << 21
    if (byte < 0x80) return value
    byte = bytes[this.position++]!
    if (byte > 0x0f) throw malformed(`a number at byte ${this.position} does not fit in 32 bits`)
    return (value | (byte << 28)) >>> 0
  }

  /** An int32 or an enum: negative ones are sent as ten bytes. */
  int32(): number {
    return Number(this.int64()) | 0
  }

  sint32(): number {
    const value = this.uint32()
    return (value >>> 1) ^ -(value & 1)
  }

  bool(): boolean {
    return this.int64() !== 0
  }

  /** A varint of 64 bits, signed. */
  int64(): number | bigint {
    const first = this.bytes[this.position]!
    if (first < 0x80) {
      this.position++
      return first
    }
    const [low, high] = this.#varint64()
    return high < 0x200000
      ? high * TWO_32 + low
      : exact(BigInt.asIntN(64, (BigInt(high) << 32n) | BigInt(low)))
  }

  uint64(): number | bigint {
    const [low, high] = this.#varint64()
    return high < 0x200000 ? high * TWO_32 + low : (BigInt(high) << 32n) | BigInt(low)
  }

  #varint64(): [low: number, high: number] {
    const bytes = this.bytes
    let low = 0
    let high = 0
    for (let shift = 0; shift < 70; shift += 7) {
      const byte = bytes[this.position++]!
      const bits = byte & 0x7f
      if (shift < 28) low |= bits << shift
      else if (shift === 28) {
        low |= (bits & 0x0f) << 28
        high = bits >>> 4
      } else high |= bits << (shift - 32)
      if (byte < 0x80) return [low >>> 0, high >>> 0]
    }
    throw malformed(`a number at byte ${this.position} has more than ten bytes`)
  }

  fixed32(): number {
    const at = this.#advance(4)
    return this.bytes.readUInt32LE(at)
  }

  fixed64(): number | bigint {
    const at = this.#advance(8)
    const high = this.bytes.readUInt32LE(at + 4)
    return high < 0x200000 ? high * TWO_32 + this.bytes.readUInt32LE(at) : this.bytes.readBigUInt64LE(at)
  }

  sfixed64(): number | bigint {
    const at = this.#advance(8)
    const high = this.bytes.readUInt32LE(at + 4)
    return high < 0x200000
      ? high * TWO_32 + this.bytes.readUInt32LE(at)
      : exact(this.bytes.readBigInt64LE(at))
  }

  double(): number {
    return this.bytes.readDoubleLE(this.#advance(8))
  }

  /** Nanoseconds in eight bytes, split into seconds and the rest by long division, for 64 bits fit no number. */
  time(): HrTime {
    const at = this.#advance(8)
    const low = this.bytes.readUInt32LE(at)
    const high = this.bytes.readUInt32LE(at + 4)
    const top = Math.floor(high / NANOS)
    const upper = (high - top * NANOS) * 65536 + (low >>> 16)
    const middle = Math.floor(upper / NANOS)
    const lower = (upper - middle * NANOS) * 65536 + (low & 0xffff)
    const bottom = Math.floor(lower / NANOS)
    return [top * TWO_32 + middle * 65536 + bottom, lower - bottom * NANOS]
  }

  /** Text that may be anything. Bytes that are not UTF-8 become U+FFFD. */
  text(): string {
    const end = this.enter()
    const start = this.position
    this.position = end
    return start === end ? "" : values.text(this.bytes, start, end)
  }

  /** Text from a small vocabulary: attribute keys and names. */
  key(): string {
    const end = this.enter()
    const start = this.position
    this.position = end
    return start === end ? "" : keys.nextText(this.bytes, start, end)
  }

  /** A copy, so that a value that is kept does not keep the whole request. */
  copy(): Uint8Array {
    const end = this.enter()
    const start = this.position
    this.position = end
    return new Uint8Array(this.bytes.subarray(start, end))
  }

  /** A trace or span id as lower-case hex; one that is left empty stays empty. */
  id(length: 8 | 16): string {
    const end = this.enter()
    const start = this.position
    this.position = end
    if (end - start === length) return this.bytes.toString("hex", start, end)
    if (end === start) return ""
    throw malformed(`an id at byte ${start} has ${end - start} bytes instead of ${length}`)
  }

  /**
   * Passes over a field that its message does not know, as protobuf asks. `known` has a bit for each field number
   * that it does know: such a field with another wire type would be lost silently, so it is refused.
   */
  skip(tag: number, known: number): void {
    const field = tag >>> 3
    if (field < 32 && (known >>> field) & 1)
      throw malformed(`field ${field} has the wrong wire type ${tag & 7}`)
    if (field === 0) throw malformed(`a field has the number 0 at byte ${this.position}`)
    switch (tag & 7) {
      case 0:
        this.#varint64()
        return
      case 1:
        this.#advance(8)
        return
      case 2:
        this.position = this.enter()
        return
      case 5:
        this.#advance(4)
        return
      default:
        throw malformed(`field ${field} has the wire type ${tag & 7}, which OTLP does not use`)
    }
  }

  #advance(count: number): number {
    const at = this.position
    this.position = at + count
    if (this.position > this.bytes.length) throw malformed("the data ends in the middle of a number")
    return at
  }
}

/** A bit for each of these field numbers, see `skip`. */
export const fields = (...numbers: number[]): number => numbers.reduce((bits, n) => bits | (1 << n), 0)

const exact = (value: bigint): number | bigint =>
  value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER ? Number(value) : value

export const malformed = (what: string): ReceiverError =>
  new ReceiverError("MALFORMED", `the protobuf data is malformed: ${what}; nothing was taken`)
