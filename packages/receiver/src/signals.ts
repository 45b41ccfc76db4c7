// What differs between the three signals, in one table.
import { logsFromJson } from "./json/logs.ts"
import { metricsFromJson } from "./json/metrics.ts"
import { tracesFromJson } from "./json/traces.ts"
import { logsFromProtobuf } from "./wire/logs.ts"
import { metricsFromProtobuf } from "./wire/metrics.ts"
import { tracesFromProtobuf } from "./wire/traces.ts"

export type Signal = "traces" | "logs" | "metrics"

interface SignalFacts {
  readonly path: string
  readonly service: string
  /** The name of the partial success's counter in JSON; in protobuf it is field 1 for all. */
  readonly rejectedField: string
  readonly fromProtobuf: (bytes: Uint8Array) => unknown[]
  readonly fromJson: (bytes: Uint8Array) => unknown[]
}

export const signals: Readonly<Record<Signal, SignalFacts>> = {
  traces: {
    path: "/v1/traces",
    service: "opentelemetry.proto.collector.trace.v1.TraceService",
    rejectedField: "rejectedSpans",
    fromProtobuf: tracesFromProtobuf,
    fromJson: tracesFromJson,
  },
  logs: {
    path: "/v1/logs",
    service: "opentelemetry.proto.collector.logs.v1.LogsService",
    rejectedField: "rejectedLogRecords",
    fromProtobuf: logsFromProtobuf,
    fromJson: logsFromJson,
  },
  metrics: {
    path: "/v1/metrics",
    service: "opentelemetry.proto.collector.metrics.v1.MetricsService",
    rejectedField: "rejectedDataPoints",
    fromProtobuf: metricsFromProtobuf,
    fromJson: metricsFromJson,
  },
}

export const signalNames: readonly Signal[] = ["traces", "logs", "metrics"]
