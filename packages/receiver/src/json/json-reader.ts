// Reads JSON straight from its bytes, value by value, as the reader of a message asks for them: the keys and the many
// small objects of OTLP/JSON are never made, integers of 64 bits are never rounded, and it is faster than JSON.parse
// (test/bench/receiver). It takes what JSON.parse takes, except for unknown fields nested deeper than 1,000 levels.
//
// A message is read by a loop of its own (see traces.ts):
//   if (reader.openObject()) do { switch (reader.key()) { ... default: reader.skip() } } while (reader.moreFields())
//
// A field that is null counts as left out, and `skip` ignores unknown ones, as protobuf's JSON mapping wants it.
import type { Buffer } from "node:buffer"
import { internalized, TextCache } from "../wire/text-cache.ts"

// As in protobuf-reader.ts, but apart from those: here no cached text has a quote or a backslash in it.
const keys = new TextCache(4096, internalized)
const values = new TextCache(4096)

const QUOTE = 0x22
const COMMA = 0x2c
const MINUS = 0x2d
const ZERO = 0x30
const NINE = 0x39
const COLON = 0x3a
const OPEN_LIST = 0x5b
const BACKSLASH = 0x5c
const CLOSE_LIST = 0x5d
const LETTER_N = 0x6e
const OPEN_OBJECT = 0x7b
const CLOSE_OBJECT = 0x7d

/** The bytes that stand for themselves in a string. */
const isPlain = Uint8Array.from({ length: 256 }, (_, byte) =>
  Number(byte >= 0x20 && byte !== QUOTE && byte !== BACKSLASH),
)

const MAX_UNKNOWN_DEPTH = 1_000

const powersOfTen = Array.from({ length: 16 }, (_, exponent) => 10 ** exponent)

/** So many digits always make an exact number. */
const SAFE_DIGITS = 15

/** What is wrong with the value that begins at `position`; json-path.ts says which one that is. */
export class JsonFault extends Error {
  readonly position: number
  /** Whether it is JSON at all. */
  readonly isSyntax: boolean

  constructor(position: number, what: string, isSyntax = false) {
    super(what)
    this.position = position
    this.isSyntax = isSyntax
  }
}

export class JsonReader {
  readonly bytes: Buffer
  position = 0

  constructor(bytes: Buffer) {
    this.bytes = bytes
  }

  /** Moves to the next byte that is no white space, and returns it. */
  peek(): number | undefined {
    const { bytes } = this
    let byte = bytes[this.position]
    while (byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09) byte = bytes[++this.position]
    return byte
  }

  /** Passes over exactly these bytes, if they are next. */
  ahead(expected: Buffer): boolean {
    const { bytes, position } = this
    for (let i = 0; i < expected.length; i++) {
      if (bytes[position + i] !== expected[i]) return false
    }
    this.position = position + expected.length
    return true
  }

  /** Passes over a null: whether the field was left out. */
  absent(): boolean {
    if (this.peek() !== LETTER_N) return false
    this.#literal("null")
    return true
  }

  /** Enters an object; false for one without fields, which is passed over. */
  openObject(): boolean {
    if (this.peek() !== OPEN_OBJECT) throw this.expected("an object")
    this.position++
    if (this.peek() !== CLOSE_OBJECT) return true
    this.position++
    return false
  }

  /** After a field's value: moves on to the next field, or out of the object. */
  moreFields(): boolean {
    return this.#more(CLOSE_OBJECT, "}")
  }

  openList(): boolean {
    if (this.peek() !== OPEN_LIST) throw this.expected("an array")
    this.position++
    if (this.peek() !== CLOSE_LIST) return true
    this.position++
    return false
  }

  moreItems(): boolean {
    return this.#more(CLOSE_LIST, "]")
  }

