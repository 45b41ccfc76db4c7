import { ROOT_CONTEXT, SpanKind, SpanStatusCode, createTraceState, trace } from "@opentelemetry/api"
import { resourceFromAttributes } from "@opentelemetry/resources"
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
  type SpanExporter,
} from "@opentelemetry/sdk-trace-base"
import { describe, expect, expectTypeOf, test } from "vitest"
import type { Exporters } from "../exporters.ts"
import { type Span, idText, spanFields, traceColumns } from "./traces.ts"

const exporter = new InMemorySpanExporter()
const provider = new BasicTracerProvider({
  resource: resourceFromAttributes(
    { "service.name": "shop", "host.name": "h1" },
    { schemaUrl: "https://schema" },
  ),
  spanProcessors: [new SimpleSpanProcessor(exporter)],
})
const tracer = provider.getTracer("lib", "1.2.3")

/** The row of a span, as JSONEachRow has it. */
function rowOf(span: Span): Record<string, unknown> {
  const row: Record<string, unknown> = {}
  for (const [name, of] of Object.entries(spanFields)) {
    row[name] = JSON.parse(traceColumns[name as keyof typeof traceColumns].json(of(span) as never))
  }
  return row
}

/** What the SDK makes of a span that `use` has done something with. */
function finished(
  use: (span: ReturnType<typeof tracer.startSpan>) => void,
  options = {},
  context = ROOT_CONTEXT,
): ReadableSpan {
  exporter.reset()
  const span = tracer.startSpan("GET /cart", { startTime: [1_795_167_000, 5], ...options }, context)
  use(span)
  span.end([1_795_167_001, 6])
  const [readable] = exporter.getFinishedSpans()
  if (readable === undefined) throw new Error("the span was not recorded")
  return readable
}

const rowOfFinished = (...args: Parameters<typeof finished>) => rowOf(finished(...args))

test("takes the SDK's spans as they are, and is an exporter for it", () => {
  expectTypeOf<ReadableSpan>().toExtend<Span>()
  expectTypeOf<Exporters["spans"]>().toExtend<SpanExporter>()
})

test("a span with everything is the row that ClickStack expects", () => {
  const parent = {
    traceId: "0AF7651916CD43DD8448EB211C80319C",
    spanId: "B7AD6B7169203331",
    traceFlags: 1,
    isRemote: true,
    traceState: createTraceState("a=1,b=2"),
  }
  const linked = {
    traceId: "1".repeat(32),
    spanId: "2".repeat(16),
    traceFlags: 1,
    traceState: createTraceState("c=3"),
  }
  const span = finished(
    (one) => {
      one.setAttributes({ "http.status_code": 200, ok: true, list: ["a", "b"], ratio: 0.5 })
      one.addEvent("cache miss", { key: "k" }, [1_795_167_000, 7])
      one.addEvent("plain", [1_795_167_000, 8])
      one.addLink({ context: linked, attributes: { why: "batch" } })
      one.addLink({ context: { ...linked, traceState: undefined } as never })
      one.setStatus({ code: SpanStatusCode.ERROR, message: "out of stock" })
    },
    { kind: SpanKind.SERVER },
    trace.setSpanContext(ROOT_CONTEXT, parent),
  )
  expect(rowOf(span)).toEqual({
    Timestamp: "2026-11-20 09:30:00.000000005Z",
    TraceId: "0af7651916cd43dd8448eb211c80319c",
    SpanId: span.spanContext().spanId,
    ParentSpanId: "b7ad6b7169203331",
    TraceState: "a=1,b=2",
    SpanName: "GET /cart",
    SpanKind: "Server",
    ServiceName: "shop",
    ResourceAttributes: { "host.name": "h1", "service.name": "shop" },
    ScopeName: "lib",
    ScopeVersion: "1.2.3",
    SpanAttributes: { "http.status_code": "200", list: '["a","b"]', ok: "true", ratio: "0.5" },
    Duration: 1_000_000_001,
    StatusCode: "Error",
    StatusMessage: "out of stock",
    "Events.Timestamp": ["2026-11-20 09:30:00.000000007Z", "2026-11-20 09:30:00.000000008Z"],
    "Events.Name": ["cache miss", "plain"],
    "Events.Attributes": [{ key: "k" }, {}],
    "Links.TraceId": ["1".repeat(32), "1".repeat(32)],
    "Links.SpanId": ["2".repeat(16), "2".repeat(16)],
    "Links.TraceState": ["c=3", ""],
    "Links.Attributes": [{ why: "batch" }, {}],
  })
})

