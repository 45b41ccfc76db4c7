// Metric points as rows of the five metrics tables. OpenTelemetry's SDK has neither exemplars nor summaries nor point
// flags; a receiver of OTLP does, and puts them beside the SDK's fields.
import { array } from "../columns/array.ts"
import type { Column } from "../columns/column.ts"
import { type Attributes, map } from "../columns/map.ts"
import { bool, float64, int32, uint32, uint64 } from "../columns/number.ts"
import { string } from "../columns/string.ts"
import { dateTime } from "../columns/time.ts"
import type { HrTime, Time } from "../time.ts"
import type { Columns, Fields } from "./fields.ts"
import { type Resource, type Scope, serviceName } from "./origin.ts"
import { idText } from "./traces.ts"

interface MetricRow {
  ResourceAttributes?: Attributes
  ResourceSchemaUrl?: string
  ScopeName?: string
  ScopeVersion?: string
  ScopeAttributes?: Attributes
  ScopeDroppedAttrCount?: number
  ScopeSchemaUrl?: string
  ServiceName?: string
  MetricName: string
  MetricDescription?: string
  MetricUnit?: string
  Attributes?: Attributes
  StartTimeUnix?: Time
  TimeUnix: Time
  Flags?: number
}

interface ExemplarFields {
  "Exemplars.FilteredAttributes"?: readonly Attributes[]
  "Exemplars.TimeUnix"?: readonly Time[]
  "Exemplars.Value"?: readonly number[]
  "Exemplars.SpanId"?: readonly string[]
  "Exemplars.TraceId"?: readonly string[]
}

export interface GaugeRow extends MetricRow, ExemplarFields {
  Value: number
}

export interface SumRow extends GaugeRow {
  AggregationTemporality?: number
  IsMonotonic?: boolean
}

interface DistributionRow extends MetricRow, ExemplarFields {
  Count: number | bigint
  Sum?: number
  Min?: number
  Max?: number
  AggregationTemporality?: number
}

export interface HistogramRow extends DistributionRow {
  BucketCounts?: readonly (number | bigint)[]
  ExplicitBounds?: readonly number[]
}

export interface ExponentialHistogramRow extends DistributionRow {
  Scale?: number
  ZeroCount?: number | bigint
  PositiveOffset?: number
  PositiveBucketCounts?: readonly (number | bigint)[]
  NegativeOffset?: number
  NegativeBucketCounts?: readonly (number | bigint)[]
}

export interface SummaryRow extends MetricRow {
  Count: number | bigint
  Sum?: number
  "ValueAtQuantiles.Quantile"?: readonly number[]
  "ValueAtQuantiles.Value"?: readonly number[]
}

const metricColumns: Columns<MetricRow> = {
  ResourceAttributes: map,
  ResourceSchemaUrl: string,
  ScopeName: string,
  ScopeVersion: string,
  ScopeAttributes: map,
  ScopeDroppedAttrCount: uint32,
  ScopeSchemaUrl: string,
  ServiceName: string,
  MetricName: string,
  MetricDescription: string,
  MetricUnit: string,
  Attributes: map,
  StartTimeUnix: dateTime,
  TimeUnix: dateTime,
  Flags: uint32,
}

const exemplarColumns: Columns<ExemplarFields> = {
  "Exemplars.FilteredAttributes": array(map),
  "Exemplars.TimeUnix": array(dateTime),
  "Exemplars.Value": array(float64 as Column<number>),
  "Exemplars.SpanId": array(string),
  "Exemplars.TraceId": array(string),
}

const distributionColumns: Columns<DistributionRow> = {
  ...metricColumns,
  ...exemplarColumns,
  Count: uint64,
  Sum: float64,
  Min: float64,
  Max: float64,
  AggregationTemporality: int32,
}

export const gaugeColumns: Columns<GaugeRow> = { ...metricColumns, ...exemplarColumns, Value: float64 }

export const sumColumns: Columns<SumRow> = {
  ...gaugeColumns,
  AggregationTemporality: int32,
  IsMonotonic: bool,
}

export const histogramColumns: Columns<HistogramRow> = {
  ...distributionColumns,
  BucketCounts: array(uint64),
  ExplicitBounds: array(float64 as Column<number>),
}

export const exponentialHistogramColumns: Columns<ExponentialHistogramRow> = {
  ...distributionColumns,
  Scale: int32,
  ZeroCount: uint64,
  PositiveOffset: int32,
  PositiveBucketCounts: array(uint64),
  NegativeOffset: int32,
  NegativeBucketCounts: array(uint64),
}

export const summaryColumns: Columns<SummaryRow> = {
  ...metricColumns,
  Count: uint64,
  Sum: float64,
  "ValueAtQuantiles.Quantile": array(float64 as Column<number>),
  "ValueAtQuantiles.Value": array(float64 as Column<number>),
}

/** What is read of OpenTelemetry's ResourceMetrics, of 2.x and 3.x alike. */
export interface Metrics {
  readonly resource: Resource
  readonly scopeMetrics: readonly { readonly scope: Scope; readonly metrics: readonly Metric[] }[]
}

interface Metric {
  readonly descriptor: { readonly name: string; readonly description: string; readonly unit: string }
  readonly dataPointType: number
  readonly aggregationTemporality: number
  readonly isMonotonic?: boolean | undefined
  readonly dataPoints: readonly DataPoint<unknown>[]
}

