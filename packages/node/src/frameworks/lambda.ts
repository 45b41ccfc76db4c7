// For AWS Lambda: `export const handler = wrapHandler(async (event, context) => ...)`. Each invocation is a span, and
// what was recorded is sent before Lambda freezes the process.
import type { Attributes } from "@opentelemetry/api"
import { runIn } from "../context/current.ts"
import { api } from "../opentelemetry.ts"
import { flushWithin } from "./flush-within.ts"
import { captureError } from "../context/capture-error.ts"
import { type Headers, safeQuery } from "./request.ts"

export interface LambdaContext {
  readonly functionName: string
  readonly invokedFunctionArn?: string
  readonly awsRequestId?: string
  getRemainingTimeInMillis?(): number
}

type Callback = (error?: unknown, result?: unknown) => void
// oxlint-disable-next-line no-explicit-any -- handlers name the types of AWS for context and callback
type Handler<E, R> = (event: E, context: any, callback: any) => R | Promise<R>

export interface LambdaOptions {
  /** How long sending may delay the answer at most, in ms; never longer than the function may still run. */
  readonly flushTimeout?: number
}

const server = 1 // SpanKind.SERVER
const consumer = 4 // SpanKind.CONSUMER
const error = 2 // SpanStatusCode.ERROR
const reserve = 100 // milliseconds that are left for the answer itself

let isColdStart = true

export function wrapHandler<E, R>(
  handler: Handler<E, R>,
  { flushTimeout = 2000 }: LambdaOptions = {},
): (event: E, context: LambdaContext) => Promise<R> {
  return async (event, context) => {
    const { propagation, trace, ROOT_CONTEXT, defaultTextMapGetter } = api()
    const { name, kind, attributes, headers } = describe(event, context)
    const incoming = propagation.extract(ROOT_CONTEXT, headers, defaultTextMapGetter)
    const span = trace.getTracer("@clickstack/node").startSpan(name, { kind, attributes }, incoming)
    try {
      const result = await runIn(trace.setSpan(incoming, span), () => call(handler, event, context))
      const status = (result as { statusCode?: unknown } | undefined)?.statusCode
      if (typeof status === "number" && kind === server)
        span.setAttribute("http.response.status_code", status)
      return result
    } catch (thrown) {
      captureError(thrown, span)
      span.setStatus({ code: error })
      throw thrown
    } finally {
      span.end()
      const left = (context.getRemainingTimeInMillis?.() ?? Infinity) - reserve
      await flushWithin(Math.min(flushTimeout, left))
    }
  }
}

/** Also for handlers of the old kind, which call back. */
function call<E, R>(handler: Handler<E, R>, event: E, context: LambdaContext): R | Promise<R> {
  if (handler.length < 3) return handler(event, context, undefined)
  return new Promise((resolve, reject) => {
    const callback: Callback = (failure, result) =>
      // oxlint-disable-next-line prefer-promise-reject-errors -- the app's own, untouched
      failure === undefined || failure === null ? resolve(result as R) : reject(failure)
    const result = handler(event, context, callback)
    if (result instanceof Promise) result.then(resolve, reject)
  })
}

interface HttpEvent {
  readonly headers?: Record<string, string | undefined> | null
  readonly cookies?: readonly string[]
  readonly httpMethod?: string
  readonly path?: string
  readonly resource?: string
  readonly routeKey?: string
  readonly rawPath?: string
  readonly rawQueryString?: string
  readonly requestContext?: { readonly http?: { readonly method?: string; readonly path?: string } }
  readonly Records?: readonly { readonly eventSource?: string }[]
}

function describe(
  given: unknown,
  context: LambdaContext,
): { name: string; kind: number; attributes: Attributes; headers: Headers } {
  const event = (typeof given === "object" && given !== null ? given : {}) as HttpEvent
  const attributes: Attributes = { "faas.name": context.functionName, "faas.coldstart": isColdStart }
  isColdStart = false
  if (context.awsRequestId !== undefined) attributes["faas.invocation_id"] = context.awsRequestId
  if (context.invokedFunctionArn !== undefined) attributes["cloud.resource_id"] = context.invokedFunctionArn

  const method = event.httpMethod ?? event.requestContext?.http?.method
  if (method !== undefined) {
    const headers: Record<string, string | undefined> = {}
    for (const [name, value] of Object.entries(event.headers ?? {})) headers[name.toLowerCase()] = value
    if (event.cookies !== undefined) headers["cookie"] ??= event.cookies.join("; ")
    // API Gateway writes a route as `GET /orders/{id}`, or `$default` where the app routes by itself.
    const route = event.resource ?? event.routeKey?.split(" ")[1]
    attributes["faas.trigger"] = "http"
    attributes["http.request.method"] = method
    attributes["url.path"] = event.rawPath ?? event.path ?? "/"
    attributes["url.scheme"] = headers["x-forwarded-proto"] ?? "https"
    if (headers["host"] !== undefined) attributes["server.address"] = headers["host"]
    if (event.rawQueryString) attributes["url.query"] = safeQuery(event.rawQueryString)
    if (route !== undefined) attributes["http.route"] = route
    return { name: route === undefined ? method : `${method} ${route}`, kind: server, attributes, headers }
  }
  const source = event.Records?.[0]?.eventSource
  if (source !== undefined) attributes["faas.trigger"] = source === "aws:s3" ? "datasource" : "pubsub"
  return {
    name: context.functionName,
    kind: source === undefined ? server : consumer,
    attributes,
    headers: {},
  }
}
