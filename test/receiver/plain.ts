// Telemetry as plain values that can be compared, whether it was made by an SDK or decoded by the receiver. What
// OTLP cannot carry is left out: a parent's trace flags, a span's own isRemote.
import type { SpanContext } from "@opentelemetry/api"
import type { ReadableLogRecord } from "@opentelemetry/sdk-logs"
import { DataPointType, type ResourceMetrics } from "@opentelemetry/sdk-metrics"
import type { ReadableSpan } from "@opentelemetry/sdk-trace-base"

/** Values in the one spelling that survives OTLP: null is undefined, -0 is 0, a bigint its number. */
function plainValue(value: unknown): unknown {
  if (value === undefined || value === null) return { empty: true }
  if (typeof value === "bigint") return Number(value)
  if (typeof value === "number") return value === 0 ? 0 : value
  if (value instanceof Uint8Array) return { bytes: Buffer.from(value).toString("hex") }
  if (Array.isArray(value)) return value.map(plainValue)
  if (typeof value === "object") return plainMap(value)
  return value
}

const plainMap = (map: object | undefined) =>
  Object.entries(map ?? {})
    .map(([key, value]) => [key, plainValue(value)] as const)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))

const plainContext = (context: SpanContext | undefined) =>
  context && {
    traceId: context.traceId,
    spanId: context.spanId,
    traceFlags: context.traceFlags,
    traceState: context.traceState?.serialize() || undefined,
  }

const plainResource = (resource: ReadableSpan["resource"]) => ({
  attributes: plainMap(resource.attributes),
  schemaUrl: resource.schemaUrl || undefined,
})

interface Scope {
  name: string
  version?: string
  schemaUrl?: string
  attributes?: object
  droppedAttributesCount?: number
}

const plainScope = (scope: Scope) => ({
  name: scope.name,
  version: scope.version || undefined,
  schemaUrl: scope.schemaUrl || undefined,
  attributes: plainMap(scope.attributes),
  droppedAttributesCount: scope.droppedAttributesCount || 0,
})

export const plainSpan = (span: ReadableSpan) => ({
  name: span.name,
  kind: span.kind,
  context: plainContext(span.spanContext()),
  parent: span.parentSpanContext && {
    spanId: span.parentSpanContext.spanId,
    isRemote: span.parentSpanContext.isRemote ?? false,
  },
  startTime: span.startTime,
  endTime: span.endTime,
  duration: span.duration,
  ended: span.ended,
  status: { code: span.status.code, message: span.status.message || undefined },
  attributes: plainMap(span.attributes),
  events: span.events.map((event) => ({
    name: event.name,
    time: event.time,
    attributes: plainMap(event.attributes),
    dropped: event.droppedAttributesCount ?? 0,
  })),
  links: span.links.map((link) => ({
    context: plainContext(link.context),
    isRemote: link.context.isRemote ?? false,
    attributes: plainMap(link.attributes),
    dropped: link.droppedAttributesCount ?? 0,
  })),
  dropped: [span.droppedAttributesCount, span.droppedEventsCount, span.droppedLinksCount],
  resource: plainResource(span.resource),
  scope: plainScope(span.instrumentationScope),
})

export const plainLog = (record: ReadableLogRecord) => ({
  hrTime: record.hrTime,
  hrTimeObserved: record.hrTimeObserved,
  context: plainContext(record.spanContext),
  severityNumber: (record.severityNumber ?? 0) as number,
  severityText: record.severityText || undefined,
  body: plainValue(record.body),
  eventName: record.eventName || undefined,
  attributes: plainMap(record.attributes),
  dropped: record.droppedAttributesCount,
  resource: plainResource(record.resource),
  scope: plainScope(record.instrumentationScope),
})

export const plainMetrics = (metrics: ResourceMetrics) => ({
  resource: plainResource(metrics.resource),
  scopes: metrics.scopeMetrics.map(({ scope, metrics: list }) => ({
    scope: plainScope(scope),
    metrics: list.map((metric) => ({
      descriptor: {
        ...metric.descriptor,
        // Without points OTLP has nothing that tells integers from doubles.
        valueType: metric.dataPoints.length === 0 ? undefined : metric.descriptor.valueType,
      },
      type: metric.dataPointType,
      // OTLP's gauges have no temporality.
      temporality: metric.dataPointType === DataPointType.GAUGE ? undefined : metric.aggregationTemporality,
      isMonotonic: "isMonotonic" in metric ? metric.isMonotonic : undefined,
      points: metric.dataPoints.map((point) => ({
        startTime: point.startTime,
        endTime: point.endTime,
        attributes: plainMap(point.attributes),
        value: plainValue(point.value),
      })),
    })),
  })),
})
