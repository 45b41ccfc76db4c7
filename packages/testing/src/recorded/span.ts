// A span as a test reads it: plain, with words where OpenTelemetry has numbers, and milliseconds.
import type { Attributes } from "../conventions/attributes.ts"

export type SpanKind = "internal" | "server" | "client" | "producer" | "consumer" | "unspecified"

export interface SpanEvent {
  readonly name: string
  readonly attributes: Attributes
  /** Milliseconds since 1970. */
  readonly time: number
}

export interface Scope {
  readonly name: string
  readonly version?: string
}

export interface RecordedSpan {
  readonly name: string
  readonly kind: SpanKind
  readonly status: "unset" | "ok" | "error"
  readonly statusMessage?: string
  readonly attributes: Attributes
  readonly events: readonly SpanEvent[]
  readonly links: readonly { traceId: string; spanId: string; attributes: Attributes }[]
  readonly traceId: string
  readonly spanId: string
  /** Left out for the first span of a trace. */
  readonly parentId?: string
  /** The parent is in another process; left out where nobody knows. */
  readonly parentIsRemote?: boolean
  /** Milliseconds since 1970. */
  readonly start: number
  /** Milliseconds. */
  readonly duration: number
  /** `service.name` of the resource. */
  readonly service: string
  readonly resource: Attributes
  readonly scope: Scope
}

export type Time = readonly [seconds: number, nanoseconds: number]

/** What is read of OpenTelemetry's spans, whatever their version. */
export interface SpanLike {
  readonly name: string
  readonly kind: number
  spanContext(): { readonly traceId: string; readonly spanId: string }
  readonly parentSpanContext?:
    | { readonly spanId: string; readonly isRemote?: boolean | undefined }
    | undefined
  /** Before 2.0. */
  readonly parentSpanId?: string | undefined
  readonly startTime: Time
  readonly endTime: Time
  readonly status: { readonly code: number; readonly message?: string | undefined }
  readonly attributes: object
  readonly events: readonly {
    readonly name: string
    readonly time: Time
    readonly attributes?: object | undefined
  }[]
  readonly links: readonly {
    readonly context: { readonly traceId: string; readonly spanId: string }
    readonly attributes?: object | undefined
  }[]
  readonly resource: { readonly attributes: object }
  readonly instrumentationScope?: { readonly name: string; readonly version?: string | undefined }
}

const kinds: readonly SpanKind[] = ["internal", "server", "client", "producer", "consumer"]
const statuses = ["unset", "ok", "error"] as const

/** `local`: by the SDK in this process, which marks only remote parents. Without that mark the wire leaves it open. */
export function readSpan(span: SpanLike, local: boolean): RecordedSpan {
  const { traceId, spanId } = span.spanContext()
  const parentId = span.parentSpanContext?.spanId ?? span.parentSpanId
  const isRemote = span.parentSpanContext?.isRemote ?? (local ? false : undefined)
  const { code, message } = span.status
  const start = millisOf(span.startTime)
  return {
    name: span.name,
    kind: kinds[span.kind] ?? "unspecified",
    status: statuses[code] ?? "unset",
    ...(message ? { statusMessage: message } : {}),
    attributes: { ...span.attributes },
    events: span.events.map((event) => ({
      name: event.name,
      attributes: { ...event.attributes },
      time: millisOf(event.time),
    })),
    links: span.links.map(({ context, attributes }) => ({
      traceId: context.traceId,
      spanId: context.spanId,
      attributes: { ...attributes },
    })),
    traceId,
    spanId,
    ...(parentId ? { parentId } : {}),
    ...(parentId && isRemote !== undefined ? { parentIsRemote: isRemote } : {}),
    start,
    duration: millisBetween(span.startTime, span.endTime),
    service: serviceOf(span.resource),
    resource: { ...span.resource.attributes },
    scope: scopeOf(span.instrumentationScope),
  }
}

export const millisOf = ([seconds, nanoseconds]: Time): number => seconds * 1000 + nanoseconds / 1_000_000

/** Not the difference of two big numbers, which would lose the nanoseconds. */
const millisBetween = (from: Time, to: Time): number =>
  (to[0] - from[0]) * 1000 + (to[1] - from[1]) / 1_000_000

export const serviceOf = ({ attributes }: { readonly attributes: object }): string =>
  String((attributes as Attributes)["service.name"] ?? "")

export const scopeOf = (scope: SpanLike["instrumentationScope"]): Scope => ({
  name: scope?.name ?? "",
  ...(scope?.version ? { version: scope.version } : {}),
})
