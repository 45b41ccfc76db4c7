// Turns a destination's exporters into sinks, which makes a receiver an agent: it answers a sender with success when
// the exporter has succeeded.
import { context } from "@opentelemetry/api"
import { type ExportResult, ExportResultCode, suppressTracing } from "@opentelemetry/core"
import type { LogRecordExporter } from "@opentelemetry/sdk-logs"
import type { PushMetricExporter } from "@opentelemetry/sdk-metrics"
import type { SpanExporter } from "@opentelemetry/sdk-trace-base"
import type { ReceivedLogRecord, ReceivedMetrics, ReceivedSpan } from "./currency.ts"
import { ReceiverError } from "./receiver-error.ts"
import type { Sink } from "./sink.ts"
import { withoutBigints } from "./without-bigints.ts"

/** Where telemetry goes: exporters of OpenTelemetry's SDK. A signal without one is not taken. */
export interface Destination {
  spans?: SpanExporter
  logs?: LogRecordExporter
  metrics?: PushMetricExporter
  /**
   * Whether the exporters know integers beyond 2^53 as bigints. OpenTelemetry's own do not (they would send an empty
   * value, or fail the batch), so without it they get the nearest number, which is what an app's SDK would have.
   */
  bigints?: boolean
}

export interface DestinationSinks {
  traces?: Sink<ReceivedSpan>
  logs?: Sink<ReceivedLogRecord>
  metrics?: Sink<ReceivedMetrics>
}

export function forward(destination: Destination): DestinationSinks {
  const { spans, logs, metrics } = destination
  const fit = destination.bigints === true ? <T>(data: T): T => data : withoutBigints
  const sinks: DestinationSinks = {}
  if (spans) sinks.traces = (data) => exported((done) => spans.export(fit(data), done))
  if (logs) sinks.logs = (data) => exported((done) => logs.export(fit(data), done))
  if (metrics) {
    sinks.metrics = async (data) => {
      // An exporter takes one resource at a time.
      for (const one of fit(data)) await exported((done) => metrics.export(one, done))
    }
  }
  return sinks
}

function exported(run: (done: (result: ExportResult) => void) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    // As the SDK's processors do: an exporter's own requests are not traced.
    context.with(suppressTracing(context.active()), () => {
      run((result) => {
        if (result.code === ExportResultCode.SUCCESS) resolve()
        else reject(failure(result.error ?? new Error("the exporter failed and gave no error")))
      })
    })
  })
}

/** HTTP statuses, and gRPC's INVALID_ARGUMENT, of which OTLP says that the same request will never be taken. */
const permanent: ReadonlySet<unknown> = new Set([400, 415, 422, 3])

/** What the next hop said of the data, the sender hears too; of everything else only that it failed. */
function failure(error: Error & { code?: unknown }): Error {
  if (error.code === 413) {
    return new ReceiverError(
      "TOO_LARGE",
      "the destination takes only smaller requests; send smaller batches",
      {
        cause: error,
      },
    )
  }
  return permanent.has(error.code) ? Object.assign(error, { retryable: false }) : error
}
