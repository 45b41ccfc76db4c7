// What a queue keeps of a span, a log record or a collection of metrics: redacted, plain, within the caps, and unchanged by
// whatever the app does to its objects later. Nearly every span is so already and is kept as it is: the check of one
// with eight attributes takes about 0.3 us and gives its size, which the queue needs anyway.
import type { Attributes, Link, SpanContext } from "@opentelemetry/api"
import type { AnyValue } from "@opentelemetry/api-logs"
import type { ReadableLogRecord } from "@opentelemetry/sdk-logs"
import type { ResourceMetrics } from "@opentelemetry/sdk-metrics"
import type { ReadableSpan } from "@opentelemetry/sdk-trace-base"
import {
  asText,
  asTime,
  count,
  isPlainScope,
  isSeverity,
  isTime,
  isUpTo,
  now,
  plainScope,
  spanKinds,
  statusCodes,
  writtenState,
} from "./plain-fields.ts"
import { type LogFields, plainSpan, plainTraceState } from "./plain-telemetry.ts"
import {
  type Caps,
  createPlain,
  define,
  isPlainNumber,
  isWellFormed,
  type Redact,
  redacted,
  type Room,
  shortened,
  textBytes,
} from "./plain-value.ts"

/** One kind of item made safe to keep. */
export interface Snapshot<T> {
  take(item: T): T
  /** The bytes that what `take` gave last holds in memory, roughly and rather too many. */
  bytes(): number
}

export interface SnapshotOptions {
  readonly caps: Caps
  readonly redact?: Redact | undefined
  /** Takes secrets out of what is no attribute: names, status messages. */
  readonly redactText?: ((text: string) => string) | undefined
}

export const defaultCaps: Caps = Object.freeze({
  valueBytes: 64 * 1024,
  recordBytes: 1024 * 1024,
  attributes: 128,
})

export const uncapped: Caps = Object.freeze({
  valueBytes: 2 ** 40,
  recordBytes: 2 ** 40,
  attributes: 2 ** 40,
})

// Measured as the growth of the heap by 100,000 of each, without what their attributes hold.
const spanBytes = 700
const logBytes = 400
const attributeBytes = 24
const eventBytes = 150
const pointBytes = 200

export function snapshotSpans({ caps, redact, redactText }: SnapshotOptions): Snapshot<ReadableSpan> {
  const plain = createPlain(caps, redact)
  const named = (given: unknown) => readableText(given, caps, redactText)
  let size = 0

  /** Adds to `size`; false for what has to be copied. */
  function arePlain(attributes: Attributes | undefined): boolean {
    let attributeCount = 0
    for (const key in attributes) {
      const value = attributes[key]
      if (++attributeCount > caps.attributes || !isPlainText(key)) return false
      if (redact !== undefined && redacted(redact, key, value, caps) !== value) return false
      if (typeof value === "string") {
        if (!isPlainText(value)) return false
      } else if (typeof value === "number") {
        if (!isPlainNumber(value)) return false
      } else if (typeof value !== "boolean") return false
    }
    size += attributeCount * attributeBytes
    return true
  }

  function isPlainText(value: unknown): boolean {
    if (typeof value !== "string") return false
    const bytes = textBytes(value)
    size += bytes
    return bytes <= caps.valueBytes && isWellFormed(value)
  }

  const isPlainName = (name: unknown) =>
    isPlainText(name) && (redactText === undefined || redactText(name as string) === name)

  function isPlainSpan(span: ReadableSpan): boolean {
    const { status } = span
    if (!isPlainName(span.name)) return false
    if (!isTime(span.startTime) || !isTime(span.endTime) || !isTime(span.duration)) return false
    if (!isUpTo(spanKinds, span.kind) || !isUpTo(statusCodes, status.code)) return false
    if (status.message !== undefined && !isPlainName(status.message)) return false
    if (!isPlainContext(span.spanContext()) || !arePlain(span.attributes)) return false
    for (const event of span.events) {
      size += eventBytes
      if (!isPlainName(event.name) || !isTime(event.time) || !arePlain(event.attributes)) return false
    }
    for (const link of span.links) {
      size += eventBytes
      if (!isPlainContext(link.context) || !arePlain(link.attributes)) return false
    }
    return size - spanBytes <= caps.recordBytes
  }

  function copy(span: ReadableSpan): ReadableSpan {
    const room: Room = { bytes: caps.recordBytes }
    const name = plain.text(named(span.name), room)
    const own = copyAttributes(plain, caps, span.attributes, room)
    const startTime = asTime(span.startTime, asTime(span.endTime, now()))
    const endTime = asTime(span.endTime, startTime)
    const message = span.status?.message
    const events = copyWhile(room, span.events, (event) => {
      const eventName = plain.text(named(event.name), room)
      const { attributes, dropped } = copyAttributes(plain, caps, event.attributes, room)
      const droppedAttributesCount = (event.droppedAttributesCount ?? 0) + dropped
      return { name: eventName, time: asTime(event.time, startTime), attributes, droppedAttributesCount }
    })
    const links = copyWhile(room, span.links, (link): Link | undefined => {
      const context = copyContext(link.context)
      if (context === undefined) return undefined
      const { attributes, dropped } = copyAttributes(plain, caps, link.attributes, room)
      return {
        context,
        attributes,
        droppedAttributesCount: (link.droppedAttributesCount ?? 0) + dropped,
      }
    })
    size = spanBytes + (caps.recordBytes - room.bytes) + (events.length + links.length) * eventBytes
    const { kind } = span
    const code = span.status?.code
    return plainSpan(copyContext(span.spanContext()) ?? noContext, {
      name,
      kind: isUpTo(spanKinds, kind) ? kind : 0,
      parentSpanContext: span.parentSpanContext && copyContext(span.parentSpanContext),
      startTime,
      endTime,
      duration: isTime(span.duration) ? span.duration : [0, 0],
      status: {
        code: isUpTo(statusCodes, code) ? code : 0,
        ...(message === undefined ? {} : { message: plain.text(named(message), room) }),
      },
      attributes: own.attributes,
      events,
      links,
      resource: span.resource,
      instrumentationScope: plainScope(span.instrumentationScope),
      droppedAttributesCount: count(span.droppedAttributesCount) + own.dropped,
      droppedEventsCount: count(span.droppedEventsCount) + span.events.length - events.length,
      droppedLinksCount: count(span.droppedLinksCount) + span.links.length - links.length,
    })
  }

  return {
    bytes: () => size,
    take: (span) => {
      size = spanBytes
      if (isPlainScope(span.instrumentationScope) && isPlainSpan(span)) return span
      return copy(span)
    },
  }
}

