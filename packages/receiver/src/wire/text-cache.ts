// Short strings repeat from span to span: attribute keys, methods, hosts. This cache finds the string for bytes
// that it has seen without making a new one. A slot holds one string and a newcomer takes its place, so the
// cache never grows, and a sender with ever new keys costs nothing but misses.
import type { Buffer } from "node:buffer"

/** Longer strings rarely repeat, and hashing them costs more than decoding them. */
const MAX_LENGTH = 48

const QUOTE = 0x22

export class TextCache {
  readonly #slots: string[]
  readonly #mask: number
  readonly #prepare: (text: string) => string
  /**
   * For each slot the two that were asked for after it: messages of one sender name the same things in one order, but
   * some fields are there only now and then.
   */
  readonly #followers: Int32Array
  #last = 0

  /** `size` is a power of two. */
  constructor(size: number, prepare: (text: string) => string = (text) => text) {
    this.#slots = Array.from({ length: size }, () => "")
    this.#mask = size - 1
    this.#prepare = prepare
    this.#followers = new Int32Array(2 * size)
  }

  /** The string whose UTF-8 bytes lie between `start` and `end`. */
  text(bytes: Buffer, start: number, end: number): string {
    if (end - start > MAX_LENGTH) return bytes.toString("utf8", start, end)
    let hash = 0
    for (let i = start; i < end; i++) hash = (Math.imul(hash, 31) + bytes[i]!) | 0
    return this.#found(bytes, start, end, this.#slotOf(hash))
  }

  /** The same, for texts of which the one before tells what to expect: then nothing needs to be hashed. */
  nextText(bytes: Buffer, start: number, end: number): string {
    const length = end - start
    const followers = 2 * this.#last
    for (let i = followers; i < followers + 2; i++) {
      const expected = this.#followers[i]!
      const guess = this.#slots[expected]!
      if (guess.length === length && equals(guess, bytes, start)) {
        this.#last = expected
        return guess
      }
    }
    if (length > MAX_LENGTH) return bytes.toString("utf8", start, end)
    let hash = 0
    for (let i = start; i < end; i++) hash = (Math.imul(hash, 31) + bytes[i]!) | 0
    const slot = this.#slotOf(hash)
    this.#followers[followers + 1] = this.#followers[followers]!
    this.#followers[followers] = slot
    this.#last = slot
    return this.#found(bytes, start, end, slot)
  }

  /** The text that is expected next, if the bytes from `start` are it and then a quote; else nothing. */
  nextQuoted(bytes: Buffer, start: number): string {
    const followers = 2 * this.#last
    for (let i = followers; i < followers + 2; i++) {
      const expected = this.#followers[i]!
      const guess = this.#slots[expected]!
      if (equals(guess, bytes, start) && bytes[start + guess.length] === QUOTE) {
        this.#last = expected
        return guess
      }
    }
    return ""
  }

  #slotOf(hash: number): number {
    return (hash ^ (hash >>> 15)) & this.#mask
  }

  #found(bytes: Buffer, start: number, end: number, slot: number): string {
    const length = end - start
    const cached = this.#slots[slot]!
    if (cached.length === length && equals(cached, bytes, start)) return cached
    const text = bytes.toString("utf8", start, end)
    // Only what has a character per byte, which is ASCII, can be found again by comparing with bytes.
    if (text.length !== length) return text
    return (this.#slots[slot] = this.#prepare(text))
  }
}

function equals(text: string, bytes: Buffer, start: number): boolean {
  for (let i = 0; i < text.length; i++) {
    if (text.charCodeAt(i) !== bytes[start + i]) return false
  }
  return true
}

/** V8 looks a property up by an internalized string; a key that is one already saves that search per span. */
export const internalized = (text: string): string => Object.keys({ [text]: 0 })[0]!