test("a bare span has no parent, no events, no links, and nothing where nothing was said", () => {
  const row = rowOf(finished(() => {}))
  expect(row).toMatchObject({ ParentSpanId: "", TraceState: "", StatusMessage: "", SpanAttributes: {} })
  expect(
    Object.entries(row)
      .filter(([name]) => /^(Events|Links)/.test(name))
      .map(([, value]) => value),
  ).toEqual(Array.from({ length: 7 }, () => []))
})

test.each([
  [SpanKind.INTERNAL, "Internal"],
  [SpanKind.SERVER, "Server"],
  [SpanKind.CLIENT, "Client"],
  [SpanKind.PRODUCER, "Producer"],
  [SpanKind.CONSUMER, "Consumer"],
  [-1, "Unspecified"],
  [17, "Unspecified"],
])("kind %i is %s", (kind, text) => {
  expect(rowOfFinished(() => {}, { kind })["SpanKind"]).toBe(text)
})

test.each([
  [SpanStatusCode.UNSET, "Unset"],
  [SpanStatusCode.OK, "Ok"],
  [SpanStatusCode.ERROR, "Error"],
])("status %i is %s", (code, text) => {
  expect(rowOfFinished((span) => void span.setStatus({ code }))["StatusCode"]).toBe(text)
})

test("a status that OpenTelemetry does not know is unset", () => {
  expect(rowOf({ ...fake(), status: { code: 9 } })["StatusCode"]).toBe("Unset")
})

const fake = (): Span => ({
  name: "n",
  kind: 0,
  spanContext: () => ({ traceId: "0".repeat(32), spanId: "0".repeat(16) }),
  startTime: [-5, 1],
  duration: [-1, 0],
  status: { code: 0 },
  attributes: {},
  events: [],
  links: [],
  resource: { attributes: {} },
  instrumentationScope: { name: "" },
})

test("ids of zeros are empty, a negative duration is 0, and a time before 1970 is kept", () => {
  expect(rowOf(fake())).toMatchObject({
    TraceId: "",
    SpanId: "",
    ServiceName: "",
    Duration: 0,
    Timestamp: "1969-12-31 23:59:55.000000001Z",
  })
})

test("a name that is missing costs nothing but the name", () => {
  expect(rowOf({ ...fake(), name: undefined as never })["SpanName"]).toBe("")
})

describe("the session", () => {
  const resourceOf = (attributes: object) =>
    rowOfFinished((span) => void span.setAttributes({ ...attributes }))["ResourceAttributes"]

  test("of a span stands beside its resource", () => {
    expect(resourceOf({ "session.id": "s1" })).toEqual({
      "host.name": "h1",
      "rum.sessionId": "s1",
      "service.name": "shop",
    })
  })
  test.each([[{}], [{ "session.id": "" }], [{ "session.id": 5 }]])("of %o is none", (attributes) => {
    expect(resourceOf(attributes)).not.toHaveProperty(["rum.sessionId"])
  })
})

test.each([
  ["ABCDEF", "abcdef"],
  ["00ab", "00ab"],
  ["0000", ""],
  ["", ""],
  [undefined, ""],
])("the id %s is written %s", (id, text) => {
  expect(idText(id)).toBe(text)
})