/** Always a copy: until emit() returns, other processors may change the record. */
export function snapshotLogs({ caps, redact, redactText }: SnapshotOptions): Snapshot<ReadableLogRecord> {
  const plain = createPlain(caps, redact)
  const named = (given: unknown) => readableText(given, caps, redactText)
  let size = 0
  return {
    bytes: () => size,
    take: (record) => {
      const room: Room = { bytes: caps.recordBytes }
      const { severityText, severityNumber, eventName, spanContext } = record
      const copied: LogFields = {
        hrTime: asTime(record.hrTime, asTime(record.hrTimeObserved, now())),
        hrTimeObserved: asTime(record.hrTimeObserved, asTime(record.hrTime, now())),
        resource: record.resource,
        instrumentationScope: plainScope(record.instrumentationScope),
        attributes: {},
        droppedAttributesCount: 0,
      }
      const context = spanContext && copyContext(spanContext)
      if (context !== undefined) copied.spanContext = context
      if (isSeverity(severityNumber)) copied.severityNumber = severityNumber
      if (severityText !== undefined) copied.severityText = plain.text(named(severityText), room)
      if (eventName !== undefined) copied.eventName = plain.text(named(eventName), room)
      if (record.body !== undefined)
        copied.body = plain.value(undefined, record.body, room) as NonNullable<AnyValue>
      const { attributes, dropped } = copyAttributes(plain, caps, record.attributes as Attributes, room)
      copied.attributes = attributes
      copied.droppedAttributesCount = count(record.droppedAttributesCount) + dropped
      size = logBytes + caps.recordBytes - room.bytes
      return copied
    },
  }
}

/** The reader makes new points at each collection, but their attributes are the app's own objects. */
export function snapshotMetrics({ caps, redact }: SnapshotOptions): Snapshot<ResourceMetrics> {
  const plain = createPlain(caps, redact)
  let size = 0
  return {
    bytes: () => size,
    take: (collected) => {
      size = pointBytes
      const scopeMetrics = collected.scopeMetrics.map(({ scope, metrics }) => ({
        scope: plainScope(scope),
        metrics: metrics.map((metric) => ({
          ...metric,
          descriptor: { ...metric.descriptor },
          dataPoints: metric.dataPoints.map((point) => {
            const room: Room = { bytes: caps.recordBytes }
            const { attributes } = copyAttributes(plain, caps, point.attributes, room)
            size += pointBytes + caps.recordBytes - room.bytes
            return { ...point, attributes, value: structuredClone(point.value) }
          }),
        })),
      }))
      return { ...collected, scopeMetrics } as ResourceMetrics
    },
  }
}

type Plain = ReturnType<typeof createPlain>

function copyAttributes(
  plain: Plain,
  caps: Caps,
  given: Attributes | undefined,
  room: Room,
): { attributes: Attributes; dropped: number } {
  const attributes: Attributes = {}
  let dropped = 0
  let kept = 0
  for (const key in given) {
    if (kept >= caps.attributes || room.bytes <= 0) {
      dropped++
      continue
    }
    let value: unknown
    try {
      value = given[key]
    } catch (error) {
      value = `[unreadable: ${String(error).slice(0, 200)}]`
    }
    const name = plain.text(key, room)
    room.bytes -= attributeBytes
    define(attributes, name, plain.value(key, value, room))
    kept++
  }
  return { attributes, dropped }
}

function readableText(given: unknown, caps: Caps, redactText: SnapshotOptions["redactText"]): string {
  const text = shortened(asText(given), caps)
  return redactText === undefined ? text : redactText(text)
}

function copyWhile<T, R>(room: Room, list: readonly T[], copy: (one: T) => R | undefined): R[] {
  const copies: R[] = []
  for (const one of list) {
    if (room.bytes <= 0) break
    room.bytes -= eventBytes
    const made = copy(one)
    if (made !== undefined) copies.push(made)
  }
  return copies
}

// One that is not valid: an exporter leaves the ids out.
const noContext: SpanContext = { traceId: "0".repeat(32), spanId: "0".repeat(16), traceFlags: 0 }

const isPlainContext = (context: SpanContext | undefined): boolean =>
  typeof context?.traceId === "string" &&
  typeof context.spanId === "string" &&
  context.traceState === undefined

function copyContext(context: SpanContext | undefined): SpanContext | undefined {
  if (typeof context?.traceId !== "string" || typeof context.spanId !== "string") return undefined
  const { traceId, spanId, traceFlags, isRemote, traceState } = context
  const copied: SpanContext = { traceId, spanId, traceFlags: count(traceFlags) }
  if (isRemote !== undefined) copied.isRemote = isRemote
  const written = traceState && writtenState(traceState)
  if (written) copied.traceState = plainTraceState(written)
  return copied
}
