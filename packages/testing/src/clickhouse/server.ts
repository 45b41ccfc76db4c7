// ClickHouse's HTTP port: connections, which can be refused, and what becomes of each request.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http"
import type { Socket } from "node:net"
import type { Counts } from "./engine.ts"
import type { Exchange } from "./exchange.ts"
import type { RequestLog } from "./request-log.ts"
import { serveProbe } from "./serve-probe.ts"
import { type QueryContext, serveQuery } from "./serve-query.ts"

/** What a server closes idle connections after; clients must close theirs sooner. */
const KEEP_ALIVE_MS = 10_000

/** A server's http_max_uri_size, 1 MiB, and some headers. */
const MAX_URL_BYTES = 1_100_000

export interface ServerOptions extends QueryContext {
  readonly port: number
  readonly log: RequestLog
}

export interface ClickHouseServer {
  readonly port: number
  /** Closes the port and every connection: clients are refused until `accept()`. */
  refuse(): Promise<void>
  accept(): Promise<void>
  close(): Promise<void>
}

export async function startServer(options: ServerOptions): Promise<ClickHouseServer> {
  const sockets = new Map<Socket, number>()
  let connections = 0
  let server: Server | undefined = await listen(options.port)
  const address = server.address()
  const port = typeof address === "object" && address !== null ? address.port : options.port

  return {
    port,
    refuse: stop,
    async accept() {
      server ??= await listen(port)
    },
    close: stop,
  }

  function listen(onPort: number): Promise<Server> {
    const limits = { keepAliveTimeout: KEEP_ALIVE_MS, maxHeaderSize: MAX_URL_BYTES, requestTimeout: 0 }
    const created = createServer(limits, (request, response) => {
      void serve(request, response, sockets.get(request.socket) ?? 0, options)
    })
    created.on("connection", (socket) => {
      sockets.set(socket, ++connections)
      socket.on("error", () => undefined)
      socket.on("close", () => sockets.delete(socket))
    })
    return new Promise((resolve, reject) => {
      created.once("error", reject)
      created.listen(onPort, "127.0.0.1", () => resolve(created))
    })
  }

  async function stop(): Promise<void> {
    const stopped = server
    if (stopped === undefined) return
    server = undefined
    const closed = new Promise((resolve) => stopped.close(resolve))
    for (const socket of sockets.keys()) socket.destroy()
    await closed
  }
}

async function serve(
  request: IncomingMessage,
  response: ServerResponse,
  connection: number,
  options: ServerOptions,
): Promise<void> {
  const { socket } = request
  const url = new URL(request.url ?? "/", "http://127.0.0.1")
  const recorded = options.log.add(request, url, connection)
  const counts: Counts = {
    readRows: 0,
    readBytes: 0,
    writtenRows: 0,
    writtenBytes: 0,
    resultRows: 0,
    resultBytes: 0,
  }
  const exchange: Exchange = { request, response, socket, url, recorded, counts, fault: undefined }
  response.on("finish", () => (recorded.status = response.statusCode))
  const isQuery = url.pathname === "/" && (request.method === "POST" || url.searchParams.has("query"))
  try {
    if (isQuery) await serveQuery(exchange, options)
    else await serveProbe(exchange, options.faults, options.engine.version)
  } catch {
    // A client that went away, a connection that a fault has reset: there is nobody left to tell.
    socket.destroy()
  }
}
