// Sends OTLP over gRPC, on a connection of our own (grpc-connection.ts): one for the signal, made when it is needed and
// again after it is gone, with a deadline over everything.
import type { OutgoingHttpHeaders } from "node:http2"
import { type Authorization, keyOrError } from "./api-key.ts"
import { ClickstackError } from "./clickstack-error.ts"
import { compressor } from "./compress.ts"
import type { ConnectionConfig } from "./config.ts"
import { connectionError } from "./connection-error.ts"
import { type CallEnd, callUnary } from "./grpc-call.ts"
import { connectGrpc, type GrpcConnection } from "./grpc-connection.ts"
import { acceptedEncodings, frameHead, unframe } from "./grpc-frame.ts"
import { grpcError, ok } from "./grpc-status.ts"
import type { Transport } from "./http-transport.ts"
import { largestAnswer } from "./otlp/export-response.ts"
import type { Signal } from "./signals.ts"
import { tlsFiles } from "./tls-files.ts"

const methods: Record<Signal, string> = {
  traces: "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
  logs: "/opentelemetry.proto.collector.logs.v1.LogsService/Export",
  metrics: "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export",
}
const nothing = new Uint8Array()

export function createGrpcTransport(
  signal: Signal,
  connection: ConnectionConfig,
  authorization: Authorization,
  idleTime?: number,
): Transport {
  const url = new URL(connection.endpoint)
  const compress = compressor(connection.compression)
  const fixed: OutgoingHttpHeaders = {
    ":method": "POST",
    ":path": methods[signal],
    ":authority": url.host,
    "user-agent": "clickstack-node",
    ...metadata(connection.headers),
    "content-type": "application/grpc",
    te: "trailers",
    "grpc-timeout": `${Math.min(Math.ceil(connection.timeout), 99_999_999)}m`, // at most eight digits
    "grpc-accept-encoding": acceptedEncodings,
    ...(compress === undefined ? {} : { "grpc-encoding": connection.compression }),
  }

  let connected: GrpcConnection | undefined
  let aborts = 0

  function connect(): GrpcConnection {
    const forget = () => {
      if (connected === made) connected = undefined
    }
    const files = url.protocol === "https:" ? tlsFiles(connection) : {} // each time, since they are renewed
    const made = connectGrpc(url, files, forget, idleTime)
    return made
  }

  async function send(body: Uint8Array): Promise<Uint8Array> {
    const before = aborts
    const [content, key] = await Promise.all([
      compress === undefined ? body : compress(body),
      connection.sendsApiKey ? keyOrError(authorization) : undefined,
    ])
    const headers = key === undefined ? fixed : { authorization: key, ...fixed }
    const parts = [frameHead(content.byteLength, compress !== undefined), content]
    return new Promise((resolve, reject) => {
      const deadline = setTimeout(() => {
        reject(
          new ClickstackError("TIMEOUT", `no answer within ${connection.timeout} ms`, { retryable: true }),
        )
        abort() // a connection that says nothing may be one that the other side has forgotten
      }, connection.timeout).unref()
      exchange(headers, parts, () => aborts > before)
        .finally(() => clearTimeout(deadline))
        .then(resolve, reject)
    })
  }

  async function exchange(
    headers: OutgoingHttpHeaders,
    parts: readonly Uint8Array[],
    isGivenUp: () => boolean,
  ): Promise<Uint8Array> {
    for (let isAgain = false; ; isAgain = true) {
      // A connection that is made now would keep the process alive, and nobody waits for it.
      if (isGivenUp()) throw new ClickstackError("TIMEOUT", "it was given up", { retryable: true })
      const used = (connected ??= connect())
      const done = used.use()
      try {
        const end = await callUnary(await used.session, headers, parts)
        if (end !== undefined) return await answerOf(end)
        if (isAgain) throw connectionError({ code: "ECONNRESET" })
      } finally {
        done()
      }
      // The server was about to go and says that it did not look at this, so the next connection takes it.
      if (connected === used) connected = undefined
    }
  }

  async function answerOf({ status, frame, encoding }: CallEnd): Promise<Uint8Array> {
    if (status.code !== ok) throw grpcError(status, connection)
    // Taken, whatever the server wrote about it.
    return frame.length === 0 ? nothing : unframe(frame, encoding, largestAnswer).catch(() => nothing)
  }

  function abort(): void {
    aborts++
    connected?.destroy()
  }

  return { send, abort, close: abort }
}

// What HTTP/2 forbids, and what is the transport's own.
const reserved =
  /^(:|grpc-|(connection|content-length|host|http2-settings|keep-alive|proxy-connection|transfer-encoding|upgrade)$)/

/** Headers as gRPC has them: in lower case, and those of bytes in base64. */
function metadata(headers: Readonly<Record<string, string>>): Record<string, string> {
  const result: Record<string, string> = {}
  for (const [given, value] of Object.entries(headers)) {
    const name = given.toLowerCase()
    if (reserved.test(name)) continue
    result[name] = name.endsWith("-bin") ? Buffer.from(value).toString("base64") : value
  }
  return result
}
