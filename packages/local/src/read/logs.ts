// Logs, newest first, page by page.
import { type Ask, type LogFilter, limitOf, logConditions } from "./filter.ts"
import { isoText } from "./iso-time.ts"
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
  const rows = await newestFirst(ask, "otel_logs", query, limit, (range) => {
    const { where, params } = logConditions({ ...query, ...range })
    return ask<Log>(
      `SELECT ${logColumns} FROM otel_logs WHERE ${where} ORDER BY Timestamp DESC LIMIT ${limit} WITH TIES`,
      params,
    )
  })
  const logs = rows
  return { logs, next: logs.length >= limit ? logs.at(-1)?.time : undefined }
}
