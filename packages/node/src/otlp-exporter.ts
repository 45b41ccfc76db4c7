// OTLP as OpenTelemetry exporters: upstream's encoding, a transport of ours. One for each signal.
import type { ExportResult } from "@opentelemetry/core"
import type { ISerializer } from "@opentelemetry/otlp-transformer"
import { type Authorization } from "./api-key.ts"
import { ClickstackError } from "./clickstack-error.ts"
import type { ConnectionConfig } from "./config.ts"
import { createGrpcTransport } from "./grpc-transport.ts"
import { createHttpTransport, type Transport } from "./http-transport.ts"
import { core, otlpTransformer } from "./opentelemetry.ts"
import type { Signal } from "./signals.ts"
import type { Say } from "./stderr.ts"

const { ExportResultCode } = core()
const transformer = otlpTransformer()
const protobuf = {
  traces: transformer.ProtobufTraceSerializer,
  logs: transformer.ProtobufLogsSerializer,
  metrics: transformer.ProtobufMetricsSerializer,
}
const json = {
  traces: transformer.JsonTraceSerializer,
  logs: transformer.JsonLogsSerializer,
  metrics: transformer.JsonMetricsSerializer,
}

export interface Exporter<Items> {
  export(items: Items, done: (result: ExportResult) => void): void
  forceFlush(): Promise<void>
  shutdown(): Promise<void>
  /** Ends the exports that are under way. */
  abort?(): void
}

/** OTLP/JSON writes 64-bit numbers as texts. */
interface Answer {
  partialSuccess?: {
    errorMessage?: string
    rejectedSpans?: number | string
    rejectedLogRecords?: number | string
    rejectedDataPoints?: number | string
  }
}

export function createOtlpExporter<Items>(
  signal: Signal,
  connection: ConnectionConfig,
  authorization: Authorization,
  say: Say,
): Exporter<Items> {
  const encoding = connection.protocol === "http/json" ? json : protobuf
  const serializer = encoding[signal] as unknown as ISerializer<Items, Answer>
  let transport: Promise<Transport> | undefined
  const open = async () =>
    connection.protocol === "grpc"
      ? createGrpcTransport(signal, connection, authorization)
      : createHttpTransport(connection, authorization)

  async function send(items: Items): Promise<number> {
    const body = encode(items)
    transport ??= open()
    const answer = await (await transport).send(body)
    return rejectedBy(answer)
  }

  function encode(items: Items): Uint8Array {
    try {
      const body = serializer.serializeRequest(items)
      if (body !== undefined) return body
    } catch (cause) {
      throw new ClickstackError("DELIVERY_FAILED", `${signal} cannot be encoded as OTLP: ${String(cause)}`, {
        cause,
      })
    }
    throw new ClickstackError("DELIVERY_FAILED", `${signal} cannot be encoded as OTLP`)
  }

  /** How many were rejected; never a reason to send again, since the rest was taken. */
  function rejectedBy(answer: Uint8Array): number {
    if (answer.byteLength === 0) return 0
    let partial: Answer["partialSuccess"]
    try {
      partial = serializer.deserializeResponse(answer).partialSuccess
    } catch {
      return 0 // taken, whatever the server wrote about it
    }
    const rejected = Number(
      partial?.rejectedSpans ?? partial?.rejectedLogRecords ?? partial?.rejectedDataPoints ?? 0,
    )
    if (rejected > 0) {
      say(
        "warn",
        `${signal} partial`,
        `${connection.endpoint} rejected ${rejected} of the ${signal}: ${partial?.errorMessage ?? ""}`,
      )
    }
    return rejected
  }

  return {
    export: (items, done) => {
      send(items).then(
        (rejected) => done({ code: ExportResultCode.SUCCESS, rejected } as ExportResult),
        (error: Error) => done({ code: ExportResultCode.FAILED, error }),
      )
    },
    abort: () => void transport?.then((opened) => opened.abort()).catch(() => undefined),
    forceFlush: () => Promise.resolve(),
    shutdown: async () => {
      const opened = await transport?.catch(() => undefined)
      opened?.close()
    },
  }
}
