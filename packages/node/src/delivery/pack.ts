// Telemetry as plain data that can cross to disk or another thread, and back to what any exporter takes. What `pack`
// writes of an item, `unpack` reads in the same order.
import type { HrTime, Link } from "@opentelemetry/api"
import type { ReadableLogRecord } from "@opentelemetry/sdk-logs"
import type { ResourceMetrics } from "@opentelemetry/sdk-metrics"
import type { ReadableSpan } from "@opentelemetry/sdk-trace-base"
import {
  flatten,
  type Next,
  type PackedResource,
  packResource,
  readContext,
  unflatten,
  unpackResource,
  writeContext,
} from "./flat.ts"
import { type LogFields, plainSpan } from "./plain-telemetry.ts"

/** How the items of one signal are counted, packed and taken apart. */
export interface ItemKind<T> {
  /** What the statistics count an item as: itself, or a collection's data points. */
  readonly count: (item: T) => number
  readonly pack: (items: readonly T[]) => unknown
  readonly unpack: (packed: unknown) => T[]
  /** Two smaller ones in the place of an item that is too large for the other side; undefined when it is indivisible. */
  readonly halve?: (item: T) => [T, T] | undefined
}

const readTime = (next: Next): HrTime => [next() as number, next() as number]

function packLink({ context, attributes, droppedAttributesCount }: Link): unknown[] {
  const packed: unknown[] = [attributes, droppedAttributesCount]
  writeContext(packed, context)
  return packed
}

function unpackLink([attributes, dropped, ...context]: unknown[]): Link {
  const link: Link = { context: readContext(() => context.shift())! }
  if (attributes !== undefined) link.attributes = attributes as NonNullable<Link["attributes"]>
  if (dropped !== undefined) link.droppedAttributesCount = dropped as number
  return link
}

export const spanKind: ItemKind<ReadableSpan> = {
  count: () => 1,
  pack: (spans) =>
    flatten(spans, (fields, span) => {
      const { startTime, endTime, duration, status, events, links } = span
      writeContext(fields, span.spanContext())
      writeContext(fields, span.parentSpanContext)
      fields.push(
        span.name,
        span.kind,
        startTime[0],
        startTime[1],
        endTime[0],
        endTime[1],
        duration[0],
        duration[1],
        status.code,
        status.message,
        // Most have none, and an empty list costs as much as three numbers.
        events.length > 0 ? events : undefined,
        links.length > 0 ? links.map(packLink) : undefined,
        span.droppedAttributesCount,
        span.droppedEventsCount,
        span.droppedLinksCount,
      )
    }),
  unpack: (packed) =>
    unflatten(packed, (next, common) => {
      const context = readContext(next)!
      const parentSpanContext = readContext(next)
      const name = next() as string
      const kind = next() as number
      const startTime = readTime(next)
      const endTime = readTime(next)
      const duration = readTime(next)
      const code = next() as number
      const message = next() as string | undefined
      return plainSpan(context, {
        ...common,
        name,
        kind,
        parentSpanContext,
        startTime,
        endTime,
        duration,
        status: { code, ...(message === undefined ? {} : { message }) },
        events: (next() ?? []) as ReadableSpan["events"],
        links: ((next() ?? []) as unknown[][]).map(unpackLink),
        droppedAttributesCount: next() as number,
        droppedEventsCount: next() as number,
        droppedLinksCount: next() as number,
      })
    }),
}

export const logKind: ItemKind<ReadableLogRecord> = {
  count: () => 1,
  pack: (records) =>
    flatten(records, (fields, record) => {
      const { hrTime, hrTimeObserved } = record
      writeContext(fields, record.spanContext)
      fields.push(
        hrTime[0],
        hrTime[1],
        hrTimeObserved[0],
        hrTimeObserved[1],
        record.severityNumber,
        record.severityText,
        record.eventName,
        record.body,
        record.droppedAttributesCount,
      )
    }),
  unpack: (packed) =>
    unflatten(packed, (next, common) => {
      const spanContext = readContext(next)
      const hrTime = readTime(next)
      const hrTimeObserved = readTime(next)
      const severityNumber = next() as LogFields["severityNumber"]
      const severityText = next() as string | undefined
      const eventName = next() as string | undefined
      const body = next() as LogFields["body"]
      const record: LogFields = {
        ...common,
        hrTime,
        hrTimeObserved,
        droppedAttributesCount: next() as number,
      }
      if (spanContext !== undefined) record.spanContext = spanContext
      if (severityNumber !== undefined) record.severityNumber = severityNumber
      if (severityText !== undefined) record.severityText = severityText
      if (eventName !== undefined) record.eventName = eventName
      if (body !== undefined) record.body = body
      return record
    }),
}

export const metricsKind: ItemKind<ResourceMetrics> = {
  count: ({ scopeMetrics }) => {
    let points = 0
    for (const { metrics } of scopeMetrics) for (const { dataPoints } of metrics) points += dataPoints.length
    return points
  },
  pack: (collections) =>
    collections.map(({ resource, scopeMetrics }) => ({ resource: packResource(resource), scopeMetrics })),
  unpack: (value) =>
    (value as { resource: PackedResource; scopeMetrics: ResourceMetrics["scopeMetrics"] }[]).map(
      ({ resource, scopeMetrics }) => ({ resource: unpackResource(resource), scopeMetrics }),
    ),
  halve: ({ resource, scopeMetrics }) => {
    const all = scopeMetrics.flatMap(({ scope, metrics }) =>
      metrics.flatMap((metric) => metric.dataPoints.map((point) => ({ scope, metric, point }))),
    )
    if (all.length < 2) return undefined
    const collection = (part: typeof all): ResourceMetrics => {
      const parts = grouped(part, ({ scope }) => scope).map(([scope, members]) => {
        const byMetric = grouped(members, ({ metric }) => metric)
        const metrics = byMetric.map(([metric, points]) =>
          Object.assign({}, metric, { dataPoints: points.map(({ point }) => point) }),
        )
        return { scope, metrics }
      })
      return { resource, scopeMetrics: parts }
    }
    const middle = all.length >> 1
    return [collection(all.slice(0, middle)), collection(all.slice(middle))]
  },
}

function grouped<T, K>(list: readonly T[], keyOf: (one: T) => K): [K, T[]][] {
  const groups = new Map<K, T[]>()
  for (const one of list) {
    const group = groups.get(keyOf(one))
    if (group === undefined) groups.set(keyOf(one), [one])
    else group.push(one)
  }
  return [...groups]
}
