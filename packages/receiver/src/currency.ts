// What the receiver hands on: OpenTelemetry's own types, and beside them, as optional fields, what OTLP carries
// and those types lack. Declared here once; every exporter of the SDK takes these values as they are, and one
// that knows the extra fields reads them structurally.
//
// Integers of 64 bits are a `number` where that is exact (up to 2^53 - 1), else a `bigint`, also where
// OpenTelemetry's type says `number`. An AnyValue without a value is `undefined`; bytes are a Uint8Array.
import type { Attributes, HrTime, Link, SpanContext } from "@opentelemetry/api"
import type { LogAttributes } from "@opentelemetry/api-logs"
import type { InstrumentationScope } from "@opentelemetry/core"
import type { Resource } from "@opentelemetry/resources"
import type { ReadableLogRecord } from "@opentelemetry/sdk-logs"
import type {
  DataPoint,
  ExponentialHistogram,
  ExponentialHistogramMetricData,
  GaugeMetricData,
  HistogramMetricData,
  MetricDescriptor,
  ResourceMetrics,
  ScopeMetrics,
  SumMetricData,
} from "@opentelemetry/sdk-metrics"
import type { ReadableSpan } from "@opentelemetry/sdk-trace-base"

export interface ReceivedResource extends Resource {
  readonly droppedAttributesCount?: number
}

export interface ReceivedScope extends InstrumentationScope {
  readonly attributes?: Attributes & LogAttributes
  readonly droppedAttributesCount?: number
}

export interface ReceivedLink extends Link {
  /** The link's OTLP flags as sent. */
  readonly flags?: number | undefined
}

export interface ReceivedSpan extends ReadableSpan {
  readonly resource: ReceivedResource
  readonly instrumentationScope: ReceivedScope
  readonly links: ReceivedLink[]
  /**
   * The span's OTLP flags as sent: bits 0 to 7 are the W3C trace flags, bit 8 says that bit 9, "the parent is
   * remote", is known. Left out by the sender: undefined, and the trace flags say sampled, for it was exported.
   */
  readonly flags?: number | undefined
}

/** A span kind that the sender left unspecified. OTLP's numbers are OpenTelemetry's plus one, so its 0 is -1. */
export const UNSPECIFIED = -1

export interface ReceivedLogRecord extends ReadableLogRecord {
  readonly resource: ReceivedResource
  readonly instrumentationScope: ReceivedScope
  /** Left out when the record names no trace, no span and no flags; `traceFlags` are OTLP's `flags`, bits 0 to 7. */
  readonly spanContext?: SpanContext
  readonly flags?: number | undefined
}

export interface Exemplar {
  readonly value: number | bigint
  readonly time: HrTime
  readonly filteredAttributes: Attributes
  readonly spanId?: string
  readonly traceId?: string
}

export interface ReceivedDataPoint<T> extends DataPoint<T> {
  /** Bit 0: no value was recorded (a number point's value is then NaN). */
  readonly flags?: number | undefined
  readonly exemplars?: Exemplar[] | undefined
}

export interface ReceivedExponentialHistogram extends ExponentialHistogram {
  readonly zeroThreshold?: number
}

/** The `dataPointType` of a summary; those of OpenTelemetry's SDK end at 3. */
export const SUMMARY = 4

export interface Summary {
  count: number
  sum: number
  quantiles: { quantile: number; value: number }[]
}

export interface SummaryMetricData {
  readonly descriptor: MetricDescriptor
  readonly aggregationTemporality: number
  readonly dataPointType: typeof SUMMARY
  readonly dataPoints: ReceivedDataPoint<Summary>[]
  readonly metadata?: Attributes | undefined
}

interface Received<T> {
  readonly dataPoints: ReceivedDataPoint<T>[]
  /** OTLP's metric metadata. */
  readonly metadata?: Attributes | undefined
}

/** Every metric that OTLP can carry. One without a temporality has `aggregationTemporality` -1. */
export type ReceivedMetricData =
  | (SumMetricData & Received<number>)
  | (GaugeMetricData & Received<number>)
  | (HistogramMetricData & Received<HistogramMetricData["dataPoints"][number]["value"]>)
  | (ExponentialHistogramMetricData & Received<ReceivedExponentialHistogram>)
  | SummaryMetricData

export interface ReceivedScopeMetrics extends ScopeMetrics {
  scope: ReceivedScope
}

/**
 * A summary among `metrics` is there at run time with `dataPointType` SUMMARY, but the type, which has to stay
 * OpenTelemetry's, cannot say so: read a metric as `ReceivedMetricData` to see it.
 */
export interface ReceivedMetrics extends ResourceMetrics {
  resource: ReceivedResource
  scopeMetrics: ReceivedScopeMetrics[]
}
