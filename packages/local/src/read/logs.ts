// Logs, newest first, page by page.
import { type Ask, type LogFilter, limitOf, logConditions, nanosOf } from "./filter.ts"
import { isoOfNanos, isoText } from "./iso-time.ts"
import { newestFirst } from "./newest-first.ts"

export interface LogQuery extends LogFilter {
  /** Default 100, at most 1,000. Logs of the same moment stay on one page, which may make it longer. */
  limit?: number | undefined
}

export interface Log {
  time: string
  service: string
  level: string
  levelNumber: number
  body: string
  eventName: string
  traceId: string
  spanId: string
  attributes: Record<string, string>
  resource: Record<string, string>
  scope: string
}

export interface LogPage {
  logs: Log[]
  /** Give it as `to` to read on; undefined at the end. */
  next: string | undefined
}

export const logColumns: string = `${isoText("Timestamp")} AS time, ServiceName AS service, SeverityText AS level,
  SeverityNumber AS levelNumber, Body AS body, EventName AS eventName, TraceId AS traceId, SpanId AS spanId,
  LogAttributes AS attributes, ResourceAttributes AS resource, ScopeName AS scope`

export async function readLogs(ask: Ask, query: LogQuery = {}): Promise<LogPage> {
  const limit = limitOf(query.limit, 100, 1000)
  const logs =
    logConditions(query).settings === ""
      ? await newestFirst(ask, "otel_logs", query, limit, (range, missing) =>
          readPage(ask, { ...query, ...range }, missing),
        )
      : await readMoments(ask, query, limit)
  return { logs, next: logs.length >= limit ? logs.at(-1)?.time : undefined }
}

/**
 * The newest logs, and all of the last one's moment. Not by LIMIT WITH TIES: that reads every column of all rows that
 * match, while without it ClickHouse sorts the times alone and then reads the rest of what stays.
 */
async function readPage(ask: Ask, filter: LogFilter, limit: number): Promise<Log[]> {
  const logs = await select(ask, filter, { limit: `LIMIT ${limit + 1}` })
  const last = logs[limit - 1]?.time
  if (last === undefined || logs[limit]?.time !== last) return logs.slice(0, limit)
  const moment = { from: last, to: isoOfNanos(nanosOf(last, "from") + 1n) }
  return [...logs.filter(({ time }) => time !== last), ...(await select(ask, { ...filter, ...moment }))]
}

/**
 * The same for attributes: there only the older planner works, which reads all of a row that matches. So it is asked for
 * times.
 */
async function readMoments(ask: Ask, query: LogFilter, limit: number): Promise<Log[]> {
  const rows = await newestFirst(ask, "otel_logs", query, limit, (range, missing) => {
    const { where, params, settings } = logConditions({ ...query, ...range })
    return ask<{ moment: string }>(
      `SELECT toString(toUnixTimestamp64Nano(Timestamp)) AS moment FROM otel_logs WHERE ${where}
       ORDER BY Timestamp DESC LIMIT ${missing}${settings}`,
      params,
    )
  })
  const moments = [...new Set(rows.map(({ moment }) => moment))]
  const [newest, oldest] = [moments[0], moments.at(-1)]
  if (newest === undefined || oldest === undefined) return []
  const range = { from: isoOfNanos(BigInt(oldest)), to: isoOfNanos(BigInt(newest) + 1n) }
  const these = "fromUnixTimestamp64Nano(toInt64(arrayJoin({moments:Array(String)})))"
  // The five minutes are what the table is sorted by first.
  const prewhere = `PREWHERE toStartOfFiveMinutes(Timestamp) IN (SELECT toStartOfFiveMinutes(${these}))
    AND Timestamp IN (SELECT ${these})`
  return select(ask, { ...query, ...range }, { prewhere, params: { moments } })
}

interface More {
  prewhere?: string
  limit?: string
  params?: Record<string, unknown>
}

function select(ask: Ask, filter: LogFilter, { prewhere = "", limit = "", params = {} }: More = {}) {
  const { where, settings, params: own } = logConditions(filter)
  return ask<Log>(
    `SELECT ${logColumns} FROM otel_logs ${prewhere} WHERE ${where} ORDER BY Timestamp DESC ${limit}${settings}`,
    { ...own, ...params },
  )
}
