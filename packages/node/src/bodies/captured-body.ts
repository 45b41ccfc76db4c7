// The beginning of one body, copied as its chunks pass by: never more than the cap, and never a chunk itself, which the app
// may use again.

const none = new Uint8Array()

export class CapturedBody {
  readonly charset: string
  readonly contentEncoding: string | undefined
  readonly #cap: number
  #bytes: Uint8Array = none
  #length = 0
  #isWhole = true

  constructor(charset: string, contentEncoding: string | undefined, cap: number) {
    this.charset = charset
    this.contentEncoding = contentEncoding
    this.#cap = cap
  }

  /** As write() takes them. */
  add(chunk: unknown, encoding?: unknown): void {
    if (typeof chunk === "string") this.#addText(chunk, encoding)
    else if (chunk instanceof Uint8Array) this.#addBytes(chunk)
  }

  #addText(text: string, given: unknown): void {
    const encoding =
      typeof given === "string" && Buffer.isEncoding(given) ? (given.toLowerCase() as BufferEncoding) : "utf8"
    // Two characters make a byte in hex, fewer in any other encoding: so many fill what is left. But base64 may hold
    // anything in between.
    const most = (this.#cap - this.#length) * 2 + 2
    if (text.length <= most || (encoding.startsWith("base64") && this.#length < this.#cap))
      return this.#addBytes(Buffer.from(text, encoding))
    this.#addBytes(Buffer.from(text.slice(0, most), encoding))
    this.#isWhole = false
  }

  #addBytes(bytes: Uint8Array): void {
    const room = this.#cap - this.#length
    if (bytes.length > room) this.#isWhole = false
    const taken = Math.min(bytes.length, room)
    if (taken === 0) return
    const length = this.#length + taken
    if (length > this.#bytes.length) this.#grow(length)
    this.#bytes.set(taken === bytes.length ? bytes : bytes.subarray(0, taken), this.#length)
    this.#length = length
  }

  #grow(length: number): void {
    // Most bodies are one chunk; one that comes in many is not copied for each.
    const wanted = this.#length === 0 ? length : Math.max(length, this.#length * 2)
    const larger = new Uint8Array(Math.min(this.#cap, wanted))
    larger.set(this.#bytes.subarray(0, this.#length))
    this.#bytes = larger
  }

  get isWhole(): boolean {
    return this.#isWhole
  }

  get bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#length)
  }
}
