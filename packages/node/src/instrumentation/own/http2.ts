// node:http2, both sides. A stream is a request: the server's `stream` event begins a span, as does request() of a client's
// session. What gRPC does is left to its own instrumentation.
import type { Context } from "@opentelemetry/api"
import type {
  ClientHttp2Session,
  ClientHttp2Stream,
  Http2Server,
  IncomingHttpHeaders,
  OutgoingHttpHeaders,
  ServerHttp2Stream,
} from "node:http2"
import { createRequire } from "../../builtins.ts"
import { api, core } from "../../opentelemetry.ts"
import type { Headers } from "../captured-headers.ts"
import type { Instrumentation, InstrumentationContext } from "../row.ts"
import { followedKey, followEvents, type Followed, type Marked } from "./followed.ts"
import { HttpExchange } from "./http-exchange.ts"
import { isKnownMethod, parseAuthority, splitTarget, withoutSignatures } from "./http-names.ts"
import { createHttpContext, type HttpContext } from "./http.ts"
import { OutgoingCall } from "./outgoing-call.ts"

const require = createRequire(import.meta.url)

const server = 1 // SpanKind.SERVER
const client = 2 // SpanKind.CLIENT

type Http2 = typeof import("node:http2")
type Emit = (this: object, event: string | symbol, ...args: unknown[]) => boolean
type Create = (...args: unknown[]) => Http2Server

export function instrumentHttp2(given: InstrumentationContext): Instrumentation {
  const context = createHttpContext(given)
  const skipsGrpc = given.config.instrumentation.on.has("grpc")
  const isGrpc = (headers: IncomingHttpHeaders | OutgoingHttpHeaders) =>
    skipsGrpc && String(headers["content-type"] ?? "").startsWith("application/grpc")
  const patched = new WeakSet<object>()
  const once = (value: object, change: (prototype: object) => void) => {
    const prototype = Object.getPrototypeOf(value) as object
    if (!patched.has(prototype)) change(prototype)
    patched.add(prototype)
  }

  function patch(http2: Http2): void {
    for (const name of ["createServer", "createSecureServer"] as const) {
      const create = http2[name] as Create
      const created: Create = (...args) => {
        const made = create(...args)
        once(made, (prototype) => patchServer(prototype, context, isGrpc))
        return made
      }
      Object.assign(http2, { [name]: created })
    }
    const { connect } = http2
    const connected = (...args: unknown[]) => {
      const session = (connect as (...given: unknown[]) => ClientHttp2Session)(...args)
      once(session, (prototype) => patchSession(prototype as ClientHttp2Session, context, isGrpc))
      authorities.set(session, authorityOf(args[0]))
      return session
    }
    Object.assign(http2, { connect: connected })
  }
  return { patches: [{ module: "node:http2", patch }] }
}

function patchServer(
  prototype: object,
  context: HttpContext,
  isGrpc: (headers: IncomingHttpHeaders) => boolean,
): void {
  const contexts = api().context
  const parent = Object.getPrototypeOf(prototype) as { emit: Emit }
  const emit: Emit = function (event, ...args) {
    const go = () => parent.emit.call(this, event, ...args)
    if (event === "stream") {
      const [stream, headers] = args as [ServerHttp2Stream, IncomingHttpHeaders]
      if (!isGrpc(headers)) return contexts.with(enterStream(stream, headers, context), go)
    }
    if (event === "request") {
      // What stands for the stream in the API that looks like node:http's.
      const [request, response] = args as [Marked & { stream?: Marked }, Marked]
      const followed = request.stream?.[followedKey]
      if (followed !== undefined) request[followedKey] = response[followedKey] = followed
    }
    return go()
  }
  Object.defineProperty(prototype, "emit", { value: emit, writable: true, configurable: true })
}

function enterStream(
  stream: ServerHttp2Stream & Marked,
  headers: IncomingHttpHeaders,
  {
    startSpan,
    propagation,
    bodies,
    isIgnoredPath,
    isIgnoredRoute,
    measureServer,
    headers: captured,
  }: HttpContext,
): Context {
  const { ROOT_CONTEXT, trace } = api()
  followStream(stream, bodies)
  const { path, query } = splitTarget(headers[":path"] ?? "/")
  if (isIgnoredPath(path)) {
    const ignored: Followed = { context: core().suppressTracing(ROOT_CONTEXT) }
    stream[followedKey] = ignored
    return ignored.context
  }
  const method = headers[":method"] ?? "GET"
  const known = isKnownMethod(method)
  const scheme = headers[":scheme"] ?? "http"
  const { address, port } = parseAuthority(headers[":authority"] ?? headers.host ?? "")
  const parent = propagation().incoming(headers)
  const span = startSpan(
    known ? method : "HTTP",
    server,
    {
      "http.request.method": known ? method : "_OTHER",
      "url.scheme": scheme,
      "url.path": path,
      "network.protocol.version": "2",
      ...(address !== "" && { "server.address": address }),
      ...(port !== undefined && { "server.port": port }),
      ...(query !== undefined && { "url.query": query }),
      ...(!known && { "http.request.method_original": method }),
      ...(headers["user-agent"] !== undefined && { "user_agent.original": headers["user-agent"] }),
      ...(stream.session?.socket.remoteAddress !== undefined && {
        "network.peer.address": stream.session.socket.remoteAddress,
      }),
      ...captured.ofRequest?.(headers),
    },
    parent,
  )
  const { ofResponse } = captured
  const exchange = new HttpExchange(
    {
      isIgnored: isIgnoredRoute,
      measure: measureServer,
      headers: ofResponse && (() => ofResponse(stream.sentHeaders ?? {})),
    },
    trace.setSpan(parent, span),
    span,
    { method, httpVersion: "2" },
    {
      get headersSent() {
        return stream.headersSent
      },
      get statusCode() {
        return Number(stream.sentHeaders?.[":status"] ?? 200)
      },
      get writableFinished() {
        return !stream.aborted && stream.rstCode === 0
      },
    },
    scheme,
    stream,
  )
  if (bodies !== undefined) {
    exchange.bodies = bodies.serving(span)
    watchingBodies().noteHeaders(stream, headers)
  }
  stream[followedKey] = exchange
  return exchange.context
}

