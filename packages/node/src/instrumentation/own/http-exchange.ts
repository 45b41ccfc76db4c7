// A request that this process answers: its span from the request's head to the end of the response, and what the
// framework tells about it on the way. One object per request, found by the request and the response.
import type { Attributes, Context, Span } from "@opentelemetry/api"
import type { SpanBodies } from "../../bodies/span-bodies.ts"
import { captureError } from "../../context/capture-error.ts"
import { setSampled } from "../../context/sampled.ts"
import { heldTraceOf } from "../../sampling/held-trace.ts"
import { endsSpan } from "../../context/local-trace.ts"
import { type Followed, followedKey, type Marked } from "./followed.ts"
import { isKnownMethod } from "./http-names.ts"
import type { Measure } from "./http-measures.ts"

const error = 2 // SpanStatusCode.ERROR

export interface ExchangeEnd {
  /** A route that is not to be traced. */
  readonly isIgnored: (route: string) => boolean
  readonly measure: Measure | undefined
  /** The response's headers that are captured. */
  readonly headers: ((response: Answered) => Attributes | undefined) | undefined
}

/** Of a request, what both versions of HTTP have. */
export interface Asked {
  readonly method?: string | undefined
  readonly httpVersion: string
}

export interface Answered {
  readonly headersSent: boolean
  readonly statusCode: number
  readonly writableFinished: boolean
}

export class HttpExchange implements Followed {
  readonly context: Context
  readonly span: Span
  readonly request: Asked
  readonly response: Answered
  readonly scheme: string
  /** Whose `close` is the end. */
  readonly closes: object
  readonly #started: number
  /** The pattern that the framework matched, such as "/orders/:id". */
  route: string | undefined = undefined
  /** For frameworks that are best asked when all is done. */
  beforeEnd: (() => void) | undefined = undefined
  bodies: SpanBodies | undefined = undefined
  /** Where the routers are mounted that the request is in. */
  mount = ""
  #ended = false
  readonly #end: ExchangeEnd

  constructor(
    end: ExchangeEnd,
    context: Context,
    span: Span,
    request: Asked,
    response: Answered,
    scheme: string,
    closes: object = response,
  ) {
    this.#end = end
    ;(span as { [endsSpan]?: HttpExchange })[endsSpan] = this
    this.context = context
    this.span = span
    this.request = request
    this.response = response
    this.scheme = scheme
    this.closes = closes
    this.#started = end.measure === undefined ? 0 : performance.now()
  }

  setRoute(route: string | undefined): void {
    this.route = route
    if (route === undefined) return
    // Now, so that what the handler does is left out too, or sampled as the rule for the route says.
    if (this.#end.isIgnored(route)) leaveOut(this.span)
    else heldTraceOf(this.span)?.routed(route)
  }

  /** What a handler threw or passed on; an answer such as 404 that was thrown is none. */
  recordError(thrown: unknown): void {
    if (thrown !== undefined && thrown !== null) captureError(thrown, this.span)
  }

  emitted(emitter: object, event: string | symbol): void {
    if (event === "close" && emitter === this.closes) this.end()
  }

  /** The process dies before there is an answer. */
  fail(type: string): void {
    this.end(type)
  }

  end(failed = "aborted"): void {
    if (this.#ended) return
    this.#ended = true
    const { span, request, response } = this
    const { measure, headers } = this.#end
    const method = isKnownMethod(request.method!) ? request.method! : "HTTP"
    this.beforeEnd?.()
    const { route } = this
    const status = response.headersSent ? response.statusCode : undefined
    const failure =
      status !== undefined && status >= 500 ? String(status) : response.writableFinished ? undefined : failed
    if (status !== undefined) {
      span.setAttribute("http.response.status_code", status)
      const captured = headers?.(response)
      if (captured !== undefined) span.setAttributes(captured)
    }
    if (route !== undefined) {
      span.setAttribute("http.route", route)
      span.updateName(`${method} ${route}`)
    }
    if (failure !== undefined) {
      span.setAttribute("error.type", failure)
      if (failure !== failed) span.setStatus({ code: error })
    }
    this.bodies?.end(span)
    span.end()
    measure?.(this.#started, {
      "http.request.method": method === "HTTP" ? "_OTHER" : method,
      "url.scheme": this.scheme,
      "network.protocol.version": request.httpVersion,
      ...(status !== undefined && { "http.response.status_code": status }),
      ...(route !== undefined && { "http.route": route }),
      ...(failure !== undefined && { "error.type": failure }),
    })
  }
}

/** The exchange of a request or response; undefined for what is not traced. */
export function exchangeOf(message: object): HttpExchange | undefined {
  const followed = (message as Marked)[followedKey]
  return followed instanceof HttpExchange ? followed : undefined
}

/** Not exported any more, nor what starts under it. */
function leaveOut(span: Span): void {
  setSampled(span.spanContext(), false)
  heldTraceOf(span)?.leaveOut()
}
