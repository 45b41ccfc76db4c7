// One request on its way through: a place at the sink, decoding, the sink, and what the sender is told. Both doors,
// HTTP and gRPC, come here with the decompressed bytes.
import type { Buffer } from "node:buffer"
import type { Admission } from "./admission.ts"
import type { ReceiverConfig } from "./options.ts"
import { ReceiverError } from "./receiver-error.ts"
import { contentTypes, type Encoding } from "./reply.ts"
import { type Signal, signals } from "./signals.ts"
import type { PartialSuccess, RequestContext, Sink } from "./sink.ts"
import type { Counters } from "./stats.ts"

interface ExportRequest {
  readonly signal: Signal
  readonly protocol: "http" | "grpc"
  readonly encoding: Encoding
  readonly body: Buffer
  readonly headers: Record<string, string>
  readonly remoteAddress: string | undefined
}

export type TakeExport = (request: ExportRequest) => Promise<PartialSuccess | undefined>

export function createTakeExport(
  config: ReceiverConfig,
  admission: Admission,
  counters: Counters,
): TakeExport {
  return async (request) => {
    const { signal, body } = request
    const sink = config.sinks[signal] as Sink<unknown> | undefined
    if (sink === undefined) throw noSink(signal)
    const leave = admission.enter(signal)
    try {
      const context: RequestContext = {
        signal,
        protocol: request.protocol,
        body,
        contentType: contentTypes[request.encoding],
        headers: request.headers,
        remoteAddress: request.remoteAddress,
      }
      if (typeof sink !== "function") return await call(() => sink.raw(context), signal, config)
      const data =
        request.encoding === "json" ? signals[signal].fromJson(body) : signals[signal].fromProtobuf(body)
      // An empty request is a success, and nothing for a sink.
      if (data.length === 0) return undefined
      const partial = await call(() => sink(data, context), signal, config)
      counters[signal].taken += data.length
      return partial
    } finally {
      leave()
    }
  }
}

export const noSink = (signal: Signal): ReceiverError =>
  new ReceiverError("NOT_FOUND", `this receiver takes no ${signal}`)

async function call(
  sink: () => void | PartialSuccess | Promise<void | PartialSuccess>,
  signal: Signal,
  config: ReceiverConfig,
): Promise<PartialSuccess | undefined> {
  try {
    return (await sink()) ?? undefined
  } catch (cause) {
    const error = sinkFailure(cause, signal, config.limits.retryAfterSeconds)
    config.onError(error)
    throw error
  }
}

/** An error of ours is told as it is; of any other the sender learns only whether to try again. */
function sinkFailure(cause: unknown, signal: Signal, retryAfterSeconds: number): ReceiverError {
  if (cause instanceof ReceiverError) return cause
  const retryable = (cause as { retryable?: unknown } | undefined)?.retryable !== false
  const message = retryable
    ? `the ${signal} could not be taken; try again in ${retryAfterSeconds} s`
    : `the ${signal} could not be taken, and sending them again will not help`
  return new ReceiverError("SINK_FAILED", message, {
    cause,
    retryable,
    ...(retryable && { retryAfter: retryAfterSeconds }),
  })
}
