// A buffer that grows: where the encoder writes. It is reused from one insert to the next, so the steady state
// allocates nothing.

const initialSize = 64 * 1024

// Writing a short string by hand beats the call into Buffer.write, which costs about 60 ns on Node 20;
// from here on the call is faster.
const shortString = 40

export class Bytes {
  buffer: Buffer = Buffer.allocUnsafeSlow(initialSize)
  length = 0
  /** Needing more than this throws. */
  limit: number = Infinity

  clear(): void {
    this.length = 0
  }

  /** What was written, without a copy: valid until the next write after `clear`. */
  written(): Buffer {
    return this.buffer.subarray(0, this.length)
  }

  /** Makes room for `size` more bytes and returns where they begin. `buffer` may be another one afterwards. */
  reserve(size: number): number {
    const needed = this.length + size
    if (needed > this.buffer.length) this.#grow(needed)
    return this.length
  }

  uint8(value: number): void {
    const at = this.reserve(1)
    this.buffer[at] = value
    this.length = at + 1
  }

  uint32(value: number): void {
    const at = this.reserve(4)
    this.buffer.writeUInt32LE(value, at)
    this.length = at + 4
  }

  int32(value: number): void {
    const at = this.reserve(4)
    this.buffer.writeInt32LE(value, at)
    this.length = at + 4
  }

  float64(value: number): void {
    const at = this.reserve(8)
    this.buffer.writeDoubleLE(value, at)
    this.length = at + 8
  }

  /** Least significant seven bits first; the high bit says that more follow. 300 is AC 02. */
  varint(value: number): void {
    let at = this.reserve(8)
    let rest = value
    while (rest >= 0x80) {
      this.buffer[at++] = (rest % 0x80) | 0x80
      rest = Math.floor(rest / 0x80)
    }
    this.buffer[at++] = rest
    this.length = at
  }

  /** A string as ClickHouse writes it: its length in bytes as a varint, then UTF-8. "é" is 02 C3 A9. */
  string(text: string): void {
    const size = text.length
    const start = this.reserve(size * 3 + 5)
    if (size >= shortString) return this.#longString(text, start)
    const { buffer } = this
    let at = start
    buffer[at++] = size
    for (let index = 0; index < size; index++) {
      const code = text.charCodeAt(index)
      if (code > 0x7f) return this.#longString(text, start)
      buffer[at++] = code
    }
    this.length = at
  }

  /** Appends the last `size` bytes `times` more. */
  repeatLast(size: number, times: number): void {
    const start = this.reserve(size * times)
    let done = 0
    const total = size * times
    // Each copy doubles what can be copied next.
    while (done < total) {
      const piece = Math.min(size + done, total - done)
      this.buffer.copyWithin(start + done, start - size, start - size + piece)
      done += piece
    }
    this.length = start + total
  }

  append(bytes: Uint8Array): void {
    const at = this.reserve(bytes.length)
    this.buffer.set(bytes, at)
    this.length = at + bytes.length
  }

  // A lone surrogate becomes U+FFFD here: ClickHouse stores any bytes, but JSON made of them would not parse.
  #longString(text: string, start: number): void {
    const guess = varintSize(text.length)
    const size = this.buffer.write(text, start + guess)
    const actual = varintSize(size)
    if (actual !== guess) this.buffer.copyWithin(start + actual, start + guess, start + guess + size)
    this.varint(size)
    this.length = start + actual + size
  }

  #grow(needed: number): void {
    if (needed > this.limit) throw new RangeError(`needs ${needed} bytes, more than ${this.limit}`)
    const larger = Buffer.allocUnsafeSlow(Math.max(needed, this.buffer.length * 2))
    this.buffer.copy(larger, 0, 0, this.length)
    this.buffer = larger
  }
}

function varintSize(value: number): number {
  let size = 1
  for (let rest = value; rest >= 0x80; rest = Math.floor(rest / 0x80)) size++
  return size
}
