// Tables that are already there, made by the upstream collector's exporter or changed by somebody: inserts fit
// themselves to them, say once what they cannot hold, and alter nothing.
import { DiagLogLevel, diag } from "@opentelemetry/api"
import { type Ingest, createIngest } from "@clickstack/ingest"
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest"
import { type Shape, collectorTables } from "./collector-tables.ts"
import { exported } from "./store.ts"
import { type HrTime, SPAN, TRACE, log3, now, resource3, span3 } from "./telemetry.ts"

// Keeps the one engine of this process open.
const admin = createIngest("chdb::memory:")
const warnings: string[] = []
let databases = 0

beforeAll(() => {
  const ignore = () => {}
  const logger = { error: ignore, info: ignore, debug: ignore, verbose: ignore }
  diag.setLogger({ ...logger, warn: (message) => warnings.push(message) }, DiagLogLevel.WARN)
})
afterEach(() => void warnings.splice(0))
afterAll(() => admin.close())

async function databaseWith(tables: readonly string[]): Promise<string> {
  const database = `d${++databases}`
  await admin.command(`CREATE DATABASE ${database}`)
  for (const sql of tables) await admin.command(sql.replace("CREATE TABLE ", `CREATE TABLE ${database}.`))
  return database
}

const open = (database: string, format: "Native" | "JSONEachRow" = "Native"): Ingest =>
  createIngest({ url: "chdb::memory:", database, format })

const definitions = (database: string) =>
  admin.query("SELECT name, create_table_query FROM system.tables WHERE database = {database:String}", {
    database,
  })

const attributes = { "order.id": 42n, nested: { list: [1, "a"], flag: true }, text: "it's\n\n" }
const resource = resource3({ "service.name": "shop", "rum.sessionId": "s1" })
const scope = { name: "orders", attributes: { team: "checkout" }, droppedAttributesCount: 2 }
const span = span3({
  startTime: [now, 123_456_789],
  resource,
  instrumentationScope: scope,
  attributes,
  events: [
    { name: "one", time: [now, 1], attributes },
    { name: "two", time: [now, 2] },
  ],
  links: [{ context: { traceId: TRACE, spanId: SPAN, traceFlags: 1 }, attributes }],
})
const log = log3({ resource, instrumentationScope: scope, attributes, eventName: "placed", body: "Placed" })
const times = { startTime: [now - 60, 5] as HrTime, endTime: [now, 987_654_321] as HrTime }
const exemplars = [
  { value: 1.5, time: [now, 7] as HrTime, filteredAttributes: attributes, spanId: SPAN, traceId: TRACE },
]
const spread = { count: 3, sum: 6, min: 1, max: 3 }
const metrics = {
  resource,
  scopeMetrics: [
    {
      scope,
      metrics: [
        { ...spread, buckets: { boundaries: [2], counts: [1, 2] } },
        {
          ...spread,
          scale: 1,
          zeroCount: 0,
          positive: { offset: 1, bucketCounts: [3] },
          negative: { offset: 0, bucketCounts: [] },
        },
        1.5,
        2.5,
        { ...spread, quantiles: [{ quantile: 0.5, value: 2 }] },
      ].map((value, dataPointType) => ({
        descriptor: { name: "orders", description: "Orders", unit: "1" },
        dataPointType,
        aggregationTemporality: 1,
        isMonotonic: true,
        dataPoints: [{ ...times, attributes, value, flags: 0, exemplars }],
      })),
    },
  ],
}

const seconds = new Date(now * 1000).toISOString().slice(0, 19).replace("T", " ")
const pointTables = ["histogram", "exponential_histogram", "gauge", "sum", "summary"]

const cases: [Shape, "Native" | "JSONEachRow"][] = [
  ["old", "Native"],
  ["old", "JSONEachRow"],
  ["new", "Native"],
  ["new", "JSONEachRow"],
  ["json", "Native"],
  ["json", "JSONEachRow"],
]

