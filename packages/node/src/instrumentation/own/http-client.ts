// Spans of the requests that go out through node:http and node:https. They start when a request's head is written:
// the one moment that every request passes, however it was made, and at which headers of any form can be added to.
import type { Attributes } from "@opentelemetry/api"
import type { ClientRequest, IncomingMessage } from "node:http"
import { isSampled } from "../../context/sampled.ts"
import { api, core } from "../../opentelemetry.ts"
import { headersOfWritten } from "../captured-headers.ts"
import { isClickHouse } from "../clickhouse/is-clickhouse.ts"
import { followedKey, followEvents, type Marked } from "./followed.ts"
import { isKnownMethod, parseAuthority, withoutCredentials, withoutSignatures } from "./http-names.ts"
import type { HttpContext } from "./http.ts"
import { OutgoingCall } from "./outgoing-call.ts"

const client = 2 // SpanKind.CLIENT

type Headers = Record<string, unknown> | unknown[] | null | undefined
type Request = ClientRequest & Marked & { socketPath?: string; agent?: { defaultPort?: number } }
type StoreHeader = (this: Request, firstLine: string, headers: Headers) => void

export function traceHttpClients(context: HttpContext): void {
  const { startSpan, propagation, bodies, measureClient, headers: captured } = context
  const { isTracingSuppressed } = core()
  const { context: contexts, trace } = api()
  const { ClientRequest: Class, IncomingMessage: Response } = process.getBuiltinModule("node:http")
  const prototype = Class.prototype as unknown as { _storeHeader: StoreHeader }
  const store = prototype._storeHeader

  prototype._storeHeader = function (firstLine, headers) {
    const parent = contexts.active()
    if (this[followedKey] !== undefined || isTracingSuppressed(parent))
      return store.call(this, firstLine, headers)
    const { method, path } = this
    const known = isKnownMethod(method)
    const { address, port, authority } = targetOf(this)
    const target: Attributes = {
      "http.request.method": known ? method : "_OTHER",
      "server.address": address,
      ...(port !== undefined && { "server.port": port }),
    }
    const attributes: Attributes = {
      ...target,
      "url.full": /^https?:/i.test(path)
        ? withoutCredentials(withoutSignatures(path))
        : `${this.protocol}//${authority}${withoutSignatures(path)}`,
    }
    if (!known) attributes["http.request.method_original"] = method
    const span = startSpan(known ? method : "HTTP", client, attributes, parent)
    const call = new HttpCall(
      parent,
      span,
      measureClient && {
        record: measureClient,
        attributes: { ...target, "url.scheme": this.protocol.slice(0, -1) },
      },
      captured.ofResponse,
    )
    call.bodies = bodies?.asking(span)
    this[followedKey] = call
    let added: Headers = headers
    if (isSampled(span.spanContext()) || !isClickHouse(port, () => this.getHeaderNames())) {
      propagation().outgoing(trace.setSpan(parent, span), address, (name, value) => {
        added = withHeader(this, added, name, value)
      })
    }
    store.call(this, firstLine, added)
    const asked = captured.ofRequest?.(headersOfWritten(this))
    if (asked !== undefined) span.setAttributes(asked)
  }
  followEvents(Class.prototype)
  followEvents(Response.prototype)
}

/** Headers are what setHeader() keeps, or, as an array, names and values in turn or in pairs. */
function withHeader(request: Request, headers: Headers, name: string, value: string): Headers {
  if (Array.isArray(headers)) {
    const pairs = Array.isArray(headers[0])
    const rest = pairs
      ? headers.filter((pair) => String((pair as unknown[])[0]).toLowerCase() !== name)
      : headers.filter((_, index) => String(headers[index & ~1]).toLowerCase() !== name)
    return pairs ? [...rest, [name, value]] : [...rest, name, value]
  }
  if (headers === null || headers === undefined) return { [name]: value }
  // Those of setHeader() are written from this very object.
  request.setHeader(name, value)
  return request.hasHeader(name) ? headers : { ...headers, [name]: value }
}

interface Target {
  readonly address: string
  readonly port: number | undefined
  /** As a URL has it. */
  readonly authority: string
}

function targetOf(request: Request): Target {
  const { host, socketPath, protocol } = request
  const named = request.getHeader("host")
  if (typeof socketPath === "string") {
    return {
      address: socketPath,
      port: undefined,
      authority: typeof named === "string" ? named : "localhost",
    }
  }
  const standard = protocol === "https:" ? 443 : 80
  // The port stands in the Host header alone, unless the app wrote one of its own.
  const { address, port } = parseAuthority(typeof named === "string" ? named : host)
  const own = address === host || `[${address}]` === host
  const actual = own ? (port ?? standard) : (request.agent?.defaultPort ?? standard)
  const name = host.includes(":") && !host.startsWith("[") ? `[${host}]` : host
  return { address: host, port: actual, authority: actual === standard ? name : `${name}:${actual}` }
}

class HttpCall extends OutgoingCall {
  emitted(_emitter: object, event: string | symbol, value: unknown): void {
    switch (event) {
      case "response": {
        // Its `end` and `close` come here too, unless they have been already.
        const response = value as IncomingMessage & Marked
        this.answered(response.statusCode, response.socket, response.httpVersion, response.headers)
        response[followedKey] = this
        if (response.readableEnded || response.destroyed) this.end()
        return
      }
      case "upgrade":
      case "connect": {
        const { statusCode, socket, httpVersion, headers } = value as IncomingMessage
        this.answered(statusCode, socket, httpVersion, headers)
        return this.end()
      }
      case "error":
        return this.failed(value)
      case "end":
      case "close":
        return this.end()
    }
  }
}
