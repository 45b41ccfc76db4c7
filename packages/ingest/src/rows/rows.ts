// The row of every table that `insert` takes.
import type { Column } from "../columns/column.ts"
import type { TableName } from "../tables.ts"
import { type LogRow, type SessionRow, logColumns, sessionColumns } from "./logs.ts"
import {
  type ExponentialHistogramRow,
  type GaugeRow,
  type HistogramRow,
  type SumRow,
  type SummaryRow,
  exponentialHistogramColumns,
  gaugeColumns,
  histogramColumns,
  sumColumns,
  summaryColumns,
} from "./metrics.ts"
import { type TraceRow, traceColumns } from "./traces.ts"

export interface Rows {
  otel_traces: TraceRow
  otel_logs: LogRow
  hyperdx_sessions: SessionRow
  otel_metrics_gauge: GaugeRow
  otel_metrics_sum: SumRow
  otel_metrics_histogram: HistogramRow
  otel_metrics_exponential_histogram: ExponentialHistogramRow
  otel_metrics_summary: SummaryRow
}

export interface RowType {
  readonly columns: Readonly<Record<string, Column<never>>>
  /** Fields without which a row says nothing. */
  readonly required: readonly string[]
}

const point = ["TimeUnix", "MetricName"]

export const rowTypes: { readonly [Table in TableName]: RowType } = {
  otel_traces: { columns: traceColumns, required: ["Timestamp", "TraceId", "SpanId", "SpanName"] },
  otel_logs: { columns: logColumns, required: ["Timestamp"] },
  hyperdx_sessions: { columns: sessionColumns, required: ["Timestamp"] },
  otel_metrics_gauge: { columns: gaugeColumns, required: [...point, "Value"] },
  otel_metrics_sum: { columns: sumColumns, required: [...point, "Value"] },
  otel_metrics_histogram: { columns: histogramColumns, required: [...point, "Count"] },
  otel_metrics_exponential_histogram: { columns: exponentialHistogramColumns, required: [...point, "Count"] },
  otel_metrics_summary: { columns: summaryColumns, required: [...point, "Count"] },
}
