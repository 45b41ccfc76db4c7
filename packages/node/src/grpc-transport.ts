// Sends OTLP over gRPC, with @grpc/grpc-js if the app has it: loaded only when the protocol is chosen.
import type { Authorization } from "./api-key.ts"
import { ClickstackError } from "./clickstack-error.ts"
import type { ConnectionConfig } from "./config.ts"
import type { Transport } from "./http-transport.ts"
import { byGrpcCode, retryInfo } from "./delivery/outcome.ts"
import type { Signal } from "./signals.ts"
import { tlsFiles } from "./tls-files.ts"

type Grpc = typeof import("@grpc/grpc-js")

const methods: Record<Signal, string> = {
  traces: "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
  logs: "/opentelemetry.proto.collector.logs.v1.LogsService/Export",
  metrics: "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export",
}
const permissionDenied = 7
const unauthenticated = 16

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
  const connect = () =>
    new grpc.Client(url.host, credentials, {
      "grpc.primary_user_agent": "clickstack-node",
      // Our own waits decide when it is tried again; the channel's would grow to two minutes and make those calls fail.
      "grpc.initial_reconnect_backoff_ms": 200,
      "grpc.max_reconnect_backoff_ms": 2000,
      ...(connection.compression === "gzip"
        ? { "grpc.default_compression_algorithm": grpc.compressionAlgorithms.gzip }
        : {}),
    })
  let client: InstanceType<Grpc["Client"]> | undefined

  let call: { cancel(): void } | undefined // of one export at a time

  async function send(body: Uint8Array): Promise<Uint8Array> {
    const metadata = new grpc.Metadata()
    const key = connection.sendsApiKey ? await authorization() : undefined
    if (key !== undefined) metadata.set("authorization", key)
    for (const [name, value] of Object.entries(connection.headers)) metadata.set(name, value)
    return new Promise((resolve, reject) => {
      client ??= connect()
      call = client.makeUnaryRequest<Uint8Array, Uint8Array>(
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

  const close = () => {
    client?.close()
    client = undefined
  }
  // With its connection: one that is being made, or never says anything, would keep the process alive.
  const abort = () => {
    call?.cancel()
    close()
  }

  return { send, abort, close }
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
  const outcome = byGrpcCode(code, details, asked)
  const hint =
    code !== permissionDenied && code !== unauthenticated
      ? details
      : connection.sendsApiKey
        ? "the API key is refused; see apiKey and apiKeyScheme"
        : "headers are missing"
  return new ClickstackError("DELIVERY_FAILED", `it answered ${code} over gRPC: ${hint}`, {
    cause: error,
    retryable: outcome.kind === "later",
    retryAfter: outcome.kind === "later" ? outcome.after : undefined,
    tooLarge: outcome.kind === "too_large",
    unauthorized: outcome.kind === "later" && outcome.trouble === "unauthorized",
  })
}
