// The yardstick is OpenTelemetry's own serializer, given what a snapshot keeps: the same bytes, for everything that an
// app may put into a span or a log record.
import type { HrTime, SpanContext } from "@opentelemetry/api"
import { ProtobufLogsSerializer, ProtobufTraceSerializer } from "@opentelemetry/otlp-transformer"
import { resourceFromAttributes } from "@opentelemetry/resources"
import type { ReadableLogRecord } from "@opentelemetry/sdk-logs"
import type { ReadableSpan } from "@opentelemetry/sdk-trace-base"
import * as fc from "fast-check"
import { expect, test } from "vitest"
import { plainTraceState } from "../delivery/plain-telemetry.ts"
import { defaultCaps, snapshotLogs, snapshotSpans } from "../delivery/snapshot.ts"
import { truncatedMark } from "../delivery/plain-value.ts"
import { encodeLogs } from "./encode-logs.ts"
import { encodeSpans } from "./encode-spans.ts"
import { decodeRequest, encodeRequest } from "./export-request.ts"
import { decodeResponse } from "./export-response.ts"

const text = fc.oneof(
  fc.string({ maxLength: 60 }),
  fc.string({ unit: "binary", maxLength: 60 }),
  fc.string({ minLength: 40, maxLength: 20_000 }),
  fc.constantFrom(
    "",
    "GET",
    "__proto__",
    "constructor",
    "é",
    "日本語",
    "\u0000",
    "a\ud800b",
    "x".repeat(127),
    "x".repeat(65_000),
  ),
)
const value = fc.oneof(
  text,
  fc.integer(),
  fc.maxSafeInteger(),
  fc.double(),
  fc.boolean(),
  fc.constantFrom(0, -0, -1, 2 ** 31, 2 ** 32, -(2 ** 63), 2 ** 63, 2 ** 53, 1e300, null, undefined),
  fc.uint8Array({ maxLength: 300 }),
  fc.array(text, { maxLength: 4 }),
  fc.anything({
    withBigInt: true,
    withDate: true,
    withMap: true,
    withSet: true,
    withTypedArray: true,
    withNullPrototype: true,
    withObjectString: true,
    withSparseArray: true,
  }),
)
const attributes: fc.Arbitrary<any> = fc.dictionary(text, value, { maxKeys: 8 })
const time = fc.oneof(
  fc.tuple(fc.integer({ min: 0, max: 9_223_372_036 }), fc.integer({ min: 0, max: 999_999_999 })),
  fc.constantFrom<HrTime>([0, 0], [1_763_600_000, 999_999_999], [4_294_967_296, 1]),
)
const id = (digits: number) =>
  fc.string({
    unit: fc.constantFrom(..."0123456789abcdefABCDEF".split("")),
    minLength: digits,
    maxLength: digits,
  })
const context: fc.Arbitrary<SpanContext> = fc.record(
  {
    traceId: id(32),
    spanId: id(16),
    traceFlags: fc.integer({ min: 0, max: 255 }),
    isRemote: fc.boolean(),
    traceState: fc.constantFrom("vendor=value", "a=1,b=2", "").map(plainTraceState),
  },
  { requiredKeys: ["traceId", "spanId", "traceFlags"] },
)
const count = fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 0xffffffff }))
const many = <T>(one: fc.Arbitrary<T>) => fc.array(one, { maxLength: 3 })

const resources = [
  resourceFromAttributes({ "service.name": "shop", "process.pid": 7, list: ["a", "b"] }),
  resourceFromAttributes({ long: "é".repeat(9000) }, { schemaUrl: "https://example.com/1" }),
  resourceFromAttributes({}),
]
const scopes = [
  { name: "http" },
  { name: "sql", version: "1.2", schemaUrl: "https://example.com/2" },
  { name: "", version: "", attributes: { a: 1, b: [true] }, droppedAttributesCount: 3 },
]
const place = {
  resource: fc.constantFrom(...resources),
  instrumentationScope: fc.constantFrom(...scopes),
}

const span: fc.Arbitrary<ReadableSpan> = fc
  .record({
    ...place,
    name: text,
    kind: fc.integer({ min: -1, max: 6 }),
    context,
    parentSpanContext: fc.option(context, { nil: undefined }),
    startTime: time,
    endTime: time,
    duration: fc.constant<HrTime>([0, 0]),
    ended: fc.constant(true),
    status: fc.record({ code: fc.integer({ min: 0, max: 3 }), message: text }, { requiredKeys: ["code"] }),
    attributes,
    events: many(fc.record({ name: text, time, attributes, droppedAttributesCount: count })),
    links: many(fc.record({ context, attributes, droppedAttributesCount: count })),
    droppedAttributesCount: count,
    droppedEventsCount: count,
    droppedLinksCount: count,
  })
  .map((fields) => Object.assign(fields, { spanContext: () => fields.context }) as unknown as ReadableSpan)

const log: fc.Arbitrary<ReadableLogRecord> = fc
  .record(
    {
      ...place,
      hrTime: time,
      hrTimeObserved: time,
      spanContext: context,
      severityNumber: fc.integer({ min: -1, max: 26 }),
      severityText: text,
      body: value,
      eventName: text,
      attributes,
      droppedAttributesCount: count,
    },
    {
      requiredKeys: [
        "resource",
        "instrumentationScope",
        "hrTime",
        "hrTimeObserved",
        "attributes",
        "droppedAttributesCount",
      ],
    },
  )
  .map((fields) => fields as unknown as ReadableLogRecord)

