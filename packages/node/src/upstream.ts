// `delivery: false`: OpenTelemetry's own batch processors and OTLP exporters as they are, given what is redacted.
import type { ExportResult } from "@opentelemetry/core"
import type { LogRecordExporter, LogRecordProcessor, SdkLogRecord } from "@opentelemetry/sdk-logs"
import type { PushMetricExporter } from "@opentelemetry/sdk-metrics"
import type { SpanExporter, SpanProcessor } from "@opentelemetry/sdk-trace-base"
import { authorizationFor } from "./api-key.ts"
import type { Config } from "./config.ts"
import {
  snapshotLogs,
  snapshotMetrics,
  type SnapshotOptions,
  snapshotSpans,
  uncapped,
} from "./delivery/snapshot.ts"
import type { Target } from "./destinations.ts"
import { exporterLogs, exporterMetrics, exporterTraces, sdkLogs, sdkTraceBase } from "./opentelemetry.ts"
import type { Parts } from "./pipeline.ts"
import type { Redaction } from "./redaction/redaction.ts"
import type { Signal } from "./signals.ts"
import { tlsFiles } from "./tls-files.ts"
import { untraced } from "./untraced.ts"

export function upstreamSpanProcessor(
  parts: Parts<SpanExporter>,
  target: Target<SpanExporter>,
): SpanProcessor {
  const { BatchSpanProcessor } = sdkTraceBase()
  const exporter = exporterOf("traces", parts.config, target)
  const processor = new BatchSpanProcessor(exporter, batchOptions(parts.config.traces))
  if (parts.redaction === undefined) return processor
  const { take } = snapshotSpans(redacting(parts.redaction))
  return {
    onStart: () => undefined,
    onEnd: (span) => processor.onEnd(take(span)),
    forceFlush: () => processor.forceFlush(),
    shutdown: () => processor.shutdown(),
  }
}

export function upstreamLogProcessor(
  parts: Parts<LogRecordExporter>,
  target: Target<LogRecordExporter>,
): LogRecordProcessor {
  const { BatchLogRecordProcessor } = sdkLogs()
  const processor = new BatchLogRecordProcessor({
    exporter: exporterOf("logs", parts.config, target),
    ...batchOptions(parts.config.logs),
  })
  if (parts.redaction === undefined) return processor
  const { take } = snapshotLogs(redacting(parts.redaction))
  return {
    onEmit: (record) => processor.onEmit(take(record) as unknown as SdkLogRecord),
    forceFlush: () => processor.forceFlush(),
    shutdown: () => processor.shutdown(),
  }
}

export function upstreamMetricExporter(
  parts: Parts<PushMetricExporter>,
  target: Target<PushMetricExporter>,
): PushMetricExporter {
  const exporter = exporterOf("metrics", parts.config, target)
  if (parts.redaction === undefined) return exporter
  const { take } = snapshotMetrics(redacting(parts.redaction))
  return {
    export: (collected, done) => exporter.export(take(collected), done),
    forceFlush: () => exporter.forceFlush(),
    shutdown: () => exporter.shutdown(),
    ...(exporter.selectAggregationTemporality && {
      selectAggregationTemporality: (type) => exporter.selectAggregationTemporality!(type),
    }),
    ...(exporter.selectAggregation && { selectAggregation: (type) => exporter.selectAggregation!(type) }),
  }
}

/** All that is done to the items before upstream has them. */
const redacting = ({ value, text }: Redaction): SnapshotOptions => ({
  caps: uncapped,
  redact: value,
  redactText: text,
})

/** What an exporter of the user's own prints is no log of the app's. */
function quietly<T>(exporter: Exporter<T>): Exporter<T> {
  return {
    export: (items, done) => untraced(() => exporter.export(items, done)),
    shutdown: () => untraced(() => exporter.shutdown()),
    forceFlush: async () => untraced(() => exporter.forceFlush?.()),
  }
}

interface Exporter<T> {
  export(items: T[], done: (result: ExportResult) => void): void
  shutdown(): Promise<void>
  forceFlush?(): Promise<void>
}

/** A destination of the user's own stays; OTLP becomes upstream's exporter. */
function exporterOf<E>(signal: Signal, config: Config, target: Target<E>): E {
  if (target.otlp === undefined) {
    return signal === "metrics" ? target.exporter : (quietly(target.exporter as Exporter<unknown>) as E)
  }
  const options = exporterOptions(signal, config)
  if (signal === "traces") {
    const { OTLPTraceExporter } = exporterTraces()
    return new OTLPTraceExporter(options) as E
  }
  if (signal === "logs") {
    const { OTLPLogExporter } = exporterLogs()
    return new OTLPLogExporter(options) as E
  }
  const { OTLPMetricExporter, AggregationTemporalityPreference } = exporterMetrics()
  const preferences = {
    cumulative: AggregationTemporalityPreference.CUMULATIVE,
    delta: AggregationTemporalityPreference.DELTA,
    lowmemory: AggregationTemporalityPreference.LOWMEMORY,
  }
  return new OTLPMetricExporter({
    ...options,
    temporalityPreference: preferences[config.metrics.temporality],
  }) as E
}

function exporterOptions(signal: Signal, config: Config) {
  const { endpoint, headers, timeout, compression, sendsApiKey } = config[signal]
  const authorization = authorizationFor(config)
  return {
    url: endpoint,
    timeoutMillis: timeout,
    compression: (compression === "none" ? "none" : "gzip") as never,
    httpAgentOptions: { keepAlive: true, ...tlsFiles(config[signal]) },
    headers: async () => {
      const key = sendsApiKey ? await authorization() : undefined
      return { ...(key === undefined ? {} : { authorization: key }), ...headers }
    },
  }
}

function batchOptions({ queueSize, batchSize, delay, exportTimeout }: Config["traces"]) {
  return {
    ...(queueSize === undefined ? {} : { maxQueueSize: queueSize }),
    ...(batchSize === undefined ? {} : { maxExportBatchSize: batchSize }),
    scheduledDelayMillis: delay,
    exportTimeoutMillis: exportTimeout,
  }
}