interface DataPoint<Value> {
  readonly startTime: HrTime
  readonly endTime: HrTime
  readonly attributes: Attributes
  readonly value: Value
  readonly flags?: number | undefined
  readonly exemplars?: readonly Exemplar[] | undefined
}

interface Exemplar {
  readonly value: number | bigint
  readonly time: HrTime
  readonly filteredAttributes: Attributes
  readonly spanId?: string | undefined
  readonly traceId?: string | undefined
}

interface Distribution {
  readonly count: number | bigint
  readonly sum?: number | undefined
  readonly min?: number | undefined
  readonly max?: number | undefined
}

interface Histogram extends Distribution {
  readonly buckets: { readonly boundaries: readonly number[]; readonly counts: readonly (number | bigint)[] }
}

interface Buckets {
  readonly offset: number
  readonly bucketCounts: readonly (number | bigint)[]
}

interface ExponentialHistogram extends Distribution {
  readonly scale: number
  readonly zeroCount: number | bigint
  readonly positive: Buckets
  readonly negative: Buckets
}

interface Summary {
  readonly count: number | bigint
  readonly sum: number
  readonly quantiles: readonly { readonly quantile: number; readonly value: number }[]
}

/** A data point and all that it belongs to. */
export interface Point<Value = unknown> {
  readonly resource: Resource
  readonly scope: Scope
  readonly metric: Metric
  readonly point: DataPoint<Value>
}

const metricFields: Fields<Point, MetricRow> = {
  ResourceAttributes: ({ resource }) => resource.attributes,
  ResourceSchemaUrl: ({ resource }) => resource.schemaUrl,
  ScopeName: ({ scope }) => scope.name,
  ScopeVersion: ({ scope }) => scope.version,
  ScopeAttributes: ({ scope }) => scope.attributes,
  ScopeDroppedAttrCount: ({ scope }) => scope.droppedAttributesCount,
  ScopeSchemaUrl: ({ scope }) => scope.schemaUrl,
  ServiceName: ({ resource }) => serviceName(resource),
  MetricName: ({ metric }) => metric.descriptor.name,
  MetricDescription: ({ metric }) => metric.descriptor.description,
  MetricUnit: ({ metric }) => metric.descriptor.unit,
  Attributes: ({ point }) => point.attributes,
  StartTimeUnix: ({ point }) => point.startTime,
  TimeUnix: ({ point }) => point.endTime,
  Flags: ({ point }) => point.flags,
}

const exemplarFields: Fields<Point, ExemplarFields> = {
  "Exemplars.FilteredAttributes": ({ point }) => point.exemplars?.map((one) => one.filteredAttributes),
  "Exemplars.TimeUnix": ({ point }) => point.exemplars?.map((one) => one.time),
  "Exemplars.Value": ({ point }) => point.exemplars?.map((one) => Number(one.value)),
  "Exemplars.SpanId": ({ point }) => point.exemplars?.map((one) => idText(one.spanId)),
  "Exemplars.TraceId": ({ point }) => point.exemplars?.map((one) => idText(one.traceId)),
}

// OTLP counts from 1 where OpenTelemetry's SDK counts from 0.
const temporality = ({ metric }: Point): number => metric.aggregationTemporality + 1

const distributionFields: Fields<Point<Distribution>, DistributionRow> = {
  ...metricFields,
  ...exemplarFields,
  Count: ({ point }) => point.value.count,
  Sum: ({ point }) => point.value.sum,
  Min: ({ point }) => point.value.min,
  Max: ({ point }) => point.value.max,
  AggregationTemporality: temporality,
}

export const gaugeFields: Fields<Point<number>, GaugeRow> = {
  ...metricFields,
  ...exemplarFields,
  Value: ({ point }) => point.value,
}

export const sumFields: Fields<Point<number>, SumRow> = {
  ...gaugeFields,
  AggregationTemporality: temporality,
  IsMonotonic: ({ metric }) => metric.isMonotonic,
}

export const histogramFields: Fields<Point<Histogram>, HistogramRow> = {
  ...distributionFields,
  BucketCounts: ({ point }) => point.value.buckets.counts,
  ExplicitBounds: ({ point }) => point.value.buckets.boundaries,
}

export const exponentialHistogramFields: Fields<Point<ExponentialHistogram>, ExponentialHistogramRow> = {
  ...distributionFields,
  Scale: ({ point }) => point.value.scale,
  ZeroCount: ({ point }) => point.value.zeroCount,
  PositiveOffset: ({ point }) => point.value.positive.offset,
  PositiveBucketCounts: ({ point }) => point.value.positive.bucketCounts,
  NegativeOffset: ({ point }) => point.value.negative.offset,
  NegativeBucketCounts: ({ point }) => point.value.negative.bucketCounts,
}

export const summaryFields: Fields<Point<Summary>, SummaryRow> = {
  ...metricFields,
  Count: ({ point }) => point.value.count,
  Sum: ({ point }) => point.value.sum,
  "ValueAtQuantiles.Quantile": ({ point }) => point.value.quantiles.map((one) => one.quantile),
  "ValueAtQuantiles.Value": ({ point }) => point.value.quantiles.map((one) => one.value),
}
