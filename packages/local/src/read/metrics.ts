// Which metrics there are, and the points of one of them.
import { type Ask, type TimeRange, badFilter, limitOf, rangeConditions } from "./filter.ts"
import { isoText } from "./iso-time.ts"

export type MetricKind = "gauge" | "sum" | "histogram" | "exponential_histogram" | "summary"

export interface MetricInfo {
  name: string
  kind: MetricKind
  unit: string
  description: string
  services: string[]
}

export interface MetricQuery extends TimeRange {
  name: string
  kind: MetricKind
  service?: string | undefined
  /** Default 1,000, at most 10,000; the newest ones. */
  limit?: number | undefined
}

export interface MetricPoint {
  time: string
  service: string
  attributes: Record<string, string>
  /** Of gauges and sums. */
  value?: number
  /** Of histograms and summaries. */
  count?: number
  sum?: number
  /** Of sums and histograms: 1 counts since the last point (delta), 2 since the start (cumulative). */
  temporality?: number
  /** Of sums: whether it only grows. */
  monotonic?: boolean
}

const values: Readonly<Record<MetricKind, string>> = {
  gauge: "Value AS value",
  sum: "Value AS value, AggregationTemporality AS temporality, IsMonotonic AS monotonic",
  histogram: "Count AS count, Sum AS sum, AggregationTemporality AS temporality",
  exponential_histogram: "Count AS count, Sum AS sum, AggregationTemporality AS temporality",
  summary: "Count AS count, Sum AS sum",
}

const kinds = Object.keys(values) as MetricKind[]

export async function readMetrics(ask: Ask, range: TimeRange = {}): Promise<MetricInfo[]> {
  const { where, params } = rangeConditions({ from: range.from ?? "24h", to: range.to }, "TimeUnix")
  const each = kinds.map(
    (kind) =>
      `SELECT MetricName AS name, '${kind}' AS kind, any(MetricUnit) AS unit, any(MetricDescription) AS description,
         arraySort(groupUniqArray(ServiceName)) AS services
       FROM otel_metrics_${kind} WHERE ${where} GROUP BY MetricName`,
  )
  return ask<MetricInfo>(`SELECT * FROM (${each.join(" UNION ALL ")}) ORDER BY name, kind LIMIT 5000`, params)
}

export async function readMetric(ask: Ask, query: MetricQuery): Promise<MetricPoint[]> {
  const { kind, name } = query
  if (!Object.hasOwn(values, kind)) throw badFilter("kind", kind, `one of ${kinds.join(", ")}`)
  const limit = limitOf(query.limit, 1000, 10_000)
  const { where, params } = rangeConditions(
    { from: query.from ?? "1h", to: query.to },
    "TimeUnix",
    query.service,
  )
  const rows = await ask<MetricPoint>(
    `SELECT ${isoText("TimeUnix")} AS time, ServiceName AS service, Attributes AS attributes, ${values[kind]}
     FROM otel_metrics_${kind} WHERE MetricName = {metric:String} AND ${where}
     ORDER BY TimeUnix DESC LIMIT ${limit}`,
    { ...params, metric: name },
  )
  return rows.reverse()
}
