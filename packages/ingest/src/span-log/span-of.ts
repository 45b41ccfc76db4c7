// A row of the span log as a span of OpenTelemetry's: structural, so that any exporter takes it.
import type { HrTime } from "../time.ts"

/** What the reader's SELECT gives. */
export interface SpanLogRow {
  readonly FinishDate: string
  readonly FinishUs: number
  readonly StartUs: number
  /** The server's clock. */
  readonly NowUs: number
  readonly TraceId: string
  readonly SpanId: string
  readonly ParentSpanId: string
  readonly TraceState: string
  readonly SpanName: string
  readonly SpanKind: string
  readonly ResourceAttributes: Record<string, string>
  readonly ScopeName: string
  readonly SpanAttributes: Record<string, string>
  /** Nanoseconds. */
  readonly Duration: number
  readonly StatusCode: string
  readonly StatusMessage: string
}

/** OpenTelemetry's ReadableSpan, as 2.x and 3.x declare it. */
export interface SpanLogSpan {
  readonly name: string
  readonly kind: number
  spanContext(): SpanLogContext
  readonly parentSpanContext?: SpanLogContext
  readonly startTime: HrTime
  readonly endTime: HrTime
  readonly duration: HrTime
  readonly status: { readonly code: number; readonly message?: string }
  readonly attributes: Readonly<Record<string, string>>
  readonly events: never[]
  readonly links: never[]
  readonly ended: true
  readonly resource: SpanLogResource
  readonly instrumentationScope: { readonly name: string }
  readonly droppedAttributesCount: 0
  readonly droppedEventsCount: 0
  readonly droppedLinksCount: 0
}

interface SpanLogContext {
  readonly traceId: string
  readonly spanId: string
  readonly traceFlags: 1
  readonly isRemote?: boolean
  readonly traceState?: TraceState
}

/** What came with the request, passed on as it is. */
interface TraceState {
  get(key: string): string | undefined
  set(): TraceState
  unset(): TraceState
  serialize(): string
}

interface SpanLogResource {
  readonly attributes: Readonly<Record<string, string>>
  readonly asyncAttributesPending: false
  getRawAttributes(): [string, string][]
  merge(): SpanLogResource
}

const kinds = ["Internal", "Server", "Client", "Producer", "Consumer"]
const statuses = ["Unset", "Ok", "Error"]

/** Spans of one host share a resource, by which exporters group them. */
export function createSpanOf(): (row: SpanLogRow) => SpanLogSpan {
  const resources = new Map<string, SpanLogResource>()
  return (row) => {
    const host = row.ResourceAttributes["host.name"] ?? ""
    let resource = resources.get(host)
    if (resource === undefined) resources.set(host, (resource = resourceOf(row.ResourceAttributes)))
    const traceState = row.TraceState === "" ? undefined : traceStateOf(row.TraceState)
    const context = contextOf(row.TraceId, row.SpanId, traceState)
    return {
      name: row.SpanName,
      kind: Math.max(0, kinds.indexOf(row.SpanKind)),
      spanContext: () => context,
      ...(row.ParentSpanId === ""
        ? {}
        : { parentSpanContext: contextOf(row.TraceId, row.ParentSpanId, traceState) }),
      startTime: fromMicroseconds(row.StartUs),
      endTime: fromMicroseconds(Math.max(row.StartUs, row.FinishUs)),
      duration: [Math.floor(row.Duration / 1e9), row.Duration % 1e9],
      status: {
        code: Math.max(0, statuses.indexOf(row.StatusCode)),
        ...(row.StatusMessage === "" ? {} : { message: row.StatusMessage }),
      },
      attributes: row.SpanAttributes,
      events: [],
      links: [],
      ended: true,
      resource,
      instrumentationScope: { name: row.ScopeName },
      droppedAttributesCount: 0,
      droppedEventsCount: 0,
      droppedLinksCount: 0,
    }
  }
}

const fromMicroseconds = (time: number): HrTime => [Math.floor(time / 1e6), (time % 1e6) * 1000]

const contextOf = (traceId: string, spanId: string, traceState: TraceState | undefined): SpanLogContext => ({
  traceId,
  spanId,
  traceFlags: 1,
  ...(traceState === undefined ? {} : { traceState }),
})

function traceStateOf(text: string): TraceState {
  const state: TraceState = {
    get: (key) =>
      text
        .split(",")
        .find((member) => member.trim().startsWith(`${key}=`))
        ?.trim()
        .slice(key.length + 1),
    set: () => state,
    unset: () => state,
    serialize: () => text,
  }
  return state
}

function resourceOf(attributes: Readonly<Record<string, string>>): SpanLogResource {
  const resource: SpanLogResource = {
    attributes,
    asyncAttributesPending: false,
    getRawAttributes: () => Object.entries(attributes),
    merge: () => resource,
  }
  return resource
}
