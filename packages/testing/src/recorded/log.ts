// A log record as a test reads it.
import type { Attributes } from "../conventions/attributes.ts"
import { millisOf, type Scope, scopeOf, serviceOf, type SpanLike, type Time } from "./span.ts"

export type Severity = "TRACE" | "DEBUG" | "INFO" | "WARN" | "ERROR" | "FATAL"

export interface RecordedLog {
  readonly body: unknown
  /** From the number, else from the text; left out when the record has neither. */
  readonly severity?: Severity
  readonly severityText?: string
  readonly eventName?: string
  readonly attributes: Attributes
  /** Left out outside of a trace. */
  readonly traceId?: string
  readonly spanId?: string
  /** `session.id` of the record, else `rum.sessionId` of the resource. */
  readonly session?: string
  /** Milliseconds since 1970. */
  readonly time: number
  readonly service: string
  readonly resource: Attributes
  readonly scope: Scope
}

/** What is read of OpenTelemetry's log records, whatever their version. */
export interface LogLike {
  readonly hrTime: Time
  readonly hrTimeObserved?: Time
  readonly spanContext?: { readonly traceId: string; readonly spanId: string } | undefined
  readonly severityNumber?: number | undefined
  readonly severityText?: string | undefined
  readonly eventName?: string | undefined
  readonly body?: unknown
  readonly attributes: object
  readonly resource: { readonly attributes: object }
  readonly instrumentationScope: NonNullable<SpanLike["instrumentationScope"]>
}

const severities: readonly Severity[] = ["TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"]
const perSeverity = 4 // TRACE is 1 to 4, DEBUG 5 to 8, and so on

export function readLog(log: LogLike): RecordedLog {
  const severity = severityOf(log)
  const attributes: Attributes = { ...log.attributes }
  const session = attributes["session.id"] ?? (log.resource.attributes as Attributes)["rum.sessionId"]
  const time = millisOf(log.hrTime) || millisOf(log.hrTimeObserved ?? [0, 0])
  return {
    body: log.body,
    ...(severity === undefined ? {} : { severity }),
    ...(log.severityText ? { severityText: log.severityText } : {}),
    ...(log.eventName ? { eventName: log.eventName } : {}),
    attributes,
    ...(log.spanContext?.traceId ? { traceId: log.spanContext.traceId, spanId: log.spanContext.spanId } : {}),
    ...(typeof session === "string" ? { session } : {}),
    time,
    service: serviceOf(log.resource),
    resource: { ...log.resource.attributes },
    scope: scopeOf(log.instrumentationScope),
  }
}

function severityOf({ severityNumber = 0, severityText = "" }: LogLike): Severity | undefined {
  if (severityNumber > 0) return severities[Math.ceil(severityNumber / perSeverity) - 1]
  const text = severityText.toUpperCase()
  return severities.find((name) => text.startsWith(name))
}