describe.each(cases)("the collector's tables, %s, by %s", (shape, format) => {
  const spelled = { nested: '{"flag":true,"list":[1,"a"]}', "order.id": "42", text: "it's\n\n" }
  // JSON columns nest by dots, and keep the values' types.
  const typed = { nested: { flag: true, list: [1, "a"] }, order: { id: 42 }, text: "it's\n\n" }
  const stored = shape === "json" ? typed : spelled
  const shop =
    shape === "json"
      ? { rum: { sessionId: "s1" }, service: { name: "shop" } }
      : { "rum.sessionId": "s1", "service.name": "shop" }
  const keys = ["nested.flag", "nested.list", "order.id", "text"]
  let database: string
  let ingest: Ingest
  let before: unknown

  beforeAll(async () => {
    database = await databaseWith(collectorTables(shape))
    ingest = open(database, format)
    before = await definitions(database)
  })

  /** A row as people read it: values of JSON columns as they are, 64-bit integers in them as numbers. */
  const readRow = async (table: string): Promise<Record<string, unknown>> => {
    const [row] = await ingest.query<Record<string, unknown>>(
      `SELECT * FROM ${table} SETTINGS output_format_json_quote_64bit_integers = 0`,
    )
    return row ?? {}
  }

  test("take spans", async () => {
    expect(await exported(ingest.spans, [span])).toEqual({ code: 0 })
    expect(await readRow("otel_traces")).toMatchObject({
      Timestamp: `${seconds}.123456789`,
      SpanName: "GET /orders",
      ResourceAttributes: shop,
      SpanAttributes: stored,
      "Events.Timestamp": [`${seconds}.000000001`, `${seconds}.000000002`],
      "Events.Name": ["one", "two"],
      "Events.Attributes": [stored, {}],
      "Links.TraceId": [TRACE],
      "Links.Attributes": [stored],
      ...(shape === "json" ? { SpanAttributesKeys: keys } : {}),
    })
    expect(warnings).toEqual([])
  })

  test("take logs", async () => {
    for (let time = 0; time < 2; time++) {
      expect(await exported(ingest.logs, [log])).toEqual({ code: 0 })
    }
    expect(await readRow("otel_logs")).toMatchObject({
      Timestamp: `${seconds}.123456789`,
      ...(shape === "old" ? { TimestampTime: seconds } : { EventName: "placed" }),
      Body: "Placed",
      ResourceAttributes: shop,
      ScopeAttributes: { team: "checkout" },
      LogAttributes: stored,
      ...(shape === "json"
        ? { LogAttributesKeys: keys, ResourceAttributesKeys: ["rum.sessionId", "service.name"] }
        : {}),
    })
    const column = "has no column EventName"
    expect(warnings).toEqual(shape === "old" ? [expect.stringContaining(column)] : [])
  })

  test("take metrics of every kind", async () => {
    expect(await exported(ingest.metrics, metrics)).toEqual({ code: 0 })
    const fraction = (nanoseconds: string) => (shape === "old" ? "" : `.${nanoseconds}`)
    for (const kind of pointTables) {
      expect(await readRow(`otel_metrics_${kind}`)).toMatchObject({
        MetricName: "orders",
        ResourceAttributes: shop,
        ScopeDroppedAttrCount: 2,
        Attributes: stored,
        TimeUnix: seconds + fraction("987654321"),
        ...(shape === "json" ? { AttributesKeys: keys } : {}),
        ...(kind === "summary"
          ? { "ValueAtQuantiles.Quantile": [0.5] }
          : {
              "Exemplars.TimeUnix": [seconds + fraction("000000007")],
              "Exemplars.FilteredAttributes": [stored],
            }),
      })
    }
    expect(warnings).toEqual([])
  })

  test("are as they were", async () => {
    expect(await definitions(database)).toEqual(before)
    await ingest.close()
  })
})

test("ensureSchema leaves the collector's tables as they are and adds those that it does not make", async () => {
  const database = await databaseWith(collectorTables("old"))
  const before = await definitions(database)
  const ingest = open(database)
  expect(await ingest.ensureSchema()).toEqual(["hyperdx_sessions"])
  expect(await definitions(database)).toEqual(expect.arrayContaining(before))
  await ingest.close()
})

test("JSON columns take values that are no JSON, such as NaN, bytes and halves of characters", async () => {
  const ingest = open(await databaseWith(collectorTables("json")))
  const odd = {
    nan: NaN,
    bytes: new Uint8Array([255]),
    half: "\ud800",
    nothing: null,
    big: 2n ** 53n + 1n,
    "": 1,
  }
  expect(await exported(ingest.spans, [span3({ attributes: odd })])).toEqual({ code: 0 })
  const [row] = await ingest.query(
    "SELECT toString(SpanAttributes.big) AS big, toString(SpanAttributes.half) AS half, " +
      "toString(SpanAttributes.bytes) AS bytes FROM otel_traces",
  )
  expect(row).toEqual({ big: "9007199254740993", half: "\ufffd", bytes: "/w==" })
  await ingest.close()
})

