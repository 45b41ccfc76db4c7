import { describe, expect, test } from "vitest"
import { checkRows } from "./check-rows.ts"
import { IngestError } from "./errors.ts"
import type { TableName } from "./tables.ts"

const log = { Timestamp: new Date(0), Body: "hello" }
const span = { Timestamp: 0n, TraceId: "1", SpanId: "2", SpanName: "GET" }
const point = { TimeUnix: [1, 0], MetricName: "m" }

async function refused(table: TableName, rows: readonly unknown[]): Promise<string> {
  const error: unknown = await checkRows(table, rows as object[]).catch((thrown: unknown) => thrown)
  expect(error).toBeInstanceOf(IngestError)
  expect(error).toMatchObject({ code: "BAD_ROW", retryable: false })
  return (error as IngestError).message
}

describe("good rows", () => {
  test("name the fields that any of them has", async () => {
    const rows = [
      log,
      { ...log, SeverityNumber: 9, LogAttributes: { a: [1] } },
      { ...log, TraceId: undefined },
    ]
    expect(await checkRows("otel_logs", rows)).toEqual(
      new Set(["Timestamp", "Body", "SeverityNumber", "LogAttributes"]),
    )
    expect(await checkRows("otel_logs", [])).toEqual(new Set())
  })

  test.each<[TableName, object]>([
    [
      "otel_traces",
      { ...span, Duration: 5n, "Events.Name": ["a"], "Events.Timestamp": [0n], "Events.Attributes": [{}] },
    ],
    ["hyperdx_sessions", log],
    ["otel_metrics_gauge", { ...point, Value: NaN }],
    ["otel_metrics_sum", { ...point, Value: 1, IsMonotonic: true, AggregationTemporality: 2 }],
    ["otel_metrics_histogram", { ...point, Count: 3, BucketCounts: [1, 2n], ExplicitBounds: [0.5] }],
    ["otel_metrics_exponential_histogram", { ...point, Count: 3n, Scale: -2, PositiveBucketCounts: [] }],
    [
      "otel_metrics_summary",
      { ...point, Count: 1, "ValueAtQuantiles.Quantile": [0.5], "ValueAtQuantiles.Value": [1] },
    ],
  ])("of %s are taken", async (table, row) => {
    expect(await checkRows(table, [row])).toEqual(new Set(Object.keys(row)))
  })
})

