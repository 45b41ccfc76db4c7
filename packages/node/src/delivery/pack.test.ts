import { createTraceState, type Span, TraceFlags } from "@opentelemetry/api"
import { ProtobufLogsSerializer, ProtobufTraceSerializer } from "@opentelemetry/otlp-transformer"
import { resourceFromAttributes } from "@opentelemetry/resources"
import type { ReadableLogRecord } from "@opentelemetry/sdk-logs"
import { BasicTracerProvider, type ReadableSpan } from "@opentelemetry/sdk-trace-base"
import { deserialize, serialize } from "node:v8"
import { expect, test } from "vitest"
import { logKind, spanKind } from "./pack.ts"
import { plainSpan } from "./plain-telemetry.ts"

const tracer = new BasicTracerProvider({
  resource: resourceFromAttributes(
    { "service.name": "packed", n: 1 },
    { schemaUrl: "https://example.com/1" },
  ),
}).getTracer("test", "1.0")

const ended = (span: Span): ReadableSpan => {
  span.end()
  return span as unknown as ReadableSpan
}
const again = (spans: readonly ReadableSpan[]) =>
  spanKind.unpack(deserialize(serialize(spanKind.pack(spans))))

const context = { traceId: "1".repeat(32), spanId: "2".repeat(16), traceFlags: TraceFlags.SAMPLED }
const resource = resourceFromAttributes({})

const fields = {
  name: "GET",
  kind: 1,
  startTime: [1_790_000_000, 5] as [number, number],
  endTime: [1_790_000_001, 4.5] as [number, number],
  duration: [0, 999_999_999.5] as [number, number],
  status: { code: 0 },
  attributes: {},
  events: [],
  links: [],
  resource,
  instrumentationScope: { name: "scope" },
  droppedAttributesCount: 1,
  droppedEventsCount: 2,
  droppedLinksCount: 3,
}

test("spans are the same again, whatever they have", () => {
  const link = {
    context: { ...context, isRemote: true },
    attributes: { why: ["so"] },
    droppedAttributesCount: 4,
  }
  const event = {
    name: "event",
    time: [1, 2] as [number, number],
    attributes: { n: 1.5 },
    droppedAttributesCount: 1,
  }
  const spans = [
    plainSpan(context, fields),
    plainSpan(context, {
      ...fields,
      parentSpanContext: { ...context, spanId: "3".repeat(16), isRemote: false },
      status: { code: 2, message: "bad" },
      events: [event, { name: "bare", time: [3, 4] }],
      links: [link, { context }],
    }),
  ]
  const packed = again(spans)
  expect(packed).toEqual(spans.map((span) => Object.assign({}, span, { resource: expect.anything() })))
  expect(packed.map((span) => span.spanContext())).toEqual([context, context])
  expect(packed[0]!.resource).toBe(packed[1]!.resource)
  expect(packed[0]!.instrumentationScope).toBe(packed[1]!.instrumentationScope)
})

test("values stay what they are: -0, NaN, bytes, nested ones, null and undefined; names, too", () => {
  const odd = JSON.parse('{"__proto__": 1, "": 2, "a\\u0000b": 3}') as object
  const lists = [
    { a: -0, b: NaN, c: new Uint8Array([1, 2]), d: { e: [null, undefined, "x"] }, f: 2 ** 60, g: 5n },
    odd,
    { a: null, b: undefined },
    {},
    { a: "\u0000b", b: "é€😀", c: true },
  ]
  const packed = again(
    lists.map((attributes) => plainSpan(context, { ...fields, attributes: attributes as never })),
  )
  for (const [index, { attributes }] of packed.entries()) {
    expect(attributes).toStrictEqual(lists[index])
    expect(Object.keys(attributes)).toEqual(Object.keys(lists[index]!))
  }
  expect(Object.getPrototypeOf(packed[1]!.attributes)).toBe(Object.prototype)
})

test("a thousand kinds of items, in turns", () => {
  const spans = Array.from({ length: 2000 }, (_, index) =>
    plainSpan(context, { ...fields, attributes: { [`name.${index % 1000}`]: index, same: "x" } }),
  )
  expect(again(spans).map(({ attributes }) => attributes)).toEqual(spans.map(({ attributes }) => attributes))
})

test("a trace state is kept as it is written; one that throws costs only itself", () => {
  const throwing = {
    ...createTraceState(),
    serialize: () => {
      throw new Error("no")
    },
  }
  const spans = [createTraceState("a=1,b=2"), throwing].map((traceState) =>
    plainSpan(context, { ...fields, parentSpanContext: { ...context, traceState } }),
  )
  const parents = again(spans).map(({ parentSpanContext }) => parentSpanContext!)
  expect(parents[0]!.traceState!.serialize()).toBe("a=1,b=2")
  expect(parents[1]).toEqual(context)
})

test("what OpenTelemetry's SDK makes is encoded as before", () => {
  const parent = tracer.startSpan("parent")
  const span = tracer.startSpan("child", {
    kind: 2,
    attributes: { a: "x", list: [1, 2], yes: true },
    links: [{ context: parent.spanContext(), attributes: { why: "so" } }],
  })
  span.addEvent("event", { n: 1.5 })
  span.setStatus({ code: 2, message: "bad" })
  const batch = [ended(parent), ended(span)]
  expect(ProtobufTraceSerializer.serializeRequest(again(batch))).toEqual(
    ProtobufTraceSerializer.serializeRequest(batch),
  )
})

test("log records are the same again: a field that was absent is absent", () => {
  const bare: ReadableLogRecord = {
    hrTime: [1_790_000_000, 1],
    hrTimeObserved: [1_790_000_000, 2],
    resource,
    instrumentationScope: { name: "scope", version: "1" },
    attributes: {},
    droppedAttributesCount: 0,
  }
  const records: ReadableLogRecord[] = [
    bare,
    {
      ...bare,
      spanContext: context,
      severityNumber: 9,
      severityText: "INFO",
      eventName: "e",
      body: { a: [1, "b", null], bytes: new Uint8Array([7]) },
      attributes: { x: null, nested: { y: [-0] } },
    },
    { ...bare, body: null },
  ]
  const packed = logKind.unpack(deserialize(serialize(logKind.pack(records))))
  expect(packed).toStrictEqual(
    records.map((record) => Object.assign({}, record, { resource: expect.anything() })),
  )
  expect(ProtobufLogsSerializer.serializeRequest(packed)).toEqual(
    ProtobufLogsSerializer.serializeRequest(records),
  )
})
