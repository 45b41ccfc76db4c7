// Starts a receiver: the options, what all requests share, and the doors.
import { createAccess } from "./access.ts"
import { createAdmission } from "./admission.ts"
import { openGrpcDoor } from "./grpc-door.ts"
import { type Door, type DoorParts, openHttpDoor } from "./http-door.ts"
import { type ReceiverOptions, resolveOptions } from "./options.ts"
import type { Signal } from "./signals.ts"
import { createCounters, type SignalStats } from "./stats.ts"
import { createTakeExport } from "./take-export.ts"

export interface Receiver extends AsyncDisposable {
  /** Where OTLP/HTTP is, such as "http://127.0.0.1:4318"; what senders call the endpoint. */
  readonly url: string | undefined
  /** Where OTLP/gRPC is, such as "http://127.0.0.1:4317". */
  readonly grpcUrl: string | undefined
  readonly httpPort: number | undefined
  readonly grpcPort: number | undefined
  stats(): Record<Signal, SignalStats>
  /** Takes no more, waits for what is being handled (limits.closeTimeoutMillis at most), and closes all. */
  close(): Promise<void>
}

export async function startReceiver(options: ReceiverOptions): Promise<Receiver> {
  const config = resolveOptions(options)
  const admission = createAdmission(config.limits)
  const counters = createCounters()
  const parts: DoorParts = {
    config,
    access: createAccess(config),
    admission,
    counters,
    takeExport: createTakeExport(config, admission, counters),
  }
  let http: Door | undefined
  let grpc: Door | undefined
  const close = async () => {
    await Promise.all([http?.close(), grpc?.close()])
  }
  try {
    if (config.httpPort !== undefined) http = await openHttpDoor(config.httpPort, parts)
    if (config.grpcPort !== undefined) grpc = await openGrpcDoor(config.grpcPort, parts)
  } catch (error) {
    // Both doors or none.
    await close()
    throw error
  }

  const scheme = config.tls ? "https" : "http"
  const host = config.host.includes(":") ? `[${config.host}]` : config.host
  const urlOf = (door: Door | undefined) => door && `${scheme}://${host}:${door.port}`
  return {
    url: urlOf(http),
    grpcUrl: urlOf(grpc),
    httpPort: http?.port,
    grpcPort: grpc?.port,
    stats: () => structuredClone(counters),
    close,
    [Symbol.asyncDispose]: close,
  }
}
