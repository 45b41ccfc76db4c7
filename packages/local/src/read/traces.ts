// Traces, newest first: one line each, summed up from all of its spans.
import { type Ask, type SpanFilter, type TimeRange, limitOf, spanConditions } from "./filter.ts"
import { isoText } from "./iso-time.ts"
import { newestFirst } from "./newest-first.ts"

export interface TraceQuery extends SpanFilter {
  /** Default 50, at most 500. */
  limit?: number | undefined
}

export interface TraceSummary {
  traceId: string
  time: string
  durationMs: number
  /** The root span, or the first one where the root is not here. */
  name: string
  service: string
  services: string[]
  spans: number
  errors: number
}

/** Traces of which at least one span matches. */
export async function readTraces(ask: Ask, query: TraceQuery = {}): Promise<TraceSummary[]> {
  const limit = limitOf(query.limit, 50, 500)
  const newestIds = (range: TimeRange) => {
    const { where, params } = spanConditions({ ...query, ...range })
    return ask<{ id: string }>(
      `SELECT TraceId AS id FROM otel_traces WHERE ${where}
       GROUP BY TraceId ORDER BY max(Timestamp) DESC LIMIT ${limit}`,
      params,
    )
  }
  const ids = await newestFirst(ask, "otel_traces", query, limit, newestIds, ({ id }) => id)
  if (ids.length === 0) return []
  const rows = await ask<TraceSummary>(
    `SELECT TraceId AS traceId, ${isoText("min(Timestamp)")} AS time,
       (max(toUnixTimestamp64Nano(Timestamp) + toInt64(Duration)) - min(toUnixTimestamp64Nano(Timestamp))) / 1e6 AS durationMs,
       argMin(SpanName, (ParentSpanId != '', Timestamp)) AS name,
       argMin(ServiceName, (ParentSpanId != '', Timestamp)) AS service,
       arraySort(groupUniqArray(ServiceName)) AS services, toUInt32(count()) AS spans,
       toUInt32(countIf(StatusCode = 'Error')) AS errors
     FROM otel_traces WHERE TraceId IN {ids:Array(String)}
     GROUP BY TraceId ORDER BY min(Timestamp) DESC`,
    { ids: ids.slice(0, limit).map(({ id }) => id) },
  )
  return rows
}
