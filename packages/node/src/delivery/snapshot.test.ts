import type { Attributes, HrTime } from "@opentelemetry/api"
import { ProtobufTraceSerializer } from "@opentelemetry/otlp-transformer"
import { LoggerProvider, type ReadableLogRecord } from "@opentelemetry/sdk-logs"
import { BasicTracerProvider, type ReadableSpan } from "@opentelemetry/sdk-trace-base"
import { deserialize, serialize } from "node:v8"
import { expect, test } from "vitest"
import { spanKind } from "./pack.ts"
import { defaultCaps, snapshotLogs, snapshotSpans } from "./snapshot.ts"

const spans: ReadableSpan[] = []
const tracer = new BasicTracerProvider({
  spanProcessors: [
    {
      onStart: () => undefined,
      onEnd: (span) => spans.push(span),
      forceFlush: () => Promise.resolve(),
      shutdown: () => Promise.resolve(),
    },
  ],
}).getTracer("test")
let emitted: ReadableLogRecord
const logger = new LoggerProvider({
  processors: [
    {
      onEmit: (record) => (emitted = record),
      forceFlush: () => Promise.resolve(),
      shutdown: () => Promise.resolve(),
    },
  ],
}).getLogger("test")

const take = (span: ReadableSpan) => snapshotSpans({ caps: defaultCaps }).take(span)
const lastSpan = () => spans.at(-1)!

function bodyOf(body: unknown): unknown {
  logger.emit({ body: body as string })
  return snapshotLogs({ caps: defaultCaps }).take(emitted).body
}

const cyclic: Record<string, unknown> = { name: "loop" }
cyclic["self"] = cyclic
const thrower = {
  ok: 1,
  get bad() {
    throw new Error("no")
  },
}
let deep: unknown = "end"
for (let level = 0; level < 20_000; level++) deep = { deep }

test.each([
  ["a cycle", cyclic, { name: "loop", self: "[circular]" }],
  ["a throwing getter", thrower, { ok: 1, bad: "[unreadable: no]" }],
  ["a small bigint", { n: 5n }, { n: 5 }],
  ["a large bigint", { n: 2n ** 80n }, { n: String(2n ** 80n) }],
  ["a symbol", { s: Symbol("x") }, { s: "Symbol(x)" }],
  ["a function", { f: function go() {} }, { f: "[function go]" }],
  [
    "a Map",
    new Map<unknown, unknown>([
      ["a", 1],
      [2, new Set([3])],
    ]),
    { a: 1, 2: [3] },
  ],
  ["a date", { at: new Date(0) }, { at: "1970-01-01T00:00:00.000Z" }],
  ["an invalid date", { at: new Date(NaN) }, { at: null }],
  ["a URL", { url: new URL("http://a.example/") }, { url: "http://a.example/" }],
  ["NaN and infinities", [NaN, Infinity, -Infinity, 1e300], ["NaN", "Infinity", "-Infinity", "1e+300"]],
  ["-0", { zero: -0 }, { zero: 0 }],
  ["a lone surrogate", "a\ud800b", "a\ufffdb"],
  ["bytes", { bytes: Buffer.from("ab") }, { bytes: Uint8Array.from([97, 98]) }],
  ["undefined inside", { a: undefined, b: null }, { a: undefined, b: null }],
  ["__proto__", JSON.parse('{"__proto__": {"a": 1}}'), JSON.parse('{"__proto__": {"a": 1}}')],
  ["a promise", { p: Promise.resolve() }, { p: "[object Promise]" }],
  [
    "a toJSON that throws",
    {
      toJSON: () => {
        throw new Error("x")
      },
    },
    "[unreadable: x]",
  ],
])("a body with %s stays readable", (_, body, expected) => {
  expect(bodyOf(body)).toEqual(expected)
})

