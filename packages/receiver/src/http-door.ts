// OTLP/HTTP: POST /v1/traces, /v1/logs and /v1/metrics in protobuf or JSON, and GET /health.
//
// Every check that needs only the headers comes before the body is read, the cheap ones first.
import { createServer, type IncomingMessage, type Server, type ServerResponse, STATUS_CODES } from "node:http"
import { createServer as createTlsServer } from "node:https"
import type { Socket } from "node:net"
import type { Duplex } from "node:stream"
import type { Access } from "./access.ts"
import type { Admission } from "./admission.ts"
import { listen } from "./listen.ts"
import type { ReceiverConfig } from "./options.ts"
import { acceptedEncodings, decompressorFor, readBody, tooLarge } from "./read-body.ts"
import { ReceiverError, receiverError } from "./receiver-error.ts"
import { contentTypes, type Encoding, httpStatus, statusBody, successBody } from "./reply.ts"
import { type Signal, signalNames, signals } from "./signals.ts"
import type { Counters } from "./stats.ts"
import { noSink, type TakeExport } from "./take-export.ts"
import { tlsOptions } from "./tls-options.ts"
import { trackConnections } from "./track-connections.ts"

export interface Door {
  readonly port: number
  close(): Promise<void>
}

export interface DoorParts {
  readonly config: ReceiverConfig
  readonly access: Access
  readonly admission: Admission
  readonly counters: Counters
  readonly takeExport: TakeExport
}

const signalOfPath = new Map<string, Signal>(signalNames.map((signal) => [signals[signal].path, signal]))

export async function openHttpDoor(port: number, parts: DoorParts): Promise<Door> {
  const { config, access, admission, counters, takeExport } = parts
  const { limits } = config
  let closing = false

  const onRequest = (request: IncomingMessage, response: ServerResponse): void => {
    void answer(request, response)
  }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const encoding = encodingOf(request)
    const path = request.url?.split("?", 1)[0] ?? ""
    const signal = signalOfPath.get(path)
    try {
      access.host(request.headers.host)
      if (access.origin(request.headers.origin)) allowOrigin(request, response)
      if (closing)
        throw new ReceiverError("CLOSING", "this receiver is closing; nothing was taken", retryLater())
      if (path === "/health" && (request.method === "GET" || request.method === "HEAD")) {
        return send(response, 200, "application/json", '{"status":"ok"}')
      }
      if (signal === undefined) throw notFound(path)
      if (request.method === "OPTIONS" && request.headers.origin !== undefined) {
        return preflight(request, response)
      }
      if (request.method !== "POST") {
        response.setHeader("allow", "POST")
        throw new ReceiverError("METHOD_NOT_ALLOWED", `${path} takes POST, not ${request.method}`)
      }
      const partial = await receive(request, signal, encoding)
      counters[signal].accepted++
      const type = contentTypes[encoding!]
      send(response, 200, type, successBody(signal, partial, encoding!))
    } catch (cause) {
      if (signal !== undefined) counters[signal].refused++
      refuse(response, receiverError(cause), encoding ?? "json")
    }
  }

  async function receive(request: IncomingMessage, signal: Signal, encoding: Encoding | undefined) {
    const { headers } = request
    await access.token(headers.authorization)
    if (config.sinks[signal] === undefined) throw noSink(signal)
    if (encoding === undefined) {
      throw new ReceiverError(
        "UNSUPPORTED_MEDIA_TYPE",
        `the content type ${JSON.stringify(headers["content-type"] ?? "")} is not one of OTLP; ` +
          `send ${contentTypes.protobuf} or ${contentTypes.json}`,
      )
    }
    const decompressor = decompressorFor(headers["content-encoding"])
    const announced = Number(headers["content-length"] ?? 0)
    if (announced > limits.compressedBytes) throw tooLarge("as sent", limits.compressedBytes)
    if (!decompressor && announced > limits.bodyBytes) throw tooLarge("as sent", limits.bodyBytes)
    admission.check(signal)
    const lease = admission.lease()
    try {
      const body = await readBody(request, decompressor, limits, lease)
      return await takeExport({
        signal,
        protocol: "http",
        encoding,
        body,
        headers: plainHeaders(headers),
        remoteAddress: request.socket.remoteAddress,
      })
    } finally {
      lease.release()
    }
  }

  function refuse(response: ServerResponse, error: ReceiverError, encoding: Encoding): void {
    if (response.destroyed || response.headersSent) return
    if (error.code === "UNAUTHENTICATED") response.setHeader("www-authenticate", "Bearer")
    if (error.code === "UNSUPPORTED_ENCODING") response.setHeader("accept-encoding", acceptedEncodings)
    if (error.retryAfter !== undefined) response.setHeader("retry-after", Math.ceil(error.retryAfter))
    send(response, httpStatus(error), contentTypes[encoding], statusBody(error, encoding))
  }

  function send(response: ServerResponse, status: number, type: string, body: string | Uint8Array): void {
    if (closing) response.setHeader("connection", "close")
    response.writeHead(status, {
      "content-type": type,
      "content-length": Buffer.byteLength(body),
      "x-content-type-options": "nosniff",
    })
    response.end(body)
  }

  const retryLater = () => ({ retryAfter: limits.retryAfterSeconds })

  const serverOptions = {
    headersTimeout: limits.headersTimeoutMillis,
    requestTimeout: Math.max(limits.bodyTimeoutMillis, limits.headersTimeoutMillis),
    keepAliveTimeout: limits.idleTimeoutMillis,
    // How often Node.js looks for the connections above.
    connectionsCheckingInterval: Math.min(5_000, Math.ceil(limits.headersTimeoutMillis / 4)),
  }
  const server: Server = config.tls
    ? createTlsServer({ ...serverOptions, ...tlsOptions(config.tls, limits) }, onRequest)
    : createServer(serverOptions, onRequest)
  server.maxConnections = limits.connections
  server.on("clientError", answerClientError)
  const connections = trackConnections(server)

  const bound = await listen(server, port, config.host, "httpPort")
  let closed: Promise<void> | undefined
  return {
    port: bound,
    close: () => {
      closing = true
      return (closed ??= closeServer(server, connections, limits.closeTimeoutMillis))
    },
  }
}

