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
  const logs = await newestFirst(ask, "otel_logs", query, limit, (range) =>
    readPage(ask, { ...query, ...range }, limit),
  )
  return { logs, next: logs.length >= limit ? logs.at(-1)?.time : undefined }
}

/**
 * The newest logs, and all of the last one's moment. Not by LIMIT WITH TIES: that reads every column of all rows that
 * match, while without it ClickHouse sorts the times alone and then reads the rest of what stays.
 */
async function readPage(ask: Ask, filter: LogFilter, limit: number): Promise<Log[]> {
  const logs = await select(ask, filter, `LIMIT ${limit + 1}`)
  const last = logs[limit - 1]?.time
  if (last === undefined || logs[limit]?.time !== last) return logs.slice(0, limit)
  const moment = { from: last, to: isoOfNanos(nanosOf(last, "from") + 1n) }
  return [...logs.filter(({ time }) => time !== last), ...(await select(ask, { ...filter, ...moment }))]
}

function select(ask: Ask, filter: LogFilter, limit = ""): Promise<Log[]> {
  const { where, params } = logConditions(filter)
  return ask<Log>(
    `SELECT ${logColumns} FROM otel_logs WHERE ${where} ORDER BY Timestamp DESC ${limit}`,
    params,
  )
}
