// Telemetry as plain arrays that can cross to disk or another thread, and back to what any exporter takes. Resources
// and scopes stand once and are shared again afterwards, since exporters group what they send by these objects.
import type { Attributes, Link, SpanContext } from "@opentelemetry/api"
import type { Resource } from "@opentelemetry/resources"
import type { ReadableLogRecord } from "@opentelemetry/sdk-logs"
import type { ResourceMetrics } from "@opentelemetry/sdk-metrics"
import type { ReadableSpan } from "@opentelemetry/sdk-trace-base"
import { plainSpan, plainTraceState } from "./plain-telemetry.ts"

/** How the items of one signal are counted, packed and taken apart. */
export interface ItemKind<T> {
  /** What the statistics count an item as: itself, or a collection's data points. */
  readonly count: (item: T) => number
  readonly pack: (items: readonly T[]) => unknown
  readonly unpack: (packed: unknown) => T[]
  /** Two smaller ones in the place of an item that is too large for the other side; undefined when it is indivisible. */
  readonly halve?: (item: T) => [T, T] | undefined
}

type Scope = ReadableSpan["instrumentationScope"]
type PackedResource = [attributes: Attributes, schemaUrl: string | undefined]
type PackedContext = [
  traceId: string,
  spanId: string,
  traceFlags: number,
  isRemote: boolean | undefined,
  traceState: string | undefined,
]

type PackedLink = [PackedContext, Attributes | undefined, number | undefined]
type SpanFields = [
  ReadableSpan["name"],
  ReadableSpan["kind"],
  ReadableSpan["startTime"],
  ReadableSpan["endTime"],
  ReadableSpan["duration"],
  ReadableSpan["status"],
  ReadableSpan["attributes"],
  ReadableSpan["events"],
  PackedLink[],
]

interface Packed {
  readonly resources: readonly PackedResource[]
  readonly scopes: readonly Scope[]
  readonly items: readonly (readonly unknown[])[]
}

export const spanKind: ItemKind<ReadableSpan> = {
  count: () => 1,
  pack: (spans) =>
    packed(spans, (span, resource, scope) => [
      resource,
      scope,
      packContext(span.spanContext()),
      span.parentSpanContext && packContext(span.parentSpanContext),
      span.name,
      span.kind,
      span.startTime,
      span.endTime,
      span.duration,
      span.status,
      span.attributes,
      span.events,
      span.links.map((link) => [packContext(link.context), link.attributes, link.droppedAttributesCount]),
      span.droppedAttributesCount,
      span.droppedEventsCount,
      span.droppedLinksCount,
    ]),
  unpack: (value) =>
    unpacked(value, (item, resource, instrumentationScope) => {
      const [
        ,
        ,
        context,
        parent,
        name,
        kind,
        startTime,
        endTime,
        duration,
        status,
        attributes,
        events,
        links,
      ] = item as [number, number, PackedContext, PackedContext | undefined, ...SpanFields]
      return plainSpan(unpackContext(context), {
        name,
        kind,
        parentSpanContext: parent && unpackContext(parent),
        startTime,
        endTime,
        duration,
        status,
        attributes,
        events,
        links: links.map(unpackLink),
        resource,
        instrumentationScope,
        droppedAttributesCount: item[13] as number,
        droppedEventsCount: item[14] as number,
        droppedLinksCount: item[15] as number,
      })
    }),
}

export const logKind: ItemKind<ReadableLogRecord> = {
  count: () => 1,
  pack: (records) =>
    packed(records, ({ spanContext, resource: _r, instrumentationScope: _s, ...fields }, resource, scope) => [
      resource,
      scope,
      spanContext && packContext(spanContext),
      fields,
    ]),
  unpack: (value) =>
    unpacked(value, (item, resource, instrumentationScope) => {
      const [, , context, fields] = item as [number, number, PackedContext | undefined, ReadableLogRecord]
      return {
        ...fields,
        resource,
        instrumentationScope,
        ...(context === undefined ? {} : { spanContext: unpackContext(context) }),
      }
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

function packed<T extends { resource: Resource; instrumentationScope: Scope }>(
  items: readonly T[],
  fields: (item: T, resource: number, scope: number) => unknown[],
): Packed {
  const resources = new Map<Resource, number>()
  const scopes = new Map<Scope, number>()
  const rows = items.map((item) =>
    fields(item, placeOf(resources, item.resource), placeOf(scopes, item.instrumentationScope)),
  )
  return {
    resources: [...resources.keys()].map(packResource),
    scopes: [...scopes.keys()],
    items: rows,
  }
}

function placeOf<K>(places: Map<K, number>, key: K): number {
  const known = places.get(key)
  if (known !== undefined) return known
  places.set(key, places.size)
  return places.size - 1
}

function unpacked<T>(
  value: unknown,
  item: (fields: readonly unknown[], resource: Resource, scope: Scope) => T,
): T[] {
  const { resources, scopes, items } = value as Packed
  const unpackedResources = resources.map(unpackResource)
  return items.map((fields) =>
    item(fields, unpackedResources[fields[0] as number]!, scopes[fields[1] as number]!),
  )
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

const packResource = ({ attributes, schemaUrl }: Resource): PackedResource => [{ ...attributes }, schemaUrl]

function unpackResource([attributes, schemaUrl]: PackedResource): Resource {
  const resource: Resource = {
    attributes,
    ...(schemaUrl === undefined ? {} : { schemaUrl }),
    merge: (other) =>
      other === null ? resource : unpackResource([{ ...attributes, ...other.attributes }, schemaUrl]),
    getRawAttributes: () => Object.entries(attributes),
  }
  return resource
}

const packContext = ({ traceId, spanId, traceFlags, isRemote, traceState }: SpanContext): PackedContext => [
  traceId,
  spanId,
  traceFlags,
  isRemote,
  traceState?.serialize(),
]

const unpackContext = ([traceId, spanId, traceFlags, isRemote, state]: PackedContext): SpanContext => ({
  traceId,
  spanId,
  traceFlags,
  ...(isRemote === undefined ? {} : { isRemote }),
  ...(state === undefined ? {} : { traceState: plainTraceState(state) }),
})

const unpackLink = ([context, attributes, dropped]: PackedLink): Link => ({
  context: unpackContext(context),
  ...(attributes === undefined ? {} : { attributes }),
  ...(dropped === undefined ? {} : { droppedAttributesCount: dropped }),
})
