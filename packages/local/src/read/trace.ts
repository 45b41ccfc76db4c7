// One trace: all its spans, in the order in which they began, and its logs.
import type { Ask } from "./filter.ts"
import { isoText } from "./iso-time.ts"
import { type Log, logColumns } from "./logs.ts"

export interface SpanEvent {
  time: string
  name: string
  attributes: Record<string, string>
}

export interface SpanLink {
  traceId: string
  spanId: string
  attributes: Record<string, string>
}

export interface Span {
  traceId: string
  spanId: string
  parentSpanId: string
  time: string
  durationMs: number
  service: string
  name: string
  kind: string
  status: string
  statusMessage: string
  attributes: Record<string, string>
  resource: Record<string, string>
  scope: string
  events: SpanEvent[]
  links: SpanLink[]
}

export interface Trace {
  traceId: string
  spans: Span[]
  logs: Log[]
  /** Whether there is more of it than is read at once. */
  truncated: boolean
}

const mostRows = 10_000

interface SpanRow extends Omit<Span, "events" | "links"> {
  eventTimes: string[]
  eventNames: string[]
  eventAttributes: Record<string, string>[]
  linkTraceIds: string[]
  linkSpanIds: string[]
  linkAttributes: Record<string, string>[]
}

/** Undefined when nothing of it is here. */
export async function readTrace(ask: Ask, traceId: string): Promise<Trace | undefined> {
  const id = traceId.toLowerCase()
  const rows = await ask<SpanRow>(
    `SELECT TraceId AS traceId, SpanId AS spanId, ParentSpanId AS parentSpanId, ${isoText("Timestamp")} AS time,
       Duration / 1e6 AS durationMs, ServiceName AS service, SpanName AS name, SpanKind AS kind, StatusCode AS status,
       StatusMessage AS statusMessage, SpanAttributes AS attributes, ResourceAttributes AS resource,
       ScopeName AS scope, arrayMap(at -> ${isoText("at")}, Events.Timestamp) AS eventTimes,
       Events.Name AS eventNames, Events.Attributes AS eventAttributes, Links.TraceId AS linkTraceIds,
       Links.SpanId AS linkSpanIds, Links.Attributes AS linkAttributes
     FROM otel_traces WHERE TraceId = {id:String} ORDER BY Timestamp, Duration DESC LIMIT ${mostRows}`,
    { id },
  )
  const logs = await ask<Log>(
    `SELECT ${logColumns} FROM otel_logs WHERE TraceId = {id:String} ORDER BY Timestamp LIMIT ${mostRows}`,
    { id },
  )
  if (rows.length === 0 && logs.length === 0) return undefined
  return {
    traceId: id,
    spans: rows.map(toSpan),
    logs,
    truncated: rows.length === mostRows || logs.length === mostRows,
  }
}

function toSpan(row: SpanRow): Span {
  const { eventTimes, eventNames, eventAttributes, linkTraceIds, linkSpanIds, linkAttributes, ...span } = row
  return {
    ...span,
    time: span.time,
    events: eventNames.map((name, index) => ({
      time: eventTimes[index] ?? "",
      name,
      attributes: eventAttributes[index] ?? {},
    })),
    links: linkSpanIds.map((spanId, index) => ({
      traceId: linkTraceIds[index] ?? "",
      spanId,
      attributes: linkAttributes[index] ?? {},
    })),
  }
}