const watchingBodies = (): typeof import("../../bodies/watch-http2.ts") =>
  require("../../bodies/watch-http2.js")

function followStream(stream: object, bodies: HttpContext["bodies"]): void {
  const prototype = Object.getPrototypeOf(stream) as object
  followEvents(prototype)
  if (bodies !== undefined) watchingBodies().watchHttp2Bodies(prototype)
}

const authorities = new WeakMap<object, URL>()

function authorityOf(given: unknown): URL {
  try {
    return new URL(String(given))
  } catch {
    return new URL("https://localhost") // what connect() itself takes for less than a URL
  }
}

type Request = (headers?: OutgoingHttpHeaders | readonly string[], options?: object) => ClientHttp2Stream

function patchSession(
  prototype: ClientHttp2Session,
  { startSpan, propagation, bodies, measureClient, headers: captured }: HttpContext,
  isGrpc: (headers: OutgoingHttpHeaders) => boolean,
): void {
  const { context: contexts, trace } = api()
  const { isTracingSuppressed } = core()
  const request = prototype.request as Request
  const traced = function (this: ClientHttp2Session, ...[given, options]: Parameters<Request>) {
    const parent = contexts.active()
    const headers = asObject(given)
    if (isTracingSuppressed(parent) || isGrpc(headers)) return request.call(this, given, options)
    const { protocol, hostname, port } = authorities.get(this) ?? authorityOf("")
    const method = String(headers[":method"] ?? "GET")
    const scheme = String(headers[":scheme"] ?? protocol.slice(0, -1))
    const address = hostname.replace(/^\[|\]$/g, "")
    const authority = String(headers[":authority"] ?? (port === "" ? hostname : `${hostname}:${port}`))
    const known = isKnownMethod(method)
    const attributes = {
      "http.request.method": known ? method : "_OTHER",
      "server.address": address,
      "server.port": Number(port || (protocol === "https:" ? 443 : 80)),
    }
    const span = startSpan(
      known ? method : "HTTP",
      client,
      {
        ...attributes,
        "network.protocol.version": "2",
        "url.full": `${scheme}://${authority}${withoutSignatures(String(headers[":path"] ?? "/"))}`,
        ...(!known && { "http.request.method_original": method }),
      },
      parent,
    )
    const measured = measureClient && {
      record: measureClient,
      attributes: { ...attributes, "url.scheme": scheme },
    }
    const asked = captured.ofRequest?.(headers)
    if (asked !== undefined) span.setAttributes(asked)
    const call = new Http2Call(parent, span, measured, captured.ofResponse)
    let sent = given ?? {}
    propagation().outgoing(trace.setSpan(parent, span), address, (name, value) => {
      sent = withHeader(sent, name, value)
    })
    try {
      const stream: ClientHttp2Stream & Marked = request.call(this, sent, options)
      followStream(stream, bodies)
      call.bodies = bodies?.asking(span)
      stream[followedKey] = call
      return stream
    } catch (error) {
      call.failed(error)
      throw error
    }
  }
  Object.assign(prototype, { request: traced })
}

class Http2Call extends OutgoingCall {
  emitted(emitter: object, event: string | symbol, value: unknown): void {
    switch (event) {
      case "response":
        if (this.bodies !== undefined) watchingBodies().noteHeaders(emitter, value as IncomingHttpHeaders)
        return this.answered(
          Number((value as IncomingHttpHeaders)[":status"]),
          (emitter as ClientHttp2Stream).session?.socket,
          "2",
          value as Headers,
        )
      case "error":
        return this.failed(value)
      case "end":
      case "close":
        return this.end()
    }
  }
}

/** Newer versions of Node take names and values in turn. */
function asObject(headers: OutgoingHttpHeaders | readonly string[] | undefined): OutgoingHttpHeaders {
  if (!Array.isArray(headers)) return (headers as OutgoingHttpHeaders | undefined) ?? {}
  const object: OutgoingHttpHeaders = {}
  for (let index = 0; index < headers.length; index += 2)
    object[String(headers[index]).toLowerCase()] = headers[index + 1]
  return object
}

function withHeader(
  headers: OutgoingHttpHeaders | readonly string[],
  name: string,
  value: string,
): OutgoingHttpHeaders | readonly string[] {
  if (Array.isArray(headers)) {
    const list = headers as readonly string[]
    return [...list.filter((_, index) => String(list[index & ~1]).toLowerCase() !== name), name, value]
  }
  const copy: OutgoingHttpHeaders = { ...(headers as OutgoingHttpHeaders) }
  for (const key of Object.keys(copy)) if (key.toLowerCase() === name) delete copy[key]
  copy[name] = value
  return copy
}
