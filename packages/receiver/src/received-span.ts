// A span as received. Its context is made when somebody asks for it, its duration is computed; everything else
// is a field, so that copies and comparisons see it.
import type { Attributes, HrTime, SpanContext, SpanKind, SpanStatus } from "@opentelemetry/api"
import type { ReadableSpan } from "@opentelemetry/sdk-trace-base"
import {
  type ReceivedLink,
  type ReceivedResource,
  type ReceivedScope,
  type ReceivedSpan,
  UNSPECIFIED,
} from "./currency.ts"
import { ReceivedTraceState } from "./received-trace-state.ts"

type TimedEvent = ReadableSpan["events"][number]

const SAMPLED = 1
const HAS_IS_REMOTE = 0x100
const IS_REMOTE = 0x200

export class SpanFromWire implements ReceivedSpan {
  name = ""
  kind: SpanKind = UNSPECIFIED as SpanKind
  traceId = ""
  spanId = ""
  traceState = ""
  flags: number | undefined = undefined
  declare parentSpanContext?: SpanContext
  startTime: HrTime = [0, 0]
  endTime: HrTime = [0, 0]
  status: SpanStatus = { code: 0 }
  attributes: Attributes = {}
  events: TimedEvent[] = []
  links: ReceivedLink[] = []
  droppedAttributesCount = 0
  droppedEventsCount = 0
  droppedLinksCount = 0
  ended = true
  resource: ReceivedResource
  instrumentationScope: ReceivedScope

  constructor(resource: ReceivedResource, scope: ReceivedScope) {
    this.resource = resource
    this.instrumentationScope = scope
  }

  spanContext(): SpanContext {
    // The flags' remote bits speak of the parent, not of the span itself.
    return contextOf(this.traceId, this.spanId, (this.flags ?? SAMPLED) & 0xff, this.traceState)
  }

  /** Called when all fields are read: the parent's context needs the span's trace id and flags. */
  setParent(spanId: string): void {
    if (spanId !== "") this.parentSpanContext = contextOf(this.traceId, spanId, this.flags ?? SAMPLED, "")
  }

  get duration(): HrTime {
    const [startSeconds, startNanos] = this.startTime
    const [endSeconds, endNanos] = this.endTime
    const nanos = endNanos - startNanos
    return nanos < 0
      ? [endSeconds - startSeconds - 1, nanos + 1_000_000_000]
      : [endSeconds - startSeconds, nanos]
  }
}

/** The context that OTLP's ids, flags and trace state describe. */
export function contextOf(traceId: string, spanId: string, flags: number, traceState: string): SpanContext {
  const context: SpanContext = { traceId, spanId, traceFlags: flags & 0xff }
  if (flags & HAS_IS_REMOTE) context.isRemote = (flags & IS_REMOTE) !== 0
  if (traceState !== "") context.traceState = new ReceivedTraceState(traceState)
  return context
}
