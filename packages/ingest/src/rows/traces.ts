// Spans as rows of otel_traces.
import { array } from "../columns/array.ts"
import { type Attributes, map } from "../columns/map.ts"
import { string } from "../columns/string.ts"
import { dateTime64, duration } from "../columns/time.ts"
import type { HrTime, Time } from "../time.ts"
import type { Columns, Fields } from "./fields.ts"
import { type Resource, type Scope, resourceAttributes, serviceName } from "./origin.ts"

export interface TraceRow {
  Timestamp: Time
  TraceId: string
  SpanId: string
  ParentSpanId?: string
  TraceState?: string
  SpanName: string
  SpanKind?: string
  ServiceName?: string
  ResourceAttributes?: Attributes
  ScopeName?: string
  ScopeVersion?: string
  SpanAttributes?: Attributes
  /** Nanoseconds. */
  Duration?: number | bigint | HrTime
  StatusCode?: string
  StatusMessage?: string
  "Events.Timestamp"?: readonly Time[]
  "Events.Name"?: readonly string[]
  "Events.Attributes"?: readonly Attributes[]
  "Links.TraceId"?: readonly string[]
  "Links.SpanId"?: readonly string[]
  "Links.TraceState"?: readonly string[]
  "Links.Attributes"?: readonly Attributes[]
}

export const traceColumns: Columns<TraceRow> = {
  Timestamp: dateTime64,
  TraceId: string,
  SpanId: string,
  ParentSpanId: string,
  TraceState: string,
  SpanName: string,
  SpanKind: string,
  ServiceName: string,
  ResourceAttributes: map,
  ScopeName: string,
  ScopeVersion: string,
  SpanAttributes: map,
  Duration: duration,
  StatusCode: string,
  StatusMessage: string,
  "Events.Timestamp": array(dateTime64),
  "Events.Name": array(string),
  "Events.Attributes": array(map),
  "Links.TraceId": array(string),
  "Links.SpanId": array(string),
  "Links.TraceState": array(string),
  "Links.Attributes": array(map),
}

interface SpanContext {
  readonly traceId: string
  readonly spanId: string
  readonly traceState?: { serialize(): string } | undefined
}

/** What is read of OpenTelemetry's ReadableSpan, of 2.x and 3.x alike. */
export interface Span {
  readonly name: string
  readonly kind: number
  spanContext(): SpanContext
  readonly parentSpanContext?: SpanContext | undefined
  readonly startTime: HrTime
  readonly duration: HrTime
  readonly status: { readonly code: number; readonly message?: string | undefined }
  readonly attributes: Attributes
  readonly events: readonly SpanEvent[]
  readonly links: readonly SpanLink[]
  readonly resource: Resource
  readonly instrumentationScope: Scope
}

interface SpanEvent {
  readonly name: string
  readonly time: HrTime
  readonly attributes?: Attributes | undefined
}

interface SpanLink {
  readonly context: SpanContext
  readonly attributes?: Attributes | undefined
}

// By OpenTelemetry's numbers; the receiver hands on OTLP's "unspecified" as -1, one less than OTLP's number.
const kinds = ["Internal", "Server", "Client", "Producer", "Consumer"]
const statuses = ["Unset", "Ok", "Error"]

export const spanFields: Fields<Span, TraceRow> = {
  Timestamp: (span) => span.startTime,
  TraceId: (span) => idText(span.spanContext().traceId),
  SpanId: (span) => idText(span.spanContext().spanId),
  ParentSpanId: (span) => idText(span.parentSpanContext?.spanId),
  TraceState: (span) => span.spanContext().traceState?.serialize(),
  SpanName: (span) => span.name,
  SpanKind: (span) => kinds[span.kind] ?? "Unspecified",
  ServiceName: (span) => serviceName(span.resource),
  ResourceAttributes: (span) => resourceAttributes(span.resource, span.attributes),
  ScopeName: (span) => span.instrumentationScope.name,
  ScopeVersion: (span) => span.instrumentationScope.version,
  SpanAttributes: (span) => span.attributes,
  Duration: (span) => span.duration,
  StatusCode: (span) => statuses[span.status.code] ?? "Unset",
  StatusMessage: (span) => span.status.message,
  "Events.Timestamp": (span) => each(span.events, (event) => event.time),
  "Events.Name": (span) => each(span.events, (event) => event.name),
  "Events.Attributes": (span) => each(span.events, (event) => event.attributes ?? none),
  "Links.TraceId": (span) => each(span.links, (link) => idText(link.context.traceId)),
  "Links.SpanId": (span) => each(span.links, (link) => idText(link.context.spanId)),
  "Links.TraceState": (span) => each(span.links, (link) => link.context.traceState?.serialize() ?? ""),
  "Links.Attributes": (span) => each(span.links, (link) => link.attributes ?? none),
}

const none: Attributes = {}

/** Most spans have neither events nor links: those cost nothing. */
function each<From, To>(items: readonly From[], pick: (item: From) => To): readonly To[] | undefined {
  return items.length === 0 ? undefined : items.map(pick)
}

/** Lower-case hex, and '' for an id of zeros, which means that there is none. */
export function idText(id: string | undefined): string {
  if (id === undefined || id === "" || (id.charCodeAt(0) === 48 /* 0 */ && /^0+$/.test(id))) return ""
  return id.toLowerCase()
}
