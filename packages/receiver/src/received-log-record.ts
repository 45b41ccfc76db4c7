// A log record as received. What a sender left out is left out.
import type { AnyValue, LogAttributes, SeverityNumber } from "@opentelemetry/api-logs"
import type { HrTime, SpanContext } from "@opentelemetry/api"
import type { ReceivedLogRecord, ReceivedResource, ReceivedScope } from "./currency.ts"
import { contextOf } from "./received-span.ts"

export class LogRecordFromWire implements ReceivedLogRecord {
  hrTime: HrTime = [0, 0]
  hrTimeObserved: HrTime = [0, 0]
  declare severityNumber?: SeverityNumber
  declare severityText?: string
  declare body?: AnyValue
  declare eventName?: string
  attributes: LogAttributes = {}
  droppedAttributesCount = 0
  declare spanContext?: SpanContext
  declare flags?: number
  resource: ReceivedResource
  instrumentationScope: ReceivedScope

  constructor(resource: ReceivedResource, scope: ReceivedScope) {
    this.resource = resource
    this.instrumentationScope = scope
  }

  /** Called when all fields are read: ids and flags together are the context. */
  setSpan(traceId: string, spanId: string): void {
    if (traceId === "" && spanId === "" && this.flags === undefined) return
    this.spanContext = contextOf(traceId, spanId, (this.flags ?? 0) & 0xff, "")
  }
}
