// connect(): what a service that runs by itself sends, as telemetry to read and wait for.
import { extend } from "../recorded/extend.ts"
import type { Telemetry } from "../recorded/telemetry.ts"
import { openInbox } from "./inbox.ts"

export interface ConnectOptions {
  /** Where the service sends OTLP over HTTP: 4318 unless given, 0 for a free port. */
  readonly port?: number
  /** The same over gRPC; nothing listens there unless given. */
  readonly grpcPort?: number
  /** Loopback unless given; on another address everybody who reaches it may send. */
  readonly host?: string
}

export interface Connection extends Telemetry, AsyncDisposable {
  /** Where it listens, such as "http://127.0.0.1:4318". */
  readonly url: string
  readonly grpcUrl: string | undefined
  /** The headers of each request, without keys and cookies. */
  readonly headers: readonly Readonly<Record<string, string>>[]
  /** What makes a service send here, for its environment. */
  readonly env: Readonly<Record<string, string>>
  close(): Promise<void>
}

export async function connect({ port = 4318, grpcPort, host }: ConnectOptions = {}): Promise<Connection> {
  const { telemetry, receiver, headers } = await openInbox({
    httpPort: port,
    grpcPort,
    ...(host === undefined ? {} : { host }),
  })
  const close = () => receiver.close()
  return extend(telemetry, {
    url: receiver.url!,
    grpcUrl: receiver.grpcUrl,
    headers,
    env: sendingTo(receiver.url!),
    close,
    [Symbol.asyncDispose]: close,
  })
}

export const sendingTo = (url: string): Readonly<Record<string, string>> => ({
  OTEL_EXPORTER_OTLP_ENDPOINT: url,
  OTEL_EXPORTER_OTLP_PROTOCOL: "http/protobuf",
  // Soon, so that a test need not wait.
  OTEL_BSP_SCHEDULE_DELAY: "50",
  OTEL_BLRP_SCHEDULE_DELAY: "50",
})