test("an error is its stack, a revoked proxy says so, 20,000 levels are cut", () => {
  expect(bodyOf({ error: new RangeError("far") })).toEqual({
    error: expect.stringMatching(/^RangeError: far\n/),
  })
  const { proxy, revoke } = Proxy.revocable({}, {})
  revoke()
  expect(bodyOf({ proxy })).toEqual({ proxy: expect.stringMatching(/^\[unreadable: /) })
  expect(JSON.stringify(bodyOf(deep))).toContain("[nested too deep]")
})

test("a plain span is kept as it is, and its size is known", () => {
  tracer.startSpan("plain", { attributes: { a: "x", b: 1, c: true } }).end()
  const snapshot = snapshotSpans({ caps: defaultCaps })
  expect(snapshot.take(lastSpan())).toBe(lastSpan())
  expect(snapshot.bytes()).toBeGreaterThan(600)
  expect(snapshot.bytes()).toBeLessThan(2000)
})

test("what an object becomes later does not show", () => {
  const list = ["a"]
  tracer.startSpan("list", { attributes: { list } }).end()
  const span = take(lastSpan())
  const body = { deep: { list } }
  logger.emit({ body, attributes: { body } })
  const record = snapshotLogs({ caps: defaultCaps }).take(emitted)
  list.push("later")
  expect(span.attributes).toEqual({ list: ["a"] })
  expect(record.body).toEqual({ deep: { list: ["a"] } })
  expect(record.attributes).toEqual({ body: { deep: { list: ["a"] } } })
})

test("the caps hold, what is cut is marked, and what is beyond is not looked at", () => {
  const body = bodyOf("x".repeat(100_000_000)) as string
  expect(body.endsWith("…[truncated]")).toBe(true)
  expect(Buffer.byteLength(body)).toBeLessThanOrEqual(64 * 1024)

  const many = Object.fromEntries(Array.from({ length: 100_000 }, (_, index) => [`key${index}`, index]))
  const nested = bodyOf(many) as Record<string, unknown>
  expect(Object.keys(nested).length).toBeLessThan(3000)
  expect(nested["…[truncated]"]).toBe(true)
  expect((bodyOf("é".repeat(40_000)) as string).endsWith("é…[truncated]")).toBe(true)

  let read = 0
  const list = new Proxy(Array<number>(100_000).fill(1), {
    get: (elements, key) => {
      read++
      return Reflect.get(elements, key) as unknown
    },
  })
  expect((bodyOf(list) as unknown[]).at(-1)).toBe("…[truncated]")
  expect(read).toBeLessThan(10_000)
})

test("a record stays below its cap, and tells what it lost", () => {
  const attributes: Attributes = {}
  for (let index = 0; index < 200; index++) attributes[`a${index}`] = "y".repeat(60_000)
  const span = { ...foreign(), attributes } as ReadableSpan
  const snapshot = snapshotSpans({ caps: defaultCaps })
  const taken = snapshot.take(span)
  expect(snapshot.bytes()).toBeLessThan(1_100_000)
  expect(Object.keys(taken.attributes).length + taken.droppedAttributesCount).toBe(200)
  expect(taken.droppedAttributesCount).toBeGreaterThan(150)
})

test.each([
  ["no name", { name: undefined }],
  ["a name that is an object", { name: {} }],
  ["times that are none", { startTime: [NaN, 0] as HrTime, endTime: "now" }],
  ["times before 1970 and after 2262", { startTime: [-5, 0] as HrTime, endTime: [1e12, 0] as HrTime }],
  ["an unknown kind and status", { kind: 77, status: { code: "bad", message: 5 } }],
  ["an event without a time and a link without a context", { events: [{ name: 1 }], links: [{}] }],
  [
    "a trace state that throws",
    {
      spanContext: () => ({
        ...context,
        traceState: {
          serialize: () => {
            throw new Error()
          },
        },
      }),
    },
  ],
  ["a scope without a name", { instrumentationScope: {} }],
])("a span with %s does not cost the batch", (_, broken) => {
  tracer.startSpan("good").end()
  const batch = [take(lastSpan()), take({ ...foreign(), ...broken } as ReadableSpan)]
  expect(ProtobufTraceSerializer.serializeRequest(batch)).toBeDefined()
  const packed = spanKind.unpack(deserialize(serialize(spanKind.pack(batch))))
  expect(packed.map(({ name }) => typeof name)).toEqual(["string", "string"])
})

test("calls the API forgives: no name, ended twice, changed after its end, wrong times", () => {
  const before = spans.length
  const span = tracer.startSpan(undefined as unknown as string, { startTime: new Date(NaN) })
  span.end(NaN)
  span.end()
  span.setAttribute("late", 1)
  expect(spans).toHaveLength(before + 1)
  const taken = take(lastSpan())
  expect(taken.name).toBe("undefined")
  expect(taken.attributes).toEqual({})
  expect(ProtobufTraceSerializer.serializeRequest([taken])).toBeDefined()
})

test("redaction sees every value, nested ones too; when it fails nothing is sent", () => {
  logger.emit({ body: { user: { password: "p" }, n: 1 }, attributes: { password: "q", ok: "yes" } })
  const redact = (key: string | undefined, value: unknown) => (key === "password" ? "[REDACTED]" : value)
  const { body, attributes } = snapshotLogs({ caps: defaultCaps, redact }).take(emitted)
  expect(body).toEqual({ user: { password: "[REDACTED]" }, n: 1 })
  expect(attributes).toEqual({ password: "[REDACTED]", ok: "yes" })
  const failing = snapshotLogs({
    caps: defaultCaps,
    redact: () => {
      throw new Error("no")
    },
  })
  expect(failing.take(emitted).attributes).toEqual({ password: "[REDACTED]", ok: "[REDACTED]" })
})

const context = { traceId: "1".repeat(32), spanId: "2".repeat(16), traceFlags: 1 }

/** A span of another SDK, which promises nothing. */
function foreign(): ReadableSpan {
  return {
    name: "foreign",
    kind: 0,
    spanContext: () => context,
    startTime: [1, 0],
    endTime: [2, 0],
    duration: [1, 0],
    status: { code: 0 },
    attributes: {},
    events: [],
    links: [],
    ended: true,
    resource: lastSpan().resource,
    instrumentationScope: { name: "foreign" },
    droppedAttributesCount: 0,
    droppedEventsCount: 0,
    droppedLinksCount: 0,
  }
}