const redact = (key: string | undefined, given: unknown) =>
  key === undefined || key.length % 2 === 0 ? given : "[REDACTED]"

const kinds = [
  ["spans", span, encodeSpans, snapshotSpans, ProtobufTraceSerializer],
  ["log records", log, encodeLogs, snapshotLogs, ProtobufLogsSerializer],
] as unknown as [
  string,
  fc.Arbitrary<any>,
  typeof encodeSpans,
  typeof snapshotSpans,
  typeof ProtobufTraceSerializer,
][]

test.each(kinds)(
  "%s have the bytes that OpenTelemetry's serializer gives their snapshots",
  (_, one, encoder, snapshot, upstream) => {
    for (const options of [{ caps: defaultCaps }, { caps: defaultCaps, redact }]) {
      const { encode } = encoder(options)
      const { take } = snapshot(options)
      fc.assert(
        fc.property(fc.array(one, { maxLength: 5 }), (items) => {
          const expected = Buffer.from(upstream.serializeRequest(items.map(take))!)
          const request = encodeRequest(items.map(encode))
          expect(request.equals(expected)).toBe(true)
          expect(encodeRequest(decodeRequest(request)).equals(expected)).toBe(true)
        }),
        { numRuns: 300 },
      )
    }
  },
)

test("of what is too large, no more is read than is kept", () => {
  let reads = 0
  const wide = {}
  for (let index = 0; index < 100_000; index++) {
    const get = () => ++reads
    Object.defineProperty(wide, `key.${index}`, { enumerable: true, get })
  }
  const huge = Buffer.alloc(100_000_000, "x").toString("latin1")
  const record = (fields: object) =>
    ({ attributes: {}, resource: resourceFromAttributes({}), ...fields }) as unknown as ReadableLogRecord
  const take = (fields: object) => {
    reads = 0
    const before = process.memoryUsage()
    const own = { hrTime: [1, 0], hrTimeObserved: [1, 0], instrumentationScope: { name: "app" } }
    const { from, to } = encodeLogs({ caps: defaultCaps }).encode(record({ ...own, ...fields }))
    const after = process.memoryUsage()
    return { size: to - from, memory: after.arrayBuffers - before.arrayBuffers }
  }
  take({ attributes: wide })
  expect(reads).toBeLessThanOrEqual(defaultCaps.attributes)
  take({ body: wide })
  expect(reads).toBeLessThanOrEqual(defaultCaps.valueBytes / 16) // what an element costs at least
  for (const fields of [{ body: huge }, { body: [huge] }, { attributes: { huge } }]) {
    const { size, memory } = take(fields)
    expect(size).toBeLessThanOrEqual(defaultCaps.valueBytes + 200)
    expect(memory).toBeLessThanOrEqual(2_000_000) // of a text of 100 MB
  }
})

test("redaction reads of a long text what is kept and what stands across its end", () => {
  let longest = 0
  const hide = (given: string) => {
    longest = Math.max(longest, given.length)
    return given.replaceAll(/(SECRET)+/g, "*")
  }
  const options = {
    caps: defaultCaps,
    redact: (_: string | undefined, given: unknown) => (typeof given === "string" ? hide(given) : given),
    redactText: hide,
  }
  const across = `${"x".repeat(defaultCaps.valueBytes - 30)}${"SECRET".repeat(20)}`.padEnd(50_000_000, "y")
  const shrinking = "SECRET".repeat(10_000_000)
  for (const long of [across, shrinking]) {
    const record = {
      body: long,
      attributes: { long, inside: { long } },
      eventName: long,
      hrTime: [1, 0],
      hrTimeObserved: [1, 0],
      resource: resourceFromAttributes({}),
      instrumentationScope: { name: "app" },
    } as unknown as ReadableLogRecord
    const kept = snapshotLogs(options).take(record)
    const { slab, from, to } = encodeLogs(options).encode(record)
    const inside = (kept.attributes["inside"] as { long: string }).long
    const texts = [kept.body, kept.attributes["long"], inside, kept.eventName] as string[]
    for (const one of [...texts, slab.toString("utf8", from, to)]) {
      expect(one).not.toContain("SECRET")
      expect(one).toContain(truncatedMark)
    }
  }
  expect(longest).toBeLessThanOrEqual(2 * defaultCaps.valueBytes + truncatedMark.length)
})

test("of an answer the rejected items and the message are read, and nothing else can do harm", () => {
  const partial = Buffer.concat([Buffer.from([0x08, 0x87, 0x01, 0x12, 3]), Buffer.from("bad")])
  const answer = Buffer.concat([Buffer.from([0x10, 5, 0x0a, partial.length]), partial])
  expect(decodeResponse(answer)).toEqual({ rejected: 135, message: "bad" })
  expect(decodeResponse(new Uint8Array())).toEqual({ rejected: 0, message: "" })
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
      expect(decodeResponse(bytes).rejected).toBeGreaterThanOrEqual(0)
    }),
  )
})
