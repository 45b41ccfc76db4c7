// Sends OTLP over gRPC, with @grpc/grpc-js if the app has it: loaded only when the protocol is chosen.
import type { Authorization } from "./api-key.ts"
import { ClickstackError } from "./clickstack-error.ts"
import type { ConnectionConfig } from "./config.ts"
import type { Transport } from "./http-transport.ts"
import type { Signal } from "./settings.ts"
import { tlsFiles } from "./tls-files.ts"

type Grpc = typeof import("@grpc/grpc-js")

const methods: Record<Signal, string> = {
  traces: "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
  logs: "/opentelemetry.proto.collector.logs.v1.LogsService/Export",
  metrics: "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export",
}
// OTLP's list: cancelled, deadline exceeded, aborted, out of range, unavailable, data loss.
const retryable = new Set([1, 4, 10, 11, 14, 15])
const resourceExhausted = 8 // only when the server says when
const unauthorized = new Set([7, 16])
const unauthorizedPause = 60_000

export async function createGrpcTransport(
  signal: Signal,
  connection: ConnectionConfig,
  authorization: Authorization,
): Promise<Transport> {
  const grpc = await loadGrpc()
  const url = new URL(connection.endpoint)
  const tls = tlsFiles(connection)
  const credentials =
    url.protocol === "https:"
      ? grpc.credentials.createSsl(tls.ca ?? null, tls.key ?? null, tls.cert ?? null)
      : grpc.credentials.createInsecure()
  const client = new grpc.Client(url.host, credentials, {
    "grpc.primary_user_agent": "clickstack-node",
    ...(connection.compression === "gzip"
      ? { "grpc.default_compression_algorithm": grpc.compressionAlgorithms.gzip }
      : {}),
  })

  async function send(body: Uint8Array): Promise<Uint8Array> {
    const metadata = new grpc.Metadata()
    const key = connection.sendsApiKey ? await authorization() : undefined
    if (key !== undefined) metadata.set("authorization", key)
    for (const [name, value] of Object.entries(connection.headers)) metadata.set(name, value)
    return new Promise((resolve, reject) => {
      client.makeUnaryRequest<Uint8Array, Uint8Array>(
        methods[signal],
        (bytes) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength),
        (bytes) => bytes,
        body,
        metadata,
        { deadline: Date.now() + connection.timeout },
        (error, answer) =>
          error === null ? resolve(answer ?? new Uint8Array()) : reject(grpcError(error, connection)),
      )
    })
  }

  return { send, close: () => client.close() }
}

async function loadGrpc(): Promise<Grpc> {
  try {
    const module = await import("@grpc/grpc-js")
    return module
  } catch (cause) {
    throw new ClickstackError(
      "DESTINATION_MISSING",
      "protocol grpc needs the package @grpc/grpc-js: npm install @grpc/grpc-js",
      { cause },
    )
  }
}

type ServiceError = { code: number; details: string; metadata: { get(name: string): (string | Buffer)[] } }

function grpcError(error: ServiceError, connection: ConnectionConfig): ClickstackError {
  const { code, details } = error
  const asked = retryInfo(error.metadata.get("grpc-status-details-bin")[0])
  if (unauthorized.has(code)) {
    const hint = connection.sendsApiKey
      ? "the API key is refused; see apiKey and apiKeyScheme"
      : "headers are missing"
    return new ClickstackError("DELIVERY_FAILED", `it answered ${code}: ${hint}`, {
      cause: error,
      retryable: true,
      retryAfter: unauthorizedPause,
    })
  }
  return new ClickstackError("DELIVERY_FAILED", `it answered ${code} over gRPC: ${details}`, {
    cause: error,
    retryable: retryable.has(code) || (code === resourceExhausted && asked !== undefined),
    retryAfter: asked,
  })
}

/**
 * The delay of a google.rpc.RetryInfo, in milliseconds. The status holds it as an Any: its type's name, then field 2
 * with the message: field 1, a Duration of seconds (field 1) and nanoseconds (field 2), all varints.
 */
export function retryInfo(status: string | Buffer | undefined): number | undefined {
  const name = "google.rpc.RetryInfo"
  const bytes = typeof status === "string" ? Buffer.from(status) : status
  const start = bytes?.indexOf(name) ?? -1
  if (bytes === undefined || start < 0) return undefined
  let at = start + name.length
  if (bytes[at] !== 0x12 || bytes[at + 2] !== 0x0a) return 0
  const end = at + 4 + (bytes[at + 3] ?? 0)
  at += 4
  let ms = 0
  while (at < end) {
    const field = bytes[at++]! >> 3
    let value = 0
    let scale = 1
    for (; at < end && bytes[at]! >= 0x80; at++, scale *= 128) value += (bytes[at]! & 0x7f) * scale
    value += (bytes[at++] ?? 0) * scale
    ms += field === 1 ? value * 1000 : value / 1e6
  }
  return Math.min(ms, 86_400_000)
}
