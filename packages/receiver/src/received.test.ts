// What a received span, record, resource and trace state answer when they are asked.
import { expect, test } from "vitest"
import { LogRecordFromWire } from "./received-log-record.ts"
import { ResourceFromWire, ScopeFromWire } from "./received-resource.ts"
import { SpanFromWire } from "./received-span.ts"
import { ReceivedTraceState } from "./received-trace-state.ts"

const span = (fields: Partial<SpanFromWire> = {}) =>
  Object.assign(new SpanFromWire(new ResourceFromWire(), new ScopeFromWire()), fields)

test.each([
  [
    [1, 0],
    [3, 5],
    [2, 5],
  ],
  [
    [1, 900_000_000],
    [3, 100_000_000],
    [1, 200_000_000],
  ],
  [
    [3, 0],
    [1, 500_000_000],
    [-2, 500_000_000],
  ],
] as const)("from %j to %j it takes %j", (start, end, duration) => {
  expect(span({ startTime: [...start], endTime: [...end] }).duration).toEqual(duration)
})

test("a span of which no flags were sent counts as sampled, for it was exported", () => {
  expect(span().spanContext().traceFlags).toBe(1)
  expect(span({ flags: 0x100 }).spanContext().traceFlags).toBe(0)
})

test("the remote flags speak of the parent, when they are known", () => {
  const parentOf = (flags: number | undefined) => {
    const child = span({ traceId: "a".repeat(32), flags })
    child.setParent("b".repeat(16))
    expect(child.spanContext().isRemote).toBeUndefined()
    return child.parentSpanContext
  }
  expect(parentOf(undefined)).toEqual({ traceId: "a".repeat(32), spanId: "b".repeat(16), traceFlags: 1 })
  expect(parentOf(0x101)?.isRemote).toBe(false)
  expect(parentOf(0x301)?.isRemote).toBe(true)
  expect(parentOf(0x201)?.isRemote).toBeUndefined()
  expect("parentSpanContext" in span()).toBe(false)
})

test("a record without ids and flags has no span context", () => {
  const record = new LogRecordFromWire(new ResourceFromWire(), new ScopeFromWire())
  record.setSpan("", "")
  expect("spanContext" in record).toBe(false)
  record.flags = 0x1ff
  record.setSpan("", "")
  expect(record.spanContext).toEqual({ traceId: "", spanId: "", traceFlags: 0xff })
})

test("a trace state is handed on letter for letter, and can be asked and changed", () => {
  const state = new ReceivedTraceState("b=2, a=1=x,broken, ")
  expect(state.serialize()).toBe("b=2, a=1=x,broken, ")
  expect([state.get("a"), state.get("b"), state.get("c")]).toEqual(["1=x", "2", undefined])
  expect(state.set("a", "9").serialize()).toBe("a=9,b=2")
  expect(state.unset("b").serialize()).toBe("a=1=x")
})

test("resources merge as OpenTelemetry's do", () => {
  const resource = (attributes: ResourceFromWire["attributes"], schemaUrl?: string) =>
    Object.assign(new ResourceFromWire(), { attributes }, schemaUrl === undefined ? {} : { schemaUrl })
  const merged = resource({ a: 1, b: 1 }, "https://x/1").merge(resource({ b: 2 }))
  expect([merged.attributes, merged.schemaUrl]).toEqual([{ a: 1, b: 2 }, "https://x/1"])
  expect(resource({}, "https://x/1").merge(resource({}, "https://x/2")).schemaUrl).toBeUndefined()
  expect(resource({}).merge(resource({}, "https://x/2")).schemaUrl).toBe("https://x/2")
  expect(resource({ a: 1 }).getRawAttributes()).toEqual([["a", 1]])
})
