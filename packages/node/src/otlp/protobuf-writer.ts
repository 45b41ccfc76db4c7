// Writes the protobuf wire format, one item after the other into slabs of memory. A tag is (field number << 3) | wire
// type; wire types are 0 varint, 1 eight bytes, 2 length and bytes, 5 four bytes. Where a message begins is kept as an
// offset into its item, since the item moves when it outgrows its slab.
import { largeMemory } from "./large-memory.ts"

const slabBytes = 64 * 1024
// What is larger has memory of its own, of its size: it would leave much of a slab empty.
const largestShared = slabBytes / 4
const largestScratch = 4 * 1024 * 1024 // that is kept for the next item
const two32 = 4_294_967_296
// Above this, one call of Buffer.write() is cheaper than a loop over the characters (Node 20 to 26).
const shortText = 64
const roughlyReserved = 1000

/** Bytes that nobody writes to any more. */
export interface Written {
  readonly slab: Buffer
  readonly from: number
  readonly to: number
  /** The slab is of this item alone. */
  readonly isAlone: boolean
}

export class ProtobufWriter {
  bytes: Buffer = Buffer.allocUnsafeSlow(slabBytes)
  at = 0
  /** Where the item begins that is being written. */
  start = 0
  // An item that does not fit into the slab moves here, and from here to where it stays: nothing else is garbage then.
  #scratch: Buffer | undefined
  #slab = this.bytes
  #slabAt = 0

  begin(): void {
    this.start = this.at
  }

  finish(): Written {
    const { bytes, start: from, at: to } = this
    if (bytes !== this.#scratch) return { slab: bytes, from, to, isAlone: false }
    if (to > largestShared) {
      const own = largeMemory(to)
      bytes.copy(own, 0, 0, to)
      this.undo()
      return { slab: own, from: 0, to, isAlone: true }
    }
    this.bytes = Buffer.allocUnsafeSlow(slabBytes)
    bytes.copy(this.bytes, 0, 0, to)
    return { slab: this.bytes, from: 0, to, isAlone: false }
  }

  /** Forgets the item that was being written. */
  undo(): void {
    if (this.bytes === this.#scratch) {
      if (this.bytes.length > largestScratch) this.#scratch = undefined
      this.bytes = this.#slab
      this.start = this.#slabAt
    }
    this.at = this.start
  }

  reserve(bytes: number): void {
    if (this.at + bytes > this.bytes.length) this.#grow(bytes)
  }

  #grow(bytes: number): void {
    const has = this.at - this.start
    const needed = has + bytes
    if (this.bytes !== this.#scratch) {
      this.#slab = this.bytes
      this.#slabAt = this.start
    }
    const scratch =
      this.bytes !== this.#scratch && needed <= (this.#scratch?.length ?? 0)
        ? this.#scratch!
        : Buffer.allocUnsafeSlow(Math.max(4 * slabBytes, 2 * needed))
    this.bytes.copy(scratch, 0, this.start, this.at)
    this.bytes = this.#scratch = scratch
    this.start = 0
    this.at = has
  }

  byte(value: number): void {
    this.bytes[this.at++] = value
  }

  /**
   * Begins a message whose length is not known yet.
   * @param width Bytes that its length will most likely take.
   */
  open(width = 1): number {
    const offset = this.at - this.start
    this.at += width
    return offset
  }

  close(offset: number, width = 1): void {
    const from = this.start + offset + width
    const length = this.at - from
    const needed = varintBytes(length)
    if (needed !== width) {
      this.reserve(needed)
      const moved = this.start + offset + width // in another slab, perhaps
      this.bytes.copyWithin(this.start + offset + needed, moved, this.at)
    }
    this.at = this.start + offset
    this.varint(length)
    this.at += length
  }

  /** Of less than 2^32, or any whole number that fits into 64 bits with its sign. */
  varint(value: number): void {
    if (value < 0 || value >= two32) return this.#varint64(value)
    let rest = value >>> 0
    while (rest > 127) {
      this.bytes[this.at++] = (rest & 127) | 128
      rest >>>= 7
    }
    this.bytes[this.at++] = rest
  }

  #varint64(value: number): void {
    let rest = BigInt.asUintN(64, BigInt(value))
    while (rest > 127n) {
      this.bytes[this.at++] = Number(rest & 127n) | 128
      rest >>= 7n
    }
    this.bytes[this.at++] = Number(rest)
  }

  fixed32(value: number): void {
    const { bytes, at } = this
    bytes[at] = value & 255
    bytes[at + 1] = (value >>> 8) & 255
    bytes[at + 2] = (value >>> 16) & 255
    bytes[at + 3] = value >>> 24
    this.at = at + 4
  }

  /** Nanoseconds since 1970. In two halves of 32 bits, as their product has more digits than a number holds exactly. */
  time(seconds: number, nanos: number): void {
    const low = (seconds % 65536) * 1e9 + nanos
    const high = Math.floor(seconds / 65536) * 1e9 // times 2^16
    const sum = (high % 65536) * 65536 + (low % two32)
    this.fixed32(sum >>> 0)
    this.fixed32(Math.floor(high / 65536) + Math.floor(low / two32) + (sum >= two32 ? 1 : 0))
  }

  double(value: number): void {
    this.at = this.bytes.writeDoubleLE(value, this.at)
  }

  /** Length and bytes of an id that is written in hexadecimal. */
  hex(id: string): void {
    const length = id.length >> 1
    this.varint(length)
    const { bytes } = this
    let { at } = this
    for (let index = 0; index < 2 * length; index += 2) {
      bytes[at++] = (digits[id.charCodeAt(index) & 127]! << 4) | digits[id.charCodeAt(index + 1) & 127]!
    }
    this.at = at
  }

  /** Length and bytes of a text in UTF-8; lone surrogates become U+FFFD. Makes its own room. */
  text(value: string): void {
    const { length } = value
    if (length > shortText) return this.#long(value)
    this.reserve(1 + 3 * length)
    const { bytes } = this
    let at = this.at + 1
    for (let index = 0; index < length; index++) {
      const code = value.charCodeAt(index)
      if (code > 127) return this.#long(value)
      bytes[at++] = code
    }
    bytes[this.at] = length
    this.at = at
  }

  #long(value: string): void {
    const most = value.length > roughlyReserved ? Buffer.byteLength(value) : 3 * value.length
    this.reserve(5 + most)
    const guess = varintBytes(value.length)
    const written = this.bytes.write(value, this.at + guess)
    const needed = varintBytes(written)
    if (needed !== guess) {
      this.bytes.copyWithin(this.at + needed, this.at + guess, this.at + guess + written)
    }
    this.varint(written)
    this.at += written
  }

  /** Length and bytes. Makes its own room. */
  blob(value: Uint8Array): void {
    this.reserve(5 + value.byteLength)
    this.varint(value.byteLength)
    this.bytes.set(value, this.at)
    this.at += value.byteLength
  }
}

export function varintBytes(value: number): number {
  return value < 128 ? 1 : value < 16_384 ? 2 : value < 2_097_152 ? 3 : value < 268_435_456 ? 4 : 5
}

// By character code: what a hexadecimal digit stands for, and 0 for what is none.
const digits = new Uint8Array(128)
for (const [value, digit] of "0123456789abcdef".split("").entries()) {
  digits[digit.charCodeAt(0)] = value
  digits[digit.toUpperCase().charCodeAt(0)] = value
}
