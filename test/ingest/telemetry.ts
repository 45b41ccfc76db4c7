// Telemetry for the tests of ingest: what OpenTelemetry's own SDK (2.12) makes, and plain objects of exactly the shape
// that SDK 3.1 makes, which needs a newer Node.js than these tests run on. Its attributes may hold maps, nested
// arrays, bytes and null.
import {
  type Attributes,
  type SpanContext,
  SpanKind,
  SpanStatusCode,
  TraceFlags,
  type Tracer,
} from "@opentelemetry/api"
import { type Resource, resourceFromAttributes } from "@opentelemetry/resources"
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from "@opentelemetry/sdk-trace-base"
import type { ReadableSpan } from "@opentelemetry/sdk-trace-base"

export type HrTime = [seconds: number, nanoseconds: number]

/** What an attribute may hold in OpenTelemetry 3.x. */
export type AnyValue =
  | string
  | number
  | boolean
  | bigint
  | Uint8Array
  | null
  | undefined
  | AnyValue[]
  | { [key: string]: AnyValue }
export type AnyAttributes = Record<string, AnyValue>

/** Some minutes ago: recent, or the tables' TTL would delete what a test stores. */
export const now: number = Math.floor(Date.now() / 1000) - 600

export const shop: Resource = resourceFromAttributes({ "service.name": "shop", "host.name": "shop-1" })

/** The spans that `make` starts and ends, as the SDK hands them to an exporter. */
export function spansOf(make: (tracer: Tracer) => void, resource: Resource = shop): ReadableSpan[] {
  const exporter = new InMemorySpanExporter()
  const provider = new BasicTracerProvider({ resource, spanProcessors: [new SimpleSpanProcessor(exporter)] })
  make(provider.getTracer("orders", "1.2.3"))
  return exporter.getFinishedSpans()
}

/** `count` spans that differ, a second apart. */
export const someSpans = (count: number, attributes: Attributes = {}): ReadableSpan[] =>
  spansOf((tracer) => {
    for (let index = 0; index < count; index++) {
      const span = tracer.startSpan(`span ${index}`, { startTime: [now + (index % 500), index], attributes })
      span.end([now + (index % 500) + 1, index])
    }
  })

interface Resource3 {
  readonly attributes: AnyAttributes
  readonly schemaUrl?: string
  readonly asyncAttributesPending?: boolean
  waitForAsyncAttributes?(): Promise<void>
  getRawAttributes(): [string, AnyValue][]
  merge(other: Resource3 | null): Resource3
}

interface Scope3 {
  readonly name: string
  readonly version?: string
  readonly schemaUrl?: string
  readonly attributes?: AnyAttributes
  readonly droppedAttributesCount?: number
}

/** ReadableSpan of `@opentelemetry/sdk-trace` 3.1. */
export interface Span3 {
  readonly name: string
  readonly kind: number
  readonly spanContext: () => SpanContext
  readonly parentSpanContext?: SpanContext
  readonly startTime: HrTime
  readonly endTime: HrTime
  readonly duration: HrTime
  readonly status: { code: number; message?: string }
  readonly attributes: AnyAttributes
  readonly links: { context: SpanContext; attributes?: AnyAttributes; droppedAttributesCount?: number }[]
  readonly events: {
    name: string
    time: HrTime
    attributes?: AnyAttributes
    droppedAttributesCount?: number
  }[]
  readonly ended: boolean
  readonly resource: Resource3
  readonly instrumentationScope: Scope3
  readonly droppedAttributesCount: number
  readonly droppedEventsCount: number
  readonly droppedLinksCount: number
}

/** ReadableLogRecord of `@opentelemetry/sdk-logs` 3.1. */
export interface LogRecord3 {
  readonly hrTime: HrTime
  readonly hrTimeObserved: HrTime
  readonly spanContext?: SpanContext
  readonly severityText?: string
  readonly severityNumber?: number
  readonly body?: AnyValue
  readonly eventName?: string
  readonly resource: Resource3
  readonly instrumentationScope: Scope3
  readonly attributes: AnyAttributes
  readonly droppedAttributesCount: number
}

export function resource3(attributes: AnyAttributes, schemaUrl?: string): Resource3 {
  const resource: Resource3 = {
    attributes,
    asyncAttributesPending: false,
    ...(schemaUrl === undefined ? {} : { schemaUrl }),
    waitForAsyncAttributes: () => Promise.resolve(),
    getRawAttributes: () => Object.entries(attributes),
    merge: () => resource,
  }
  return resource
}

export const TRACE = "0af7651916cd43dd8448eb211c80319c"
export const SPAN = "b7ad6b7169203331"
export const PARENT = "00f067aa0ba902b7"

export function span3(fields: Partial<Span3> = {}): Span3 {
  return {
    name: "GET /orders",
    kind: SpanKind.SERVER,
    spanContext: () => ({ traceId: TRACE, spanId: SPAN, traceFlags: TraceFlags.SAMPLED }),
    startTime: [now, 1],
    endTime: [now, 2],
    duration: [0, 1],
    status: { code: SpanStatusCode.UNSET },
    attributes: {},
    links: [],
    events: [],
    ended: true,
    resource: resource3({ "service.name": "shop" }),
    instrumentationScope: { name: "orders" },
    droppedAttributesCount: 0,
    droppedEventsCount: 0,
    droppedLinksCount: 0,
    ...fields,
  }
}

export function log3(fields: Partial<LogRecord3> = {}): LogRecord3 {
  return {
    hrTime: [now, 123_456_789],
    hrTimeObserved: [now, 223_456_789],
    resource: resource3({ "service.name": "shop" }),
    instrumentationScope: { name: "orders" },
    attributes: {},
    droppedAttributesCount: 0,
    ...fields,
  }
}
