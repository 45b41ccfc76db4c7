// The bodies that pass by on one span, in both directions: what they begin with, and in the end the attributes that the UI
// reads. Chunks are looked at, never held back or changed; secrets in the text are hidden where those of all attributes are.
import type { Span } from "@opentelemetry/api"
import type { CaptureConfig } from "../privacy-config.ts"
import { type CharsetOf, createCharsetOf } from "./body-types.ts"
import { CapturedBody } from "./captured-body.ts"
import { decodeBody } from "./decode-body.ts"

/** What a body's head says of it. */
export interface BodyHead {
  readonly type: string | undefined
  readonly encoding: string | undefined
}

export interface BodyCapture {
  /** Undefined for a span that is not recorded. */
  readonly serving: (span: Span) => SpanBodies | undefined
  readonly asking: (span: Span) => SpanBodies | undefined
}

type Limits = Pick<CaptureConfig, "bodyBytes"> & { readonly charsetOf: CharsetOf }
/** Undefined before its first chunk, null when it is not captured. */
type Slot = CapturedBody | null | undefined

export function createBodyCapture({
  bodies,
  bodyBytes,
  bodyTypes,
}: Pick<CaptureConfig, "bodies" | "bodyBytes" | "bodyTypes">): BodyCapture {
  const limits: Limits = { bodyBytes, charsetOf: createCharsetOf(bodyTypes) }
  const request = bodies === "response" ? null : undefined
  const response = bodies === "request" ? null : undefined
  return {
    serving: (span) => (span.isRecording() ? new SpanBodies(limits, response, request, true) : undefined),
    asking: (span) => (span.isRecording() ? new SpanBodies(limits, request, response, false) : undefined),
  }
}

export class SpanBodies {
  readonly #limits: Limits
  readonly #isServing: boolean
  #sent: Slot
  #received: Slot

  constructor(limits: Limits, sent: Slot, received: Slot, isServing: boolean) {
    this.#limits = limits
    this.#sent = sent
    this.#received = received
    this.#isServing = isServing
  }

  /** @param head Asked once, with the first chunk. */
  addSent(message: object, head: (message: never) => BodyHead, chunk: unknown, encoding?: unknown): void {
    if (this.#sent === undefined) this.#sent = this.#begin(message, head)
    this.#sent?.add(chunk, encoding)
  }

  addReceived(message: object, head: (message: never) => BodyHead, chunk: unknown, encoding?: unknown): void {
    if (this.#received === undefined) this.#received = this.#begin(message, head)
    this.#received?.add(chunk, encoding)
  }

  #begin(message: object, head: (message: never) => BodyHead): Slot {
    const { type, encoding } = head(message as never)
    const charset = this.#limits.charsetOf(type)
    return charset === undefined ? null : new CapturedBody(charset, encoding, this.#limits.bodyBytes)
  }

  /** Before the span ends; what comes later is not kept. */
  end(span: Span): void {
    const [request, response] = this.#isServing ? [this.#received, this.#sent] : [this.#sent, this.#received]
    this.#sent = this.#received = null
    this.#tell(span, "http.request.body", request)
    this.#tell(span, "http.response.body", response)
  }

  #tell(span: Span, name: string, body: Slot): void {
    if (body === undefined || body === null || body.bytes.length === 0) return
    const { bytes, isWhole, charset, contentEncoding } = body
    const text = decodeBody(bytes, isWhole, charset, contentEncoding, this.#limits.bodyBytes)
    if (text !== undefined && text !== "") span.setAttribute(name, text)
  }
}