function closeServer(server: Server, connections: ReadonlySet<Socket>, timeoutMillis: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => {
      for (const socket of connections) socket.destroy()
    }, timeoutMillis)
    server.close(() => {
      clearTimeout(timer)
      resolve()
    })
    server.closeIdleConnections()
  })
}

/** What is no HTTP, or came too slowly, is told so in a Status like everything else, and its connection closed. */
function answerClientError(cause: Error & { code?: string }, socket: Duplex): void {
  if (cause.code === "ECONNRESET" || !socket.writable) {
    socket.destroy()
    return
  }
  const error =
    cause.code === "ERR_HTTP_REQUEST_TIMEOUT"
      ? new ReceiverError("TIMEOUT", "the request did not arrive in time; nothing was taken")
      : new ReceiverError("MALFORMED", `not a request of HTTP/1.1: ${cause.message}`)
  const status = httpStatus(error)
  const body = statusBody(error, "json").toString()
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nconnection: close\r\ncontent-type: ${contentTypes.json}\r\n` +
      `content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
    () => socket.destroy(),
  )
}

function encodingOf(request: IncomingMessage): Encoding | undefined {
  const type = request.headers["content-type"]?.split(";", 1)[0]!.trim().toLowerCase()
  if (type === contentTypes.protobuf) return "protobuf"
  return type === contentTypes.json ? "json" : undefined
}

function notFound(path: string): ReceiverError {
  const near = signalNames.find((signal) => path.replace(/\/+/g, "/").includes(signals[signal].path))
  const hint =
    near === undefined
      ? "OTLP/HTTP has /v1/traces, /v1/logs and /v1/metrics"
      : `did you mean ${signals[near].path}?`
  return new ReceiverError("NOT_FOUND", `there is no ${path.slice(0, 200)}; ${hint}`)
}

function allowOrigin(request: IncomingMessage, response: ServerResponse): void {
  response.setHeader("access-control-allow-origin", request.headers.origin!)
  response.setHeader("access-control-expose-headers", "retry-after")
  response.setHeader("vary", "origin")
}

function preflight(request: IncomingMessage, response: ServerResponse): void {
  const headers = request.headers["access-control-request-headers"]
  response.writeHead(204, {
    "access-control-allow-methods": "POST",
    // All that a page asks for: what it may send is decided by its origin and the token.
    ...(headers !== undefined && { "access-control-allow-headers": headers }),
    "access-control-max-age": "7200",
  })
  response.end()
}

function plainHeaders(headers: IncomingMessage["headers"]): Record<string, string> {
  const plain: Record<string, string> = {}
  for (const [name, value] of Object.entries(headers)) {
    if (name === "authorization" || name === "cookie" || value === undefined) continue
    plain[name] = Array.isArray(value) ? value.join(", ") : value
  }
  return plain
}
