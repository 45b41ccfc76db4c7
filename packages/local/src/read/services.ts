// The services that sent anything, with what their spans say of them.
import { type Ask, type TimeRange, rangeConditions } from "./filter.ts"

export interface Service {
  name: string
  /** Spans of requests that came to it (kinds Server and Consumer), weighted by their sample rate. */
  requests: number
  errors: number
  p50Ms: number
  p95Ms: number
  spans: number
  logs: number
}

const entry = "SpanKind IN ('Server', 'Consumer')"

export async function readServices(ask: Ask, range: TimeRange = {}): Promise<Service[]> {
  const { where, params } = rangeConditions({ from: range.from ?? "24h", to: range.to }, "Timestamp")
  return ask<Service>(
    `SELECT name, sum(requests) AS requests, sum(errors) AS errors, max(p50) AS p50Ms, max(p95) AS p95Ms,
       sum(spans) AS spans, sum(logs) AS logs
     FROM (
       SELECT ServiceName AS name, sumIf(SampleRate, ${entry}) AS requests,
         sumIf(SampleRate, ${entry} AND StatusCode = 'Error') AS errors,
         ifNotFinite(quantileIf(0.5)(Duration, ${entry}) / 1e6, 0) AS p50,
         ifNotFinite(quantileIf(0.95)(Duration, ${entry}) / 1e6, 0) AS p95, count() AS spans, 0 AS logs
       FROM otel_traces WHERE ${where} GROUP BY name
       UNION ALL
       SELECT ServiceName, 0, 0, 0, 0, 0, count() FROM otel_logs WHERE ${where} GROUP BY ServiceName
     )
     GROUP BY name ORDER BY name LIMIT 1000`,
    params,
  )
}
