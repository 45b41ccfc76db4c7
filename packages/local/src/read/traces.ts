// Traces, newest first: one line each, summed up from all of its spans.
import { type Ask, type SpanFilter, limitOf, spanConditions } from "./filter.ts"
import { isoText } from "./iso-time.ts"
import { newestFirst } from "./newest-first.ts"
import { type SpanTextIndex, readSpanTextIndex, selectByIndex } from "./span-text-index.ts"

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

// So many spans are searched for a text as they are: to look among all texts that attributes have costs more.
const rowsAsTheyAre = 200_000

/** Traces of which at least one span matches. */
export async function readTraces(
  ask: Ask,
  query: TraceQuery = {},
  rowsAtFirst: number = rowsAsTheyAre,
): Promise<TraceSummary[]> {
  const limit = limitOf(query.limit, 50, 500)
  const { text = "" } = query
  let index: Promise<SpanTextIndex | undefined> | undefined
  const ids = await newestFirst(
    ask,
    "otel_traces",
    query,
    limit,
    async (range, _missing, isSmall) => {
      const filter = { ...query, ...range }
      const known = text === "" || isSmall ? undefined : await (index ??= readSpanTextIndex(ask, text))
      return newestIds(ask, filter, limit, known)
    },
    (id) => id,
    text === "" ? {} : { rowsAtFirst },
  )
  if (ids.length === 0) return []
  return ask<TraceSummary>(
    `SELECT TraceId AS traceId, ${isoText("min(Timestamp)")} AS time,
       (max(toUnixTimestamp64Nano(Timestamp) + toInt64(Duration)) - min(toUnixTimestamp64Nano(Timestamp))) / 1e6 AS durationMs,
       argMin(SpanName, (ParentSpanId != '', Timestamp)) AS name,
       argMin(ServiceName, (ParentSpanId != '', Timestamp)) AS service,
       arraySort(groupUniqArray(ServiceName)) AS services, toUInt32(count()) AS spans,
       toUInt32(countIf(StatusCode = 'Error')) AS errors
     FROM otel_traces WHERE TraceId IN {ids:Array(String)}
     GROUP BY TraceId ORDER BY min(Timestamp) DESC`,
    { ids: ids.slice(0, limit) },
  )
}

// Enough for the traces of a page, unless they have very many spans each.
const mostNewest = 1000

async function newestIds(
  ask: Ask,
  filter: SpanFilter,
  limit: number,
  index: SpanTextIndex | undefined,
): Promise<string[]> {
  const { where, params, settings } = spanConditions(filter)
  const select = (end: string) =>
    ask<{ id: string }>(`SELECT TraceId AS id FROM otel_traces WHERE ${where} ${end}`, params)
  if (filter.text !== undefined && filter.text !== "") {
    // A common text is in so many traces that they are not worth being counted up.
    const newest = await (index === undefined
      ? select(`ORDER BY Timestamp DESC LIMIT ${mostNewest}${settings}`)
      : selectByIndex(ask, filter, index, mostNewest))
    const ids = [...new Set(newest.map(({ id }) => id))]
    if (ids.length >= limit || newest.length < mostNewest) return ids
  }
  const rows = await select(`GROUP BY TraceId ORDER BY max(Timestamp) DESC LIMIT ${limit}${settings}`)
  return rows.map(({ id }) => id)
}