test("a row with two attributes of the same path, which ClickHouse's JSON refuses, is counted; the others are stored", async () => {
  const ingest = open(await databaseWith(collectorTables("json")))
  const twice = { a: { b: 1 }, "a.b": 2 }
  const batch = [span, span3({ attributes: twice }), span]
  expect(await exported(ingest.spans, batch)).toEqual({ code: 0, rejected: 1 })
  expect(ingest.stats()).toEqual({ otel_traces: { stored: 2, rejected: 1 } })
  expect(warnings).toEqual([
    expect.stringMatching(/1 rows for otel_traces cannot be stored: .*Duplicate path/),
  ])
  await ingest.close()
})

test("a JSON column takes an attribute whose key begins another's", async () => {
  const ingest = open(await databaseWith(collectorTables("json")))
  const nested = { a: 1, "a.b": 2 }
  expect(await exported(ingest.spans, [span3({ attributes: nested })])).toEqual({ code: 0 })
  expect(await ingest.query("SELECT SpanAttributes.a.b::String AS b FROM otel_traces")).toEqual([{ b: "2" }])
  await ingest.close()
})

test("one warning for each column that is missing, whatever comes later", async () => {
  const database = await databaseWith(
    collectorTables("old").map((sql) => sql.replace(/SpanId String, TraceFlags UInt8,/, "")),
  )
  const ingest = open(database)
  for (let time = 0; time < 3; time++) {
    expect(await exported(ingest.logs, [log, log])).toEqual({ code: 0 })
  }
  expect(warnings.map((warning) => /has no column (\w+)/.exec(warning)?.[1])).toEqual([
    "SpanId",
    "TraceFlags",
    "EventName",
  ])
  expect(warnings[0]).toMatch(/^clickstack: .*otel_logs.*add the column/)
  await ingest.close()
})

test("columns are read again when the table has changed: one that is gone is left out, a new one is filled", async () => {
  const database = await databaseWith(collectorTables("old"))
  const ingest = open(database)
  expect(await exported(ingest.logs, [log])).toEqual({ code: 0 })
  await admin.command(`ALTER TABLE ${database}.otel_logs ADD COLUMN EventName String`)
  await admin.command(`ALTER TABLE ${database}.otel_logs DROP COLUMN ScopeVersion`)
  const other = log3({ ...log, hrTime: [now + 1, 0] })
  expect(await exported(ingest.logs, [other])).toEqual({ code: 0 })
  expect(await ingest.query("SELECT EventName FROM otel_logs ORDER BY Timestamp")).toEqual([
    { EventName: "" },
    { EventName: "placed" },
  ])
  expect(warnings.map((warning) => /has no column (\w+)/.exec(warning)?.[1])).toEqual([
    "EventName",
    "ScopeVersion",
  ])
  expect(ingest.stats()).toEqual({ otel_logs: { stored: 2, rejected: 0 } })
  await ingest.close()
})

test("a table that is dropped and made again under way takes the next batch", async () => {
  const database = await databaseWith(collectorTables("new"))
  const ingest = open(database)
  expect(await exported(ingest.spans, [span])).toEqual({ code: 0 })
  await admin.command(`DROP TABLE ${database}.otel_traces`)
  expect(await exported(ingest.spans, [span])).toMatchObject({ code: 1, error: { code: "TABLE_MISSING" } })
  const [, traces = ""] = collectorTables("json")
  await admin.command(traces.replace("CREATE TABLE ", `CREATE TABLE ${database}.`))
  expect(await exported(ingest.spans, [span])).toEqual({ code: 0 })
  expect(await ingest.query("SELECT SpanAttributes.text AS text FROM otel_traces")).toEqual([
    { text: "it's\n\n" },
  ])
  await ingest.close()
})

test("a table that has nothing of ours is a clear error", async () => {
  const database = await databaseWith(["CREATE TABLE otel_logs (a String) ENGINE = Memory"])
  const ingest = open(database)
  expect(await exported(ingest.logs, [log])).toMatchObject({
    code: 1,
    error: {
      code: "SCHEMA_MISMATCH",
      retryable: true,
      message: expect.stringContaining("tableNames") as string,
    },
  })
  await ingest.close()
})
