// Every kind of value that telemetry may hold goes through the real engine and is read back as ClickStack's collector
// would have spelled it; and the bytes of both formats, Native and JSONEachRow, make the same rows.
import { SpanKind, SpanStatusCode, TraceFlags, ValueType, createTraceState } from "@opentelemetry/api"
import { SeverityNumber } from "@opentelemetry/api-logs"
import { InMemoryLogRecordExporter, LoggerProvider, SimpleLogRecordProcessor } from "@opentelemetry/sdk-logs"
import {
  AggregationTemporality,
  AggregationType,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from "@opentelemetry/sdk-metrics"
import { type Exporter, type Exporters, type Rows, type TableName, createIngest } from "@clickstack/ingest"
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest"
import { exported } from "./store.ts"
import {
  type AnyValue,
  type HrTime,
  PARENT,
  SPAN,
  TRACE,
  log3,
  now,
  resource3,
  shop,
  span3,
  spansOf,
} from "./telemetry.ts"

type Row = Record<string, unknown>
type Signal = "spans" | "logs" | "metrics"
type BatchOf<One extends Signal> = Exporters[One] extends Exporter<infer Batch> ? Batch : never

const native = createIngest({ url: "chdb::memory:", database: "native" })
const json = createIngest({ url: "chdb::memory:", database: "json", format: "JSONEachRow" })

beforeAll(async () => {
  for (const ingest of [native, json]) {
    await ingest.ensureSchema()
    // Rows of another century are older than any retention.
    await ingest.command("SYSTEM STOP MERGES")
  }
})

beforeEach(async () => {
  for (const ingest of [native, json]) {
    const filled = await ingest.query<{ name: string }>(
      "SELECT name FROM system.tables WHERE database = currentDatabase() AND total_rows > 0",
    )
    for (const { name } of filled) await ingest.command(`TRUNCATE TABLE \`${name}\``)
  }
})

afterAll(async () => {
  await native.close()
  await json.close()
})

/** Stores a batch in both formats, and returns the rows, after making sure that both have made the same. */
async function stored<One extends Signal>(
  signal: One,
  batch: BatchOf<One>,
  table: TableName,
  order = "1",
): Promise<Row[]> {
  for (const ingest of [native, json]) {
    // The exporter belongs to the batch; TypeScript cannot follow that through the union.
    expect(await exported(ingest[signal] as Exporter<BatchOf<One>>, batch)).toEqual({ code: 0 })
  }
  return sameRows(table, order)
}

async function inserted<Table extends TableName>(table: Table, rows: Rows[Table][]): Promise<Row[]> {
  for (const ingest of [native, json]) await ingest.insert(table, rows)
  return sameRows(table, "1")
}

async function sameRows(table: TableName, order: string): Promise<Row[]> {
  const hashes = `SELECT cityHash64(*) AS hash FROM ${table} ORDER BY hash`
  expect(await json.query(hashes)).toEqual(await native.query(hashes))
  return native.query(`SELECT * FROM ${table} ORDER BY ${order}`)
}

const text = (time: HrTime): string =>
  `${new Date(time[0] * 1000).toISOString().slice(0, 19).replace("T", " ")}.${String(time[1]).padStart(9, "0")}`

const cyclic: AnyValue = { name: "loop" }
cyclic["self"] = cyclic

const megabyte = "é".repeat(524_288)

// Named so that a failure names the value; each is stored as an attribute, and as a log's body.
const values: readonly (readonly [name: string, value: AnyValue, text: string])[] = [
  ["a string", "paid", "paid"],
  ["an empty string", "", ""],
  ["a string with quotes, tabs and zeros", `it's "\\n"\t\0 end`, `it's "\\n"\t\0 end`],
  ["an emoji", "👩‍🚀", "👩‍🚀"],
  ["a lone high surrogate", "a\ud800b", "a\ufffdb"],
  ["a lone low surrogate", "\udfff", "\ufffd"],
  ["a lone surrogate in a long string", `${"x".repeat(100)}\ud83d`, `${"x".repeat(100)}\ufffd`],
  ["a megabyte of text", megabyte, megabyte],
  ["text with blank lines and SQL", "one\n\nDROP TABLE otel_logs;\n\n", "one\n\nDROP TABLE otel_logs;\n\n"],
  ["true", true, "true"],
  ["false", false, "false"],
  ["an integer", 42, "42"],
  ["a double", 0.1, "0.1"],
  ["a large double", 1e21, "1e+21"],
  ["a small double", 5e-324, "5e-324"],
  ["NaN", NaN, "NaN"],
  ["-0", -0, "0"],
  ["Infinity", Infinity, "Infinity"],
  ["-Infinity", -Infinity, "-Infinity"],
  ["2^53 + 1 as bigint", 2n ** 53n + 1n, "9007199254740993"],
  ["a negative bigint", -(2n ** 63n), "-9223372036854775808"],
  ["bytes", new Uint8Array([0, 10, 10, 255]), "AAoK/w=="],
  ["part of a buffer", new Uint8Array([1, 2, 3, 4]).subarray(1, 3), "AgM="],
  ["no bytes", new Uint8Array(), ""],
  ["null", null, ""],
  ["undefined", undefined, ""],
  ["an array", ["a", "b"], '["a","b"]'],
  ["an empty array", [], "[]"],
  ["an array of everything", [1, true, null, "x", [2n], NaN], '[1,true,null,"x",[2],null]'],
  ["a map, its keys sorted", { b: 1, a: { d: [], c: "x" } }, '{"a":{"c":"x","d":[]},"b":1}'],
  ["an empty map", {}, "{}"],
  ["bytes in a map", { raw: new Uint8Array([255]) }, '{"raw":"/w=="}'],
  ["2^53 + 1 in a map", { id: 2n ** 53n + 1n }, '{"id":9007199254740993}'],
  ["a lone surrogate in a map", { "\udc00": "\ud800" }, '{"\ufffd":"\ufffd"}'],
  ["what OpenTelemetry does not allow: a cycle", cyclic, '{"name":"loop","self":"[circular]"}'],
]

describe("attributes, as OpenTelemetry 3.1 allows them", () => {
  // One batch for all: its neighbours must not harm a value either.
  let spans: Row[] = []
  let logs: Row[] = []

  beforeAll(async () => {
    spans = await stored(
      "spans",
      values.map(([name, value]) => {
        const attributes = { value, other: "neighbour" }
        return span3({
          name,
          attributes,
          resource: resource3({ "service.name": "shop", value }),
          events: [{ name: "event", time: [now, 3], attributes }],
          links: [{ context: { traceId: TRACE, spanId: SPAN, traceFlags: 1 }, attributes }],
        })
      }),
      "otel_traces",
    )
    logs = await stored(
      "logs",
      values.map(([eventName, value]) =>
        log3({
          eventName,
          body: value,
          attributes: { value },
          instrumentationScope: { name: "orders", attributes: { value } },
        }),
      ),
      "otel_logs",
    )
  })

  test.each(values)("%s", (name, _, expected) => {
    const map = { other: "neighbour", value: expected }
    expect(spans.find((row) => row["SpanName"] === name)).toMatchObject({
      SpanAttributes: map,
      ResourceAttributes: { "service.name": "shop", value: expected },
      "Events.Attributes": [map],
      "Links.Attributes": [map],
    })
  })

  test.each(values)("a log's body, scope and attributes: %s", (name, _, expected) => {
    expect(logs.find((row) => row["EventName"] === name)).toMatchObject({
      Body: expected,
      LogAttributes: { value: expected },
      ScopeAttributes: { value: expected },
    })
  })

  test("keys are sorted by their bytes, whatever they hold", async () => {
    const keys = ["z", "a", "", "é", "A", "\uffff", "😀", "a.b", "a b", "\n", "\ud800"]
    const attributes = Object.fromEntries(keys.map((key) => [key, key]))
    await stored("spans", [span3({ attributes })], "otel_traces")
    const [row] = await native.query<{ keys: string[]; sorted: string[] }>(
      "SELECT mapKeys(SpanAttributes) AS keys, arraySort(keys) AS sorted FROM otel_traces",
    )
    expect(row?.keys).toEqual(row?.sorted)
    expect(row?.keys).toHaveLength(keys.length)
  })

  test("what cannot be read at all costs its own value, and only that", async () => {
    const throwing = Object.defineProperty({}, "inner", {
      enumerable: true,
      get: () => {
        throw new Error("not today")
      },
    }) as AnyValue
    let deep: AnyValue = "end"
    for (let depth = 0; depth < 20_000; depth++) deep = [deep]
    const attributes = { throwing, deep, fine: "yes" }
    const [span] = await stored("spans", [span3({ attributes })], "otel_traces")
    const read = span?.["SpanAttributes"] as Record<string, string>
    expect(read["throwing"]).toBe('"[unreadable: not today]"')
    expect(read["deep"]).toContain("[too deep]")
    expect(read["fine"]).toBe("yes")
  })
})

describe("spans", () => {
  const kinds = [
    [SpanKind.INTERNAL, "Internal"],
    [SpanKind.SERVER, "Server"],
    [SpanKind.CLIENT, "Client"],
    [SpanKind.PRODUCER, "Producer"],
    [SpanKind.CONSUMER, "Consumer"],
  ] as const
  const statuses = [
    [SpanStatusCode.UNSET, "Unset"],
    [SpanStatusCode.OK, "Ok"],
    [SpanStatusCode.ERROR, "Error"],
  ] as const

  test("of the SDK 2.12 keep their kind and status", async () => {
    const spans = spansOf((tracer) => {
      for (const [kind, name] of kinds) {
        for (const [code, status] of statuses) {
          const span = tracer.startSpan(`${name} ${status}`, { kind })
          span.setStatus(code === SpanStatusCode.ERROR ? { code, message: `it's "broken"` } : { code })
          span.end()
        }
      }
    })
    const rows = await stored("spans", spans, "otel_traces")
    expect(rows).toHaveLength(15)
    for (const row of rows) {
      expect(`${String(row["SpanKind"])} ${String(row["StatusCode"])}`).toBe(row["SpanName"])
      expect(row["StatusMessage"]).toBe(row["StatusCode"] === "Error" ? `it's "broken"` : "")
    }
  })

  test("of the SDK 3.1 keep their kind and status; OTLP's unspecified kind, and unknown numbers, have a name", async () => {
    const rows = await stored(
      "spans",
      [
        ...kinds.map(([kind, name]) => span3({ kind, name })),
        span3({ kind: -1, name: "Unspecified" }),
        span3({ kind: 7, name: "Unspecified", status: { code: 9 } }),
      ],
      "otel_traces",
    )
    expect(rows.map((row) => row["SpanKind"])).toEqual(rows.map((row) => row["SpanName"]))
    expect(new Set(rows.map((row) => row["StatusCode"]))).toEqual(new Set(["Unset"]))
  })

  test("of the SDK 2.12 have every column", async () => {
    const traceState = createTraceState("vendor=1,other=2")
    const parent = { traceId: TRACE, spanId: PARENT, traceFlags: TraceFlags.SAMPLED, traceState }
    const [span] = spansOf((tracer) => {
      const started = tracer.startSpan("POST /orders", {
        kind: SpanKind.SERVER,
        root: true,
        startTime: [now, 123_456_789],
        attributes: { "http.route": "/orders", sizes: [1, 2], SampleRate: 10 },
        links: [
          { context: parent, attributes: { why: "batch" } },
          { context: { traceId: TRACE.toUpperCase(), spanId: SPAN, traceFlags: 0 } },
        ],
      })
      started.addEvent("retry", { attempt: 2 }, [now, 200_000_001])
      started.addEvent("done", [now, 200_000_002])
      started.setStatus({ code: SpanStatusCode.ERROR, message: "declined" })
      started.end([now + 1, 123_456_790])
    })
    const { traceId, spanId } = span?.spanContext() ?? { traceId: "", spanId: "" }
    expect(await stored("spans", span === undefined ? [] : [span], "otel_traces")).toEqual([
      {
        Timestamp: text([now, 123_456_789]),
        TraceId: traceId,
        SpanId: spanId,
        ParentSpanId: "",
        TraceState: "",
        SpanName: "POST /orders",
        SpanKind: "Server",
        ServiceName: "shop",
        ResourceAttributes: { "host.name": "shop-1", "service.name": "shop" },
        ScopeName: "orders",
        ScopeVersion: "1.2.3",
        SpanAttributes: { SampleRate: "10", "http.route": "/orders", sizes: "[1,2]" },
        Duration: 1_000_000_001,
        StatusCode: "Error",
        StatusMessage: "declined",
        "Events.Timestamp": [text([now, 200_000_001]), text([now, 200_000_002])],
        "Events.Name": ["retry", "done"],
        "Events.Attributes": [{ attempt: "2" }, {}],
        "Links.TraceId": [TRACE, TRACE],
        "Links.SpanId": [PARENT, SPAN],
        "Links.TraceState": ["vendor=1,other=2", ""],
        "Links.Attributes": [{ why: "batch" }, {}],
      },
    ])
  })

  test("have a parent, a trace state and lower-case ids; zeros are no id", async () => {
    const traceState = createTraceState("vendor=1")
    const zeros = "0".repeat(16)
    const rows = await stored(
      "spans",
      [
        span3({
          name: "child",
          spanContext: () => ({ traceId: TRACE.toUpperCase(), spanId: SPAN, traceFlags: 1, traceState }),
          parentSpanContext: { traceId: TRACE, spanId: PARENT, traceFlags: 1, isRemote: true },
        }),
        span3({ name: "root", parentSpanContext: { traceId: TRACE, spanId: zeros, traceFlags: 1 } }),
      ],
      "otel_traces",
      "SpanName",
    )
    expect(rows).toMatchObject([
      { TraceId: TRACE, SpanId: SPAN, ParentSpanId: PARENT, TraceState: "vendor=1" },
      { TraceId: TRACE, ParentSpanId: "", TraceState: "" },
    ])
  })

  test.each<[string, HrTime, number | bigint]>([
    ["negative", [-1, 999_999_999], 0],
    ["negative by nanoseconds", [0, -5], 0],
    ["zero", [0, 0], 0],
    ["a nanosecond", [0, 1], 1],
    ["beyond 2^53 nanoseconds", [9_007_199, 254_740_993], 9_007_199_254_740_993n],
    ["292 years", [9_223_372_035, 999_999_999], 9_223_372_035_999_999_999n],
    ["not a number", [NaN, 0], 0],
  ])("duration: %s", async (_, duration, expected) => {
    expect(await stored("spans", [span3({ duration })], "otel_traces")).toMatchObject([
      { Duration: expected },
    ])
  })

  test.each<[string, HrTime, string]>([
    ["1970", [0, 0], "1970-01-01 00:00:00.000000000"],
    ["a nanosecond before 1970", [-1, 999_999_999], "1969-12-31 23:59:59.999999999"],
    ["1912", [-1_830_384_000, 5], "1912-01-01 00:00:00.000000005"],
    ["2038", [2_147_483_648, 1], "2038-01-19 03:14:08.000000001"],
    ["2106, where a DateTime ends", [4_294_967_296, 1], "2106-02-07 06:28:16.000000001"],
    ["2200", [7_258_118_400, 999_999_999], "2200-01-01 00:00:00.999999999"],
    ["2262, where nanoseconds end", [9_223_372_035, 999_999_999], "2262-04-11 23:47:15.999999999"],
    ["beyond 2262", [99_223_372_036, 5], "2262-04-11 23:47:15.000000005"],
    ["nanoseconds beyond a second", [now, 1_000_000_001], text([now + 1, 1])],
    ["not a number", [NaN, NaN], "1970-01-01 00:00:00.000000000"],
  ])("time: %s", async (_, startTime, expected) => {
    const [row] = await stored(
      "spans",
      [span3({ startTime, events: [{ name: "event", time: startTime }] })],
      "otel_traces",
    )
    expect(row).toMatchObject({ Timestamp: expected, "Events.Timestamp": [expected] })
  })

  test("times do not depend on the time zone of the server", async () => {
    const settings = { session_timezone: "Asia/Kathmandu" }
    const far = ["native", "json"].map((database) =>
      createIngest({
        url: "chdb::memory:",
        database,
        settings,
        format: database === "json" ? "JSONEachRow" : "Native",
      }),
    )
    for (const ingest of far) {
      expect(await exported(ingest.spans, [span3({ startTime: [now, 7] })])).toEqual({ code: 0 })
      await ingest.close()
    }
    expect(await sameRows("otel_traces", "1")).toMatchObject([{ Timestamp: text([now, 7]) }])
  })
})

describe("logs", () => {
  test("of the SDK 2.12 have every column", async () => {
    const exporter = new InMemoryLogRecordExporter()
    const provider = new LoggerProvider({
      resource: shop,
      processors: [new SimpleLogRecordProcessor({ exporter })],
    })
    const logger = provider.getLogger("orders", "1.2.3", { schemaUrl: "https://example.com/1" })
    logger.emit({
      timestamp: [now, 1],
      observedTimestamp: [now, 2],
      severityNumber: SeverityNumber.WARN,
      severityText: "warning",
      eventName: "order.placed",
      body: { total: 9.5, lines: ["a", { b: null }] },
      attributes: { nested: { z: 1, a: [true] }, raw: new Uint8Array([1]), nothing: null },
    })
    await provider.forceFlush()
    expect(await stored("logs", exporter.getFinishedLogRecords(), "otel_logs")).toEqual([
      {
        Timestamp: text([now, 1]),
        TraceId: "",
        SpanId: "",
        TraceFlags: 0,
        SeverityText: "warning",
        SeverityNumber: 13,
        ServiceName: "shop",
        Body: '{"lines":["a",{"b":null}],"total":9.5}',
        ResourceSchemaUrl: "",
        ResourceAttributes: { "host.name": "shop-1", "service.name": "shop" },
        ScopeSchemaUrl: "https://example.com/1",
        ScopeName: "orders",
        ScopeVersion: "1.2.3",
        ScopeAttributes: {},
        LogAttributes: { nested: '{"a":[true],"z":1}', nothing: "", raw: "AQ==" },
        EventName: "order.placed",
      },
    ])
  })

  test("of the SDK 3.1 have every column; one without a time takes its observed time", async () => {
    const scope = {
      name: "orders",
      version: "1",
      schemaUrl: "https://example.com/s",
      attributes: { team: "checkout" },
      droppedAttributesCount: 1,
    }
    const record = log3({
      hrTime: [0, 0],
      spanContext: { traceId: TRACE, spanId: SPAN, traceFlags: TraceFlags.SAMPLED },
      severityText: "info",
      severityNumber: 9,
      body: "Order placed",
      eventName: "order.placed",
      resource: resource3({ "service.name": "shop" }, "https://example.com/r"),
      instrumentationScope: scope,
      attributes: { id: 42n },
    })
    expect(await stored("logs", [record], "otel_logs")).toEqual([
      {
        Timestamp: text([now, 223_456_789]),
        TraceId: TRACE,
        SpanId: SPAN,
        TraceFlags: 1,
        SeverityText: "info",
        SeverityNumber: 9,
        ServiceName: "shop",
        Body: "Order placed",
        ResourceSchemaUrl: "https://example.com/r",
        ResourceAttributes: { "service.name": "shop" },
        ScopeSchemaUrl: "https://example.com/s",
        ScopeName: "orders",
        ScopeVersion: "1",
        ScopeAttributes: { team: "checkout" },
        LogAttributes: { id: "42" },
        EventName: "order.placed",
      },
    ])
  })

  test("numbers that do not fit are clamped, and do not wrap", async () => {
    const spanContext = { traceId: TRACE, spanId: SPAN, traceFlags: 300 }
    const rows = await stored("logs", [log3({ severityNumber: -3, spanContext })], "otel_logs")
    expect(rows).toMatchObject([{ SeverityNumber: 0, TraceFlags: 255 }])
  })
})

describe("metrics", () => {
  const seconds = (time: number): string => text([time, 0]).slice(0, 19)
  const common = (name: string, start: HrTime, end: HrTime) => ({
    ResourceAttributes: { "host.name": "shop-1", "service.name": "shop" },
    ServiceName: "shop",
    ScopeName: "orders",
    ScopeVersion: "1.2.3",
    MetricName: name,
    StartTimeUnix: seconds(start[0]),
    TimeUnix: seconds(end[0]),
    Flags: 0,
  })

  test("of every instrument of the SDK 2.12", async () => {
    const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE)
    const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 })
    const provider = new MeterProvider({
      resource: shop,
      readers: [reader],
      views: [
        {
          instrumentName: "exponential",
          aggregation: { type: AggregationType.EXPONENTIAL_HISTOGRAM, options: { maxSize: 4 } },
        },
        {
          instrumentName: "silent",
          aggregation: {
            type: AggregationType.EXPLICIT_BUCKET_HISTOGRAM,
            options: { boundaries: [1], recordMinMax: false },
          },
        },
      ],
    })
    const meter = provider.getMeter("orders", "1.2.3")
    meter.createCounter("counter", { description: "Orders", unit: "{order}" }).add(3, { route: "/a" })
    meter.createUpDownCounter("updown", { valueType: ValueType.INT }).add(-2)
    meter.createGauge("gauge").record(-0.5)
    meter.createObservableGauge("observed").addCallback((result) => result.observe(Number.MAX_VALUE))
    meter.createObservableCounter("observed sum").addCallback((result) => result.observe(7))
    const histogram = meter.createHistogram("histogram", { advice: { explicitBucketBoundaries: [1, 10] } })
    for (const value of [0.5, 5, 50]) histogram.record(value)
    const exponential = meter.createHistogram("exponential")
    for (const value of [0, 1, 8]) exponential.record(value)
    meter.createHistogram("silent").record(2)
    await reader.forceFlush()
    const [collected] = exporter.getMetrics()
    await provider.shutdown()
    if (collected === undefined) throw new Error("nothing was collected")
    const point = collected.scopeMetrics[0]?.metrics[0]?.dataPoints[0]
    const times = [point?.startTime as HrTime, point?.endTime as HrTime] as const

    expect(await stored("metrics", collected, "otel_metrics_sum", "MetricName")).toMatchObject([
      {
        ...common("counter", ...times),
        MetricDescription: "Orders",
        MetricUnit: "{order}",
        Attributes: { route: "/a" },
        Value: 3,
        AggregationTemporality: 2,
        IsMonotonic: true,
      },
      { MetricName: "observed sum", Value: 7, IsMonotonic: true, AggregationTemporality: 2 },
      { MetricName: "updown", Value: -2, IsMonotonic: false, AggregationTemporality: 2 },
    ])
    expect(await sameRows("otel_metrics_gauge", "MetricName")).toMatchObject([
      { MetricName: "gauge", Value: -0.5, "Exemplars.Value": [] },
      { MetricName: "observed", Value: Number.MAX_VALUE },
    ])
    expect(await sameRows("otel_metrics_histogram", "MetricName")).toMatchObject([
      {
        ...common("histogram", ...times),
        Count: 3,
        Sum: 55.5,
        Min: 0.5,
        Max: 50,
        BucketCounts: [1, 1, 1],
        ExplicitBounds: [1, 10],
        AggregationTemporality: 2,
      },
      { MetricName: "silent", Count: 1, Sum: 2, Min: 0, Max: 0, BucketCounts: [0, 1] },
    ])
    expect(await sameRows("otel_metrics_exponential_histogram", "1")).toMatchObject([
      {
        ...common("exponential", ...times),
        Count: 3,
        Sum: 9,
        Min: 0,
        Max: 8,
        ZeroCount: 1,
        PositiveBucketCounts: expect.arrayContaining([1]) as number[],
        NegativeBucketCounts: [],
      },
    ])
  })

  const descriptor = { name: "orders", description: "", unit: "1", valueType: ValueType.DOUBLE }
  const times = { startTime: [now - 60, 999] as HrTime, endTime: [now, 999] as HrTime }
  const received = (
    dataPointType: number,
    fields: { value: unknown; flags?: number; exemplars?: typeof exemplars; endTime?: HrTime },
    more: object = {},
  ) => ({
    resource: resource3({ "service.name": "shop" }, "https://example.com/r"),
    scopeMetrics: [
      {
        scope: {
          name: "orders",
          schemaUrl: "https://example.com/s",
          attributes: { team: "checkout", ids: [1n] },
          droppedAttributesCount: 3,
        },
        metrics: [
          {
            descriptor,
            aggregationTemporality: AggregationTemporality.DELTA,
            dataPointType,
            ...more,
            dataPoints: [{ ...times, attributes: { raw: new Uint8Array([1]) }, ...fields }],
          },
        ],
      },
    ],
  })
  const exemplars = [
    {
      value: 2n ** 53n,
      time: [now, 5] as HrTime,
      filteredAttributes: { user: null },
      spanId: SPAN.toUpperCase(),
      traceId: TRACE,
    },
    { value: NaN, time: [now + 1, 0] as HrTime, filteredAttributes: {} },
  ]
  const extras = {
    ResourceSchemaUrl: "https://example.com/r",
    ScopeSchemaUrl: "https://example.com/s",
    ScopeAttributes: { ids: "[1]", team: "checkout" },
    ScopeDroppedAttrCount: 3,
    Attributes: { raw: "AQ==" },
    StartTimeUnix: seconds(now - 60),
    TimeUnix: seconds(now),
    Flags: 1,
  }
  const storedExemplars = {
    "Exemplars.FilteredAttributes": [{ user: "" }, {}],
    "Exemplars.TimeUnix": [seconds(now), seconds(now + 1)],
    "Exemplars.Value": [2 ** 53, NaN],
    "Exemplars.SpanId": [SPAN, ""],
    "Exemplars.TraceId": [TRACE, ""],
  }

  // By OpenTelemetry's DataPointType, and 4 for the summaries that only a receiver has.
  test.each<[string, BatchOf<"metrics">, TableName, object]>([
    [
      "gauge",
      received(2, { value: -0, flags: 1, exemplars }),
      "otel_metrics_gauge",
      { Value: -0, ...storedExemplars },
    ],
    [
      "sum",
      received(3, { value: NaN, flags: 1, exemplars }, { isMonotonic: true }),
      "otel_metrics_sum",
      { Value: NaN, IsMonotonic: true, AggregationTemporality: 1, ...storedExemplars },
    ],
    [
      "histogram",
      received(0, {
        flags: 1,
        exemplars,
        value: {
          count: 2n ** 64n - 1n,
          sum: -Infinity,
          min: -Infinity,
          max: Infinity,
          buckets: { boundaries: [-1.5, 0], counts: [2n ** 53n + 1n, 0, 1] },
        },
      }),
      "otel_metrics_histogram",
      {
        Count: 2n ** 64n - 1n,
        Sum: -Infinity,
        Min: -Infinity,
        Max: Infinity,
        BucketCounts: [2n ** 53n + 1n, 0, 1],
        ExplicitBounds: [-1.5, 0],
        AggregationTemporality: 1,
        ...storedExemplars,
      },
    ],
    [
      "exponential histogram",
      received(1, {
        flags: 1,
        exemplars,
        value: {
          count: 5,
          sum: undefined,
          scale: -10,
          zeroCount: 2n ** 53n + 1n,
          positive: { offset: -2, bucketCounts: [1, 2n] },
          negative: { offset: 2 ** 31 - 1, bucketCounts: [] },
        },
      }),
      "otel_metrics_exponential_histogram",
      {
        Count: 5,
        Sum: 0,
        Min: 0,
        Max: 0,
        Scale: -10,
        ZeroCount: 2n ** 53n + 1n,
        PositiveOffset: -2,
        PositiveBucketCounts: [1, 2],
        NegativeOffset: 2 ** 31 - 1,
        NegativeBucketCounts: [],
        AggregationTemporality: 1,
        ...storedExemplars,
      },
    ],
    [
      "summary",
      received(4, {
        flags: 1,
        value: {
          count: 3n,
          sum: 12,
          quantiles: [
            { quantile: 0.5, value: 4 },
            { quantile: 1, value: NaN },
          ],
        },
      }),
      "otel_metrics_summary",
      { Count: 3, Sum: 12, "ValueAtQuantiles.Quantile": [0.5, 1], "ValueAtQuantiles.Value": [4, NaN] },
    ],
  ])("of a receiver of OTLP: %s", async (_, metrics, table, expected) => {
    const [row] = await stored("metrics", metrics, table)
    expect(row).toMatchObject({ ...extras, ...expected })
  })

  test.each<[string, HrTime, string]>([
    ["before 1970", [-5, 0], "1970-01-01 00:00:00"],
    ["after 2106", [7_258_118_400, 0], "2106-02-07 06:28:15"],
  ])("times that a DateTime does not hold are clamped: %s", async (_, endTime, expected) => {
    const rows = await stored("metrics", received(2, { value: 1, endTime }), "otel_metrics_gauge")
    expect(rows).toMatchObject([{ TimeUnix: expected }])
  })
})

describe("typed rows", () => {
  test("of insert are stored like exported ones, with what is left out empty", async () => {
    const rows = await inserted("otel_traces", [
      {
        Timestamp: new Date(now * 1000 + 7),
        TraceId: TRACE,
        SpanId: SPAN,
        SpanName: "GET /",
        Duration: 2n ** 53n + 1n,
        SpanAttributes: { list: [1, "a"], nothing: null },
        "Events.Timestamp": [BigInt(now) * 1_000_000_000n + 1n],
        "Events.Name": ["one"],
        "Events.Attributes": [{ a: 1 }],
      },
    ])
    expect(rows).toMatchObject([
      {
        Timestamp: text([now, 7_000_000]),
        ServiceName: "",
        Duration: 2n ** 53n + 1n,
        SpanAttributes: { list: '[1,"a"]', nothing: "" },
        "Events.Timestamp": [text([now, 1])],
        "Events.Name": ["one"],
        "Events.Attributes": [{ a: "1" }],
        "Links.TraceId": [],
      },
    ])
  })
})
