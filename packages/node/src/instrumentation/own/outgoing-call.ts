// A request that this process makes, from its head to the end of the answer: its span, and the context that its
// listeners run in, which is that of who made it.
import type { Attributes, Context, Span } from "@opentelemetry/api"
import type { Socket } from "node:net"
import type { SpanBodies } from "../../bodies/span-bodies.ts"
import type { CaptureHeaders, Headers } from "../captured-headers.ts"
import type { Followed } from "./followed.ts"
import type { Measure } from "./http-measures.ts"
import { errorType } from "./http-names.ts"

const error = 2 // SpanStatusCode.ERROR

export interface Measured {
  readonly record: Measure
  readonly attributes: Attributes
}

export class OutgoingCall implements Followed {
  readonly context: Context
  bodies: SpanBodies | undefined = undefined
  readonly #span: Span
  readonly #measured: Measured | undefined
  readonly #capture: CaptureHeaders | undefined
  readonly #started: number
  #ended = false

  constructor(
    context: Context,
    span: Span,
    measured: Measured | undefined,
    capture: CaptureHeaders | undefined,
  ) {
    this.#capture = capture
    this.context = context
    this.#span = span
    this.#measured = measured
    this.#started = measured === undefined ? 0 : performance.now()
  }

  answered(
    statusCode = 0,
    socket: Pick<Socket, "remoteAddress" | "remotePort"> | undefined,
    version: string,
    headers: Headers,
  ): void {
    const span = this.#span
    span.setAttribute("http.response.status_code", statusCode)
    const captured = this.#capture?.(headers)
    if (captured !== undefined) span.setAttributes(captured)
    this.#note("http.response.status_code", statusCode)
    this.#note("network.protocol.version", version)
    const { remoteAddress, remotePort } = socket ?? {}
    if (remoteAddress !== undefined) span.setAttribute("network.peer.address", remoteAddress)
    if (remotePort !== undefined) span.setAttribute("network.peer.port", remotePort)
    if (statusCode < 400) return
    span.setAttribute("error.type", String(statusCode))
    span.setStatus({ code: error })
    this.#note("error.type", String(statusCode))
  }

  #note(name: string, value: string | number): void {
    if (this.#measured !== undefined) this.#measured.attributes[name] = value
  }

  failed(thrown: unknown): void {
    if (this.#ended) return
    const span = this.#span
    span.setAttribute("error.type", errorType(thrown))
    this.#note("error.type", errorType(thrown))
    span.setStatus({ code: error, message: thrown instanceof Error ? thrown.message : String(thrown) })
    if (thrown instanceof Error) span.recordException(thrown)
    this.end()
  }

  end(): void {
    if (this.#ended) return
    this.#ended = true
    this.bodies?.end(this.#span)
    this.#span.end()
    this.#measured?.record(this.#started, this.#measured.attributes)
  }
}
