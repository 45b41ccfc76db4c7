// Log records as rows of otel_logs, and those that carry session replay as rows of hyperdx_sessions.
import { type Attributes, map } from "../columns/map.ts"
import { uint8 } from "../columns/number.ts"
import { string } from "../columns/string.ts"
import { dateTime64 } from "../columns/time.ts"
import { spell } from "../spell.ts"
import type { HrTime, Time } from "../time.ts"
import type { Columns, Fields } from "./fields.ts"
import { type Resource, type Scope, resourceAttributes, serviceName } from "./origin.ts"
import { idText } from "./traces.ts"

export interface SessionRow {
  Timestamp: Time
  TraceId?: string
  SpanId?: string
  TraceFlags?: number
  SeverityText?: string
  SeverityNumber?: number
  ServiceName?: string
  Body?: string
  ResourceSchemaUrl?: string
  ResourceAttributes?: Attributes
  ScopeSchemaUrl?: string
  ScopeName?: string
  ScopeVersion?: string
  ScopeAttributes?: Attributes
  LogAttributes?: Attributes
}

export interface LogRow extends SessionRow {
  EventName?: string
}

export const sessionColumns: Columns<SessionRow> = {
  Timestamp: dateTime64,
  TraceId: string,
  SpanId: string,
  TraceFlags: uint8,
  SeverityText: string,
  SeverityNumber: uint8,
  ServiceName: string,
  Body: string,
  ResourceSchemaUrl: string,
  ResourceAttributes: map,
  ScopeSchemaUrl: string,
  ScopeName: string,
  ScopeVersion: string,
  ScopeAttributes: map,
  LogAttributes: map,
}

export const logColumns: Columns<LogRow> = { ...sessionColumns, EventName: string }

/** What is read of OpenTelemetry's ReadableLogRecord, of 2.x and 3.x alike. */
export interface LogRecord {
  readonly hrTime: HrTime
  readonly hrTimeObserved: HrTime
  readonly spanContext?:
    | { readonly traceId: string; readonly spanId: string; readonly traceFlags: number }
    | undefined
  readonly severityText?: string | undefined
  readonly severityNumber?: number | undefined
  readonly body?: unknown
  readonly eventName?: string | undefined
  readonly resource: Resource
  readonly instrumentationScope: Scope
  readonly attributes: Attributes
}

export const sessionFields: Fields<LogRecord, SessionRow> = {
  Timestamp: (log) => (isUnset(log.hrTime) ? log.hrTimeObserved : log.hrTime),
  TraceId: (log) => idText(log.spanContext?.traceId),
  SpanId: (log) => idText(log.spanContext?.spanId),
  TraceFlags: (log) => log.spanContext?.traceFlags,
  SeverityText: (log) => log.severityText,
  SeverityNumber: (log) => log.severityNumber,
  ServiceName: (log) => serviceName(log.resource),
  Body: (log) => spell(log.body),
  ResourceSchemaUrl: (log) => log.resource.schemaUrl,
  ResourceAttributes: (log) => resourceAttributes(log.resource, log.attributes),
  ScopeSchemaUrl: (log) => log.instrumentationScope.schemaUrl,
  ScopeName: (log) => log.instrumentationScope.name,
  ScopeVersion: (log) => log.instrumentationScope.version,
  ScopeAttributes: (log) => log.instrumentationScope.attributes,
  LogAttributes: (log) => log.attributes,
}

export const logFields: Fields<LogRecord, LogRow> = { ...sessionFields, EventName: (log) => log.eventName }

/** Session replay arrives as logs; ClickStack keeps them in a table of their own. */
export function isSessionReplay(log: LogRecord): boolean {
  try {
    return log.attributes["rr-web.event"] !== undefined
  } catch {
    // The encoder finds out that this record cannot be read, and leaves it out.
    return false
  }
}

const isUnset = (time: HrTime): boolean => time[0] === 0 && time[1] === 0