describe("a bad row", () => {
  const throwing = {
    ...log,
    get TraceId(): string {
      throw new Error("boom")
    },
  }

  test.each<[string, TableName, unknown, string]>([
    ["is null", "otel_logs", null, "is null instead of an object"],
    ["is a text", "otel_logs", "hello", 'is "hello" instead of an object'],
    ["is an array", "otel_logs", [log], "is an array instead of an object"],
    ["is undefined", "otel_logs", undefined, "is undefined instead of an object"],
    [
      "has a name with a slip",
      "otel_logs",
      { ...log, body: "x" },
      "has an unknown field body; did you mean Body?",
    ],
    [
      "has the name of a computed column",
      "otel_traces",
      { ...span, SampleRate: 5 },
      "has an unknown field SampleRate; known are Timestamp, TraceId, SpanId, ParentSpanId, TraceState, SpanName, SpanKind, ServiceName, ResourceAttributes, ScopeName, ScopeVersion, SpanAttributes, Duration, StatusCode, StatusMessage, Events.Timestamp, Events.Name, Events.Attributes, Links.TraceId, Links.SpanId, Links.TraceState, Links.Attributes",
    ],
    ["has no time", "otel_logs", { Body: "x" }, "has no Timestamp"],
    ["has an undefined time", "otel_logs", { Timestamp: undefined }, "has no Timestamp"],
    ["has no name", "otel_traces", { ...span, SpanName: undefined }, "has no SpanName"],
    ["has no value", "otel_metrics_gauge", point, "has no Value"],
    ["has no count", "otel_metrics_summary", point, "has no Count"],
    [
      "has a time in text",
      "otel_logs",
      { Timestamp: "2026-11-20" },
      'field Timestamp is "2026-11-20"; it must be a time: a Date, nanoseconds as bigint, or [seconds, nanoseconds]',
    ],
    [
      "has a time in seconds",
      "otel_logs",
      { Timestamp: 1_795_167_000 },
      "field Timestamp is 1795167000; it must be a time: a Date, nanoseconds as bigint, or [seconds, nanoseconds]",
    ],
    ["has null", "otel_logs", { ...log, Body: null }, "field Body is null; it must be a string"],
    [
      "has an object for a text",
      "otel_logs",
      { ...log, Body: { a: 1 } },
      "field Body is an object; it must be a string",
    ],
    [
      "has an object of no prototype",
      "otel_logs",
      { ...log, Body: Object.create(null) },
      "field Body is an object; it must be a string",
    ],
    ["has a Map", "otel_logs", { ...log, Body: new Map() }, "field Body is a Map; it must be a string"],
    [
      "has a number that would wrap",
      "otel_logs",
      { ...log, SeverityNumber: 300 },
      "field SeverityNumber is 300; it must be a whole number from 0 to 255",
    ],
    [
      "has an array for attributes",
      "otel_logs",
      { ...log, LogAttributes: [] },
      "field LogAttributes is an array; it must be an object of attributes",
    ],
    [
      "has a negative duration",
      "otel_traces",
      { ...span, Duration: -1 },
      "field Duration is -1; it must be nanoseconds, as number, bigint or [seconds, nanoseconds]",
    ],
    [
      "has a bad item in an array",
      "otel_metrics_histogram",
      { ...point, Count: 1, BucketCounts: [-1] },
      "field BucketCounts is an array; it must be an array, each item a whole number of at least 0, as number or bigint",
    ],
    [
      "has a long text for a number",
      "otel_logs",
      { ...log, TraceFlags: "x".repeat(100) },
      `field TraceFlags is "${"x".repeat(59)}...; it must be a whole number from 0 to 255`,
    ],
    [
      "has more of one than of the other",
      "otel_traces",
      { ...span, "Events.Name": ["a", "b"], "Events.Timestamp": [0n] },
      "the arrays Events.* differ in length",
    ],
    ["throws", "otel_logs", throwing, "cannot be read: boom"],
  ])("that %s is one clear error", async (_name, table, row, problem) => {
    expect(await refused(table, [row])).toBe(`insert into ${table}: row 0 ${problem}; no row was sent`)
  })

  test.each(["constructor", "toString", "__proto__"])(
    "with a field %s has an unknown field",
    async (name) => {
      const row = Object.defineProperty({ ...log }, name, { value: "x", enumerable: true })
      expect(await refused("otel_logs", [row])).toMatch(
        new RegExp(`row 0 has an unknown field ${name}; known are `),
      )
    },
  )

  test("is named by its place, also among thousands, between which the event loop runs", async () => {
    let turns = 0
    const turn = () => {
      turns++
      immediate = setImmediate(turn)
    }
    let immediate = setImmediate(turn)
    const rows = Array.from({ length: 5_000 }, (_, n) => (n === 4_321 ? { ...log, Body: 1 } : log))
    expect(await refused("otel_logs", rows)).toContain("row 4321 field Body is 1")
    clearImmediate(immediate)
    expect(turns).toBeGreaterThanOrEqual(4)
  })
})

describe("nested arrays that only some rows have", () => {
  const named = { ...span, "Events.Name": ["a"] }
  const timed = { ...named, "Events.Timestamp": [0n] }

  test("are refused, because the others would be sent with one column shorter than its sibling", async () => {
    expect(await refused("otel_traces", [timed, span, named])).toBe(
      "insert into otel_traces: row 2 has other arrays of Events.* than the rows before it, Events.Name instead of " +
        "Events.Name, Events.Timestamp; no row was sent",
    )
  })

  test("are fine where the rest has none, or empty ones", async () => {
    const empty = { ...span, "Events.Name": [] }
    expect(await checkRows("otel_traces", [timed, span, empty, timed])).toContain("Events.Timestamp")
    expect(await checkRows("otel_traces", [named, span, named])).not.toContain("Events.Timestamp")
    expect(await checkRows("otel_traces", [{ ...timed, "Events.Attributes": undefined }])).not.toContain(
      "Events.Attributes",
    )
  })
})
