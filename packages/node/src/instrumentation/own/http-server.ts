// Spans of the requests that servers of node:http and node:https answer. The start is Node's own message before the
// request's event, so that every way into a server is seen once; the end is the response's `close`.
import type { Attributes, Span } from "@opentelemetry/api"
import type { IncomingMessage, ServerResponse } from "node:http"
import type { Socket } from "node:net"
import { api, core } from "../../opentelemetry.ts"
import { enterContext, followedKey, followEvents, type Followed, type Marked } from "./followed.ts"
import { headersOfWritten } from "../captured-headers.ts"
import { type ExchangeEnd, HttpExchange } from "./http-exchange.ts"
import { isKnownMethod, parseAuthority, splitTarget } from "./http-names.ts"
import type { HttpContext } from "./http.ts"

const server = 1 // SpanKind.SERVER

/** Of the channel `http.server.request.start`. */
interface StartMessage {
  readonly request: IncomingMessage & Marked
  readonly response: ServerResponse & Marked
  readonly socket: Socket
}

/** What is the same for all requests of a connection. */
interface Connection {
  readonly scheme: string
  readonly peer: string | undefined
}
const connectionKey = Symbol("clickstack connection")
type Connected = Socket & { [connectionKey]?: Connection; encrypted?: boolean; _httpMessage?: object | null }

export function traceHttpServers({
  startSpan,
  propagation,
  bodies,
  isIgnoredPath,
  isIgnoredRoute,
  measureServer,
  headers: captured,
}: HttpContext): (message: unknown) => void {
  const { ROOT_CONTEXT, trace } = api()
  const http = process.getBuiltinModule("node:http")
  const { ofResponse } = captured
  const end: ExchangeEnd = {
    isIgnored: isIgnoredRoute,
    measure: measureServer,
    headers: ofResponse && ((response) => ofResponse(headersOfWritten(response))),
  }
  let ignored: Followed | undefined

  function connectionOf(socket: Connected): Connection {
    return (socket[connectionKey] ??= {
      scheme: socket.encrypted === true ? "https" : "http",
      peer: socket.remoteAddress,
    })
  }

  function start({ request, response, socket }: StartMessage): void {
    const { headers, method = "GET", url = "/" } = request
    const { path, query } = splitTarget(url)
    if (isIgnoredPath(path)) {
      ignored ??= { context: core().suppressTracing(ROOT_CONTEXT) }
      follow(request, response, ignored)
      return
    }
    const { scheme, peer } = connectionOf(socket)
    const known = isKnownMethod(method)
    const { host } = headers
    const authority = host === undefined ? undefined : parseAuthority(host)
    const attributes: Attributes = {
      "http.request.method": known ? method : "_OTHER",
      "url.scheme": scheme,
      "url.path": path,
      "network.protocol.version": request.httpVersion,
    }
    if (authority !== undefined) {
      attributes["server.address"] = authority.address
      if (authority.port !== undefined) attributes["server.port"] = authority.port
    }
    if (peer !== undefined) attributes["network.peer.address"] = peer
    if (query !== undefined) attributes["url.query"] = query
    if (!known) attributes["http.request.method_original"] = method
    const agent = headers["user-agent"]
    if (agent !== undefined) attributes["user_agent.original"] = agent
    if (captured.ofRequest !== undefined) Object.assign(attributes, captured.ofRequest(headers))
    const parent = propagation().incoming(headers)
    const span = startSpan(known ? method : "HTTP", server, attributes, parent)
    const exchange = new HttpExchange(end, trace.setSpan(parent, span), span, request, response, scheme)
    exchange.bodies = bodies?.serving(span)
    follow(request, response, exchange)
    tellTrace(response, span)
    // A pipelined request that waits for those before it: its response does not hear when the connection is closed.
    if ((socket as Connected)._httpMessage) socket.once("close", () => exchange.end())
  }

  function follow(request: Marked, response: Marked, followed: Followed): void {
    request[followedKey] = followed
    response[followedKey] = followed
    enterContext(followed.context)
  }

  function tellTrace(response: ServerResponse, span: Span): void {
    const timing = propagation().serverTiming(span)
    if (timing !== undefined) response.setHeader("Server-Timing", timing)
  }

  followEvents(http.IncomingMessage.prototype)
  followEvents(http.ServerResponse.prototype)
  return (message) => start(message as StartMessage)
}
