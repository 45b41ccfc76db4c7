// Decoded spans as lines of JSON for otel_traces, the way such code is usually written.
import type { Message } from "protobufjs"

interface KeyValue {
  key: string
  value?: Record<string, unknown>
}

interface Decoded {
  resourceSpans: {
    resource: { attributes: KeyValue[] }
    scopeSpans: { scope: { name: string; version: string }; spans: DecodedSpan[] }[]
  }[]
}

interface DecodedSpan {
  traceId: Uint8Array
  spanId: Uint8Array
  parentSpanId: Uint8Array
  name: string
  kind: number
  startTimeUnixNano: { toString(): string }
  endTimeUnixNano: { toString(): string }
  attributes: KeyValue[]
  events: { timeUnixNano: { toString(): string }; name: string; attributes: KeyValue[] }[]
  status?: { code: number; message: string }
}

const kinds = ["Unspecified", "Internal", "Server", "Client", "Producer", "Consumer"]
const statuses = ["Unset", "Ok", "Error"]

export function jsonRows(request: Message): string {
  const lines: string[] = []
  for (const { resource, scopeSpans } of (request as unknown as Decoded).resourceSpans) {
    const resourceAttributes = toMap(resource.attributes)
    for (const { scope, spans } of scopeSpans) {
      for (const span of spans) lines.push(JSON.stringify(row(span, scope, resourceAttributes)))
    }
  }
  return lines.join("\n")
}

function row(span: DecodedSpan, scope: { name: string; version: string }, resource: Record<string, string>) {
  const start = BigInt(span.startTimeUnixNano.toString())
  return {
    Timestamp: time(start),
    TraceId: hex(span.traceId),
    SpanId: hex(span.spanId),
    ParentSpanId: hex(span.parentSpanId),
    SpanName: span.name,
    SpanKind: kinds[span.kind],
    ServiceName: resource["service.name"],
    ResourceAttributes: resource,
    ScopeName: scope.name,
    ScopeVersion: scope.version,
    SpanAttributes: toMap(span.attributes),
    Duration: Number(BigInt(span.endTimeUnixNano.toString()) - start),
    StatusCode: statuses[span.status?.code ?? 0],
    StatusMessage: span.status?.message ?? "",
    "Events.Timestamp": span.events.map((event) => time(BigInt(event.timeUnixNano.toString()))),
    "Events.Name": span.events.map(({ name }) => name),
    "Events.Attributes": span.events.map(({ attributes }) => toMap(attributes)),
  }
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex")

const time = (nanos: bigint): string =>
  `${nanos / 1_000_000_000n}.${String(nanos % 1_000_000_000n).padStart(9, "0")}`

function toMap(attributes: readonly KeyValue[]): Record<string, string> {
  const pairs = attributes.map(({ key, value = {} }): [string, string] => [
    key,
    String(Object.values(value)[0]),
  ])
  return Object.fromEntries(pairs.sort(([one], [other]) => (one < other ? -1 : 1)))
}
