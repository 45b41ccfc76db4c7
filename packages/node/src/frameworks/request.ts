// What the middleware of every framework does with a request: find its server span, or make one where nothing else has
// (a server of a bundle, or one that was loaded before the SDK), give it the session, its route, and its errors.
import type { Context, Span } from "@opentelemetry/api"
import { createRequire } from "../builtins.ts"
import { serverSpan } from "../context/capture-error.ts"
import { activeContext, runIn } from "../context/current.ts"
import { setSession } from "../context/session.ts"
import { api } from "../opentelemetry.ts"

/** Names in lower case, as node:http has them. */
export type Headers = Readonly<Record<string, string | string[] | undefined>>

export interface Described {
  readonly method: string | undefined
  /** With its query. */
  readonly url: string | undefined
  readonly headers: Headers
}

export interface OpenRequest {
  /** In which the handler runs. */
  readonly context: Context | undefined
  readonly span: Span | undefined
  /** Names the span and, if it was made here, ends it. Only the first call counts. */
  readonly end: (route: string | undefined, status: number | undefined) => void
}

const server = 1 // SpanKind.SERVER
const require = createRequire(import.meta.url)
const httpNames = (): typeof import("../instrumentation/own/http-names.ts") =>
  require("../instrumentation/own/http-names.js")

/** A query without the signatures of signed URLs. */
export const safeQuery = (query: string): string => httpNames().withoutSignatures(`?${query}`).slice(1)

export function openRequest(described: Described): OpenRequest {
  const active = activeContext()
  const existing = active === undefined ? undefined : serverSpan(active)
  const { method = "GET", url = "/" } = described
  let ended = false
  const finish = (span: Span, own: boolean) => (route: string | undefined, status: number | undefined) => {
    if (ended) return
    ended = true
    nameRoute(span, method, route)
    if (!own) return
    if (status !== undefined) span.setAttribute("http.response.status_code", status)
    span.end()
  }
  if (active === undefined) return { context: undefined, span: undefined, end: () => undefined }
  if (existing !== undefined) return { context: active, span: existing, end: finish(existing, false) }

  const { propagation, trace, ROOT_CONTEXT, defaultTextMapGetter } = api()
  const incoming = propagation.extract(ROOT_CONTEXT, described.headers, defaultTextMapGetter)
  const [path = "/", query] = url.split("?", 2)
  const span = trace.getTracer("@clickstack/node").startSpan(
    method,
    {
      kind: server,
      attributes: {
        "http.request.method": method,
        "url.path": path,
        "url.scheme": "http",
        ...(query === undefined ? {} : { "url.query": safeQuery(query) }),
        ...(typeof described.headers["host"] === "string" ? addressOf(described.headers["host"]) : {}),
      },
    },
    incoming,
  )
  return { context: trace.setSpan(incoming, span), span, end: finish(span, true) }
}

export function runInRequest<T>({ context }: OpenRequest, fn: () => T): T {
  return context === undefined ? fn() : runIn(context, fn)
}

/** Method and route, unless something nearer to the framework has named it already. */
export function nameRoute(span: Span, method: string, route: string | undefined): void {
  if (route === undefined || route === "" || !span.isRecording()) return
  const { attributes } = span as { attributes?: Record<string, unknown> }
  if (attributes?.["http.route"] !== undefined) return
  span.setAttribute("http.route", route)
  span.updateName(`${method} ${route}`)
}

export function nameSession<R>(find: ((request: R) => unknown) | undefined, request: R): void {
  if (find === undefined) return
  try {
    const session = find(request)
    if (typeof session === "string") setSession(session)
  } catch {
    // the app's function, which must not fail the request
  }
}

function addressOf(host: string): Record<string, string | number> {
  const [, name = "", port] = /^(\[[^\]]*\]|[^:]*)(?::(\d{1,5}))?$/.exec(host) ?? []
  if (name === "") return {}
  return { "server.address": name, ...(port === undefined ? {} : { "server.port": Number(port) }) }
}
