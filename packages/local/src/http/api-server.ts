// The viewer's page, and the read-only HTTP API that it, tests and scripts use. Everything is GET; nothing that it is
// sent becomes SQL text.
import { type IncomingMessage, type ServerResponse, createServer } from "node:http"
import { type ServerOptions, createServer as createTlsServer } from "node:https"
import type { TlsOptions } from "@clickstack/receiver"
import { LocalError, type LocalErrorCode } from "../local-error.ts"
import { type Live, jsonOf } from "../live.ts"
import type { LocalConfig } from "../options.ts"
import type { Reader } from "../read/reader.ts"
import { createGuard } from "./guard.ts"
import { listen } from "./listen.ts"
import { createLiveStreams } from "./live-stream.ts"
import { type PageFile, createPage, pagePolicy } from "./page.ts"
import { answerRoute } from "./routes.ts"

export interface ApiServer {
  readonly port: number
  close(): Promise<void>
}

const statuses: Partial<Record<LocalErrorCode, number>> = {
  BAD_REQUEST: 400,
  UNAUTHENTICATED: 401,
  FORBIDDEN: 403,
  NOT_FOUND: 404,
}

// At most so many questions at once; each is a query, and ClickHouse answers them in turn.
const mostRequests = 32

const headers = {
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
  "referrer-policy": "no-referrer",
  "cache-control": "no-store",
}

export async function startApiServer(
  port: number,
  config: LocalConfig,
  /** A reader whose questions end with the signal. */
  readerFor: (signal: AbortSignal) => Reader,
  live: Live,
): Promise<ApiServer> {
  const guard = createGuard(config)
  const page = createPage()
  const streams = createLiveStreams(live)
  let asking = 0

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value)
    try {
      const url = new URL(request.url ?? "/", "http://clickstack")
      const isData = url.pathname === "/health" || url.pathname.startsWith("/api")
      guard(request.headers, isData ? "data" : "page")
      if (request.method !== "GET" && request.method !== "HEAD") {
        response.setHeader("allow", "GET")
        return send(response, 405, { error: "this API only reads: use GET" })
      }
      const file = isData ? undefined : page(url.pathname)
      if (file !== undefined) return sendFile(response, file)
      if (url.pathname === "/health") return send(response, 200, { status: "ok" })
      if (asking >= mostRequests) return busy(response)
      if (url.pathname === "/api/live") {
        return streams.open(url.searchParams, response) ? undefined : busy(response)
      }
      asking++
      // Nobody waits for what is asked by a reader that has left, and the next question waits for its end.
      const left = new AbortController()
      response.once("close", () => left.abort())
      try {
        send(response, 200, await answerRoute(readerFor(left.signal), url))
      } finally {
        asking--
      }
    } catch (error) {
      fail(response, error)
    }
  }

  function fail(response: ServerResponse, error: unknown): void {
    if (response.destroyed) return
    if (error instanceof LocalError) {
      if (error.code === "UNAUTHENTICATED") response.setHeader("www-authenticate", "Bearer")
      return send(response, statuses[error.code] ?? 500, { error: error.message })
    }
    // The text of ClickHouse's errors holds paths and SQL: it is for the terminal.
    config.onWarning(`a question to the API could not be answered: ${(error as Error).message}`)
    send(response, 500, {
      error: "ClickHouse could not answer this; the terminal of this ClickStack says why",
    })
  }

  const onRequest = (request: IncomingMessage, response: ServerResponse) => void answer(request, response)
  const timeouts = { headersTimeout: 10_000, requestTimeout: 30_000, keepAliveTimeout: 5_000 }
  const server = config.tls
    ? createTlsServer({ ...timeouts, ...tlsOptions(config.tls) }, onRequest)
    : createServer(timeouts, onRequest)
  server.maxConnections = 256
  const bound = await listen(server, { port, host: config.host }, "uiPort")
  let closed: Promise<void> | undefined
  return {
    port: bound,
    close: () =>
      (closed ??= new Promise((resolve) => {
        streams.close()
        server.close(() => resolve())
        server.closeIdleConnections()
        setTimeout(() => server.closeAllConnections(), 2_000).unref()
      })),
  }
}

/** Who must show senders' certificates must show them to read, too. */
function tlsOptions({ key, cert, ca, requireClientCertificate = false }: TlsOptions): ServerOptions {
  return {
    key: Buffer.from(key),
    cert: Buffer.from(cert),
    ...(ca !== undefined && { ca: Buffer.from(ca) }),
    requestCert: requireClientCertificate,
    rejectUnauthorized: requireClientCertificate,
  }
}

function send(response: ServerResponse, status: number, value: unknown): void {
  if (response.headersSent) return
  response.writeHead(status, { "content-type": "application/json; charset=utf-8" })
  response.end(jsonOf(value))
}

function sendFile(response: ServerResponse, { type, content }: PageFile): void {
  response.setHeader("content-security-policy", pagePolicy)
  response.writeHead(200, { "content-type": type, "content-length": content.length })
  response.end(content)
}

function busy(response: ServerResponse): void {
  response.setHeader("retry-after", "1")
  send(response, 503, { error: "too many questions at once; try again in a second" })
}