  #more(close: number, name: string): boolean {
    const byte = this.peek()
    if (byte !== COMMA && byte !== close) throw this.#syntax(`expected , or ${name}`)
    this.position++
    return byte === COMMA
  }

  /** A field's name, and the colon behind it. */
  key(): string {
    if (this.peek() !== QUOTE) throw this.#syntax("expected a field's name")
    const key = this.#name()
    if (this.peek() !== COLON) throw this.#syntax("expected :")
    this.position++
    return key
  }

  /** Text that may be anything. */
  text(): string {
    if (this.peek() !== QUOTE) throw this.expected("a string")
    return this.#string()
  }

  /** Text from a small vocabulary: attribute keys and names. */
  name(): string {
    if (this.peek() !== QUOTE) throw this.expected("a string")
    return this.#name()
  }

  #name(): string {
    const { bytes } = this
    const start = this.position + 1
    const expected = keys.nextQuoted(bytes, start)
    if (expected !== "") {
      this.position = start + expected.length + 1
      return expected
    }
    const end = this.#endOfPlainString()
    return end < 0 ? this.#escapedString(start) : keys.nextText(bytes, start, end)
  }

  #string(): string {
    const start = this.position + 1
    const end = this.#endOfPlainString()
    return end < 0 ? this.#escapedString(start) : values.text(this.bytes, start, end)
  }

  /** Passes over a string without escapes, and returns where its text ends; -1 for one with escapes. */
  #endOfPlainString(): number {
    const { bytes } = this
    let i = this.position + 1
    while (isPlain[bytes[i]!] === 1) i++
    if (bytes[i] === BACKSLASH) return -1
    if (bytes[i] !== QUOTE) throw this.#syntax("a string without an end", i)
    this.position = i + 1
    return i
  }

  /** Strings with escapes are rare enough to be left to JSON.parse. */
  #escapedString(start: number): string {
    const { bytes } = this
    let end = start
    while (bytes[end] !== QUOTE) {
      if (end >= bytes.length) throw this.#syntax("a string without an end")
      end += bytes[end] === BACKSLASH ? 2 : 1
    }
    try {
      const text = JSON.parse(bytes.toString("utf8", start - 1, end + 1)) as string
      this.position = end + 1
      return text
    } catch {
      throw this.#syntax("a string that is not one of JSON", start - 1)
    }
  }

  bool(): boolean {
    const byte = this.peek()
    if (byte === 0x74) this.#literal("true")
    else if (byte === 0x66) this.#literal("false")
    else throw this.expected("true or false")
    return byte === 0x74
  }

  #literal(word: string): void {
    const end = this.position + word.length
    if (this.bytes.toString("latin1", this.position, end) !== word) throw this.#syntax("not a word of JSON")
    this.position = end
  }

  /** A number as JSON spells it; `what` says what else was expected when it is none. */
  number(what = "a number"): number {
    const { bytes } = this
    const start = this.position
    const negative = bytes[start] === MINUS
    let i = negative ? start + 1 : start
    const digits = i
    let value = 0
    let byte = bytes[i]
    while (byte !== undefined && byte >= ZERO && byte <= NINE) {
      value = value * 10 + (byte - ZERO)
      byte = bytes[++i]
    }
    if (i === digits) throw negative ? this.#syntax("a minus without a number") : this.expected(what)
    if (bytes[digits] === ZERO && i > digits + 1) throw this.#syntax("a number that begins with 0")
    const isInteger = byte !== 0x2e && byte !== 0x65 && byte !== 0x45
    if (isInteger && i - digits <= SAFE_DIGITS) {
      this.position = i
      return negative ? -value : value
    }
    if (byte === 0x2e) {
      const point = i
      i = this.#digits(point + 1)
      const places = i - point - 1
      if (i - digits - 1 <= SAFE_DIGITS && bytes[i] !== 0x65 && bytes[i] !== 0x45) {
        for (let j = point + 1; j < i; j++) value = value * 10 + (bytes[j]! - ZERO)
        this.position = i
        // Both are exact, so their quotient is the double that is nearest, as it should be.
        return (negative ? -value : value) / powersOfTen[places]!
      }
    }
    if (bytes[i] === 0x65 || bytes[i] === 0x45) {
      const sign = bytes[i + 1]
      i = this.#digits(sign === MINUS || sign === 0x2b ? i + 2 : i + 1)
    }
    this.position = i
    return Number(bytes.toString("latin1", start, i))
  }

  #digits(from: number): number {
    let i = from
    for (
      let byte = this.bytes[i];
      byte !== undefined && byte >= ZERO && byte <= NINE;
      byte = this.bytes[++i]
    );
    if (i === from) throw this.#syntax("a number without an end", i)
    return i
  }

  /** Passes over a value that nobody here knows, which has to be JSON all the same. */
  skip(depth = 0): void {
    if (depth > MAX_UNKNOWN_DEPTH) {
      throw new JsonFault(this.position, `nested deeper than ${MAX_UNKNOWN_DEPTH} levels`)
    }
    switch (this.peek()) {
      case OPEN_OBJECT:
        if (!this.openObject()) return
        do {
          this.key()
          this.skip(depth + 1)
        } while (this.moreFields())
        return
      case OPEN_LIST:
        if (!this.openList()) return
        do this.skip(depth + 1)
        while (this.moreItems())
        return
      case QUOTE:
        this.#string()
        return
      case LETTER_N:
        return this.#literal("null")
      case 0x74:
        return this.#literal("true")
      case 0x66:
        return this.#literal("false")
      case undefined:
        throw this.#syntax("the text ends too early")
      default:
        if (!/[-\d]/.test(String.fromCharCode(this.bytes[this.position]!))) throw this.#syntax("not a value")
        this.number()
    }
  }

  /** After the last value: nothing but white space may follow. */
  end(): void {
    if (this.peek() !== undefined) throw this.#syntax("more text after the value")
  }

  /** The fault of a value that is JSON but not what its field takes; one that is no JSON says that instead. */
  expected(what: string, start: number = this.position): JsonFault {
    this.position = start
    this.skip()
    const shown = this.bytes.toString("utf8", start, Math.min(this.position, start + 60))
    return new JsonFault(start, `expected ${what}, got ${shown}${this.position > start + 60 ? "..." : ""}`)
  }

  #syntax(what: string, position = this.position): JsonFault {
    return new JsonFault(position, what, true)
  }
}
