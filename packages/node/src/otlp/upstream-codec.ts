// OpenTelemetry's own encoding, for metrics and for http/json.
import type { ISerializer } from "@opentelemetry/otlp-transformer"
import { otlpTransformer } from "../opentelemetry.ts"
import type { Signal } from "../signals.ts"
import type { PartialSuccess } from "./export-response.ts"

/** OTLP/JSON writes 64-bit numbers as texts. */
interface Answer {
  partialSuccess?: {
    errorMessage?: string
    rejectedSpans?: number | string
    rejectedLogRecords?: number | string
    rejectedDataPoints?: number | string
  }
}

interface UpstreamCodec {
  readonly encode: (items: unknown) => Uint8Array | undefined
  readonly decode: (answer: Uint8Array) => PartialSuccess
}

export function upstreamCodec(signal: Signal, encoding: "protobuf" | "json"): UpstreamCodec {
  const transformer = otlpTransformer()
  const serializers = {
    protobuf: {
      traces: transformer.ProtobufTraceSerializer,
      logs: transformer.ProtobufLogsSerializer,
      metrics: transformer.ProtobufMetricsSerializer,
    },
    json: {
      traces: transformer.JsonTraceSerializer,
      logs: transformer.JsonLogsSerializer,
      metrics: transformer.JsonMetricsSerializer,
    },
  }
  const serializer = serializers[encoding][signal] as unknown as ISerializer<unknown, Answer>
  return {
    encode: (items) => serializer.serializeRequest(items),
    decode: (answer) => {
      const partial = serializer.deserializeResponse(answer).partialSuccess
      const rejected = Number(
        partial?.rejectedSpans ?? partial?.rejectedLogRecords ?? partial?.rejectedDataPoints ?? 0,
      )
      return { rejected, message: partial?.errorMessage ?? "" }
    },
  }
}
