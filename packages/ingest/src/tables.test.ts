import { describe, expect, test } from "vitest"
import { columnsOf, rollups, tables, type Index, type TableName } from "./tables.ts"

const LC = "LowCardinality(String)"
const M = "Map(LowCardinality(String), String)"

// Written down a second time, from the description of the tables and not from the code, so that a slip in one
// shows.
const metric = `
  ResourceAttributes M, ResourceSchemaUrl String, ScopeName String, ScopeVersion String, ScopeAttributes M,
  ScopeDroppedAttrCount UInt32, ScopeSchemaUrl String, ServiceName LC, MetricName LC, MetricDescription String,
  MetricUnit String, Attributes M, StartTimeUnix DateTime, TimeUnix DateTime`
const exemplars = `
  Exemplars.FilteredAttributes Array(M), Exemplars.TimeUnix Array(DateTime), Exemplars.Value Array(Float64),
  Exemplars.SpanId Array(String), Exemplars.TraceId Array(String)`
const log = `
  TraceId String, SpanId String, TraceFlags UInt8, SeverityText LC, SeverityNumber UInt8, ServiceName LC, Body String,
  ResourceSchemaUrl LC, ResourceAttributes M, ScopeSchemaUrl LC, ScopeName String, ScopeVersion LC, ScopeAttributes M,
  LogAttributes M`

const expected: Record<TableName, string> = {
  otel_traces: `
    Timestamp DateTime64(9), TraceId String, SpanId String, ParentSpanId String, TraceState String, SpanName LC,
    SpanKind LC, ServiceName LC, ResourceAttributes M, ScopeName String, ScopeVersion String, SpanAttributes M,
    Duration UInt64, StatusCode LC, StatusMessage String, Events.Timestamp Array(DateTime64(9)),
    Events.Name Array(LC), Events.Attributes Array(M), Links.TraceId Array(String), Links.SpanId Array(String),
    Links.TraceState Array(String), Links.Attributes Array(M)`,
  otel_logs: `Timestamp DateTime64(9), ${log}, EventName String`,
  hyperdx_sessions: `Timestamp DateTime64(9), TimestampTime DateTime, ${log}`,
  otel_metrics_gauge: `${metric}, Value Float64, Flags UInt32, ${exemplars}`,
  otel_metrics_sum: `
    ${metric}, Value Float64, Flags UInt32, ${exemplars}, AggregationTemporality Int32, IsMonotonic Bool`,
  otel_metrics_histogram: `
    ${metric}, Count UInt64, Sum Float64, BucketCounts Array(UInt64), ExplicitBounds Array(Float64), ${exemplars},
    Flags UInt32, Min Float64, Max Float64, AggregationTemporality Int32`,
  otel_metrics_exponential_histogram: `
    ${metric}, Count UInt64, Sum Float64, Scale Int32, ZeroCount UInt64, PositiveOffset Int32,
    PositiveBucketCounts Array(UInt64), NegativeOffset Int32, NegativeBucketCounts Array(UInt64), ${exemplars},
    Flags UInt32, Min Float64, Max Float64, AggregationTemporality Int32`,
  otel_metrics_summary: `
    ${metric}, Count UInt64, Sum Float64, ValueAtQuantiles.Quantile Array(Float64),
    ValueAtQuantiles.Value Array(Float64), Flags UInt32`,
}

const resourceColumns = [
  "k8s.cluster.name",
  "k8s.container.name",
  "k8s.deployment.name",
  "k8s.namespace.name",
  "k8s.node.name",
  "k8s.pod.name",
  "k8s.pod.uid",
  "deployment.environment.name",
].map((attribute) => `__hdx_materialized_${attribute}`)

const tableNames = Object.values(tables).map(({ name }) => name)

const computed = (name: TableName) =>
  tables[name].columns.filter(({ kind }) => kind === "materialized").map((column) => column.name)

const on = (servers: "withText" | "withoutText", indexes: readonly Index[]) =>
  indexes
    .filter((index) => index.servers === "all" || index.servers === servers)
    .map(({ expression, type, granularity }) => `${expression} ${type} ${granularity ?? "part"}`)

const dropParts = { ttl_only_drop_parts: 1 }
const metricOrder = "ServiceName, MetricName, toStartOfHour(TimeUnix), cityHash64(Attributes), TimeUnix"

const metricRow = (name: string) => [
  name,
  "MergeTree",
  "toDate(TimeUnix)",
  metricOrder,
  undefined,
  "TimeUnix",
  dropParts,
]

const rollupRow = (name: string) => [
  name,
  "SummingMergeTree",
  "toDate(Timestamp)",
  "ColumnIdentifier, Key, Timestamp, Value",
  undefined,
  "Timestamp",
  dropParts,
]

test("knows the eight tables that rows are inserted into, each under its own name", () => {
  expect(tableNames).toEqual(Object.keys(expected))
  expect(Object.keys(tables)).toEqual(tableNames)
  expect(Object.entries(rollups).map(([key, { name }]) => [key, name])).toEqual([
    ["otel_logs_kv_rollup_15m", "otel_logs_kv_rollup_15m"],
    ["otel_traces_kv_rollup_15m", "otel_traces_kv_rollup_15m"],
  ])
})

test.each(tableNames)("%s has the columns and types that ClickStack reads, in order", (name) => {
  const wanted = expected[name].split(/,\s+/).map((column) =>
    column
      .trim()
      .replace(/\bLC\b/, LC)
      .replace(/\bM\b/, M),
  )
  expect(columnsOf(name).map((column) => `${column.name} ${column.type}`)).toEqual(wanted)
})

test("only the sessions' TimestampTime may be left out of an insert", () => {
  const optional = tableNames.flatMap((name) =>
    columnsOf(name).flatMap((column) => (column.kind === "default" ? [`${name}.${column.name}`] : [])),
  )
  expect(optional).toEqual(["hyperdx_sessions.TimestampTime"])
})

test("compresses with ZSTD(1), and only times, histogram counts and the sample rate also otherwise", () => {
  const special = [...Object.values(tables), ...Object.values(rollups)].flatMap(({ name, columns }) =>
    columns
      .filter(({ kind, codec }) => kind !== "alias" && codec !== "ZSTD(1)")
      .map((column) => `${name}.${column.name} ${column.codec}`),
  )
  expect(special).toEqual([
    "otel_traces.Timestamp Delta(8), ZSTD(1)",
    "otel_traces.SampleRate T64, ZSTD(1)",
    "otel_logs.Timestamp Delta(8), ZSTD(1)",
    "hyperdx_sessions.Timestamp Delta(8), ZSTD(1)",
    "otel_metrics_histogram.Count Delta(8), ZSTD(1)",
    "otel_metrics_exponential_histogram.Count Delta(8), ZSTD(1)",
  ])
})

test("computes the columns that the UI filters by", () => {
  expect(computed("otel_traces")).toEqual(["__hdx_materialized_rum.sessionId", "SampleRate"])
  expect(computed("otel_logs")).toEqual(resourceColumns)
  expect(computed("hyperdx_sessions")).toEqual(resourceColumns)
  expect(computed("otel_metrics_gauge")).toEqual([])
})

test("has the columns to be indexed as key=value only where text indexes are", () => {
  const aliases = tableNames.flatMap((name) =>
    tables[name].columns
      .filter(({ kind }) => kind === "alias")
      .map((column) => [name, column.name, column.servers]),
  )
  expect(aliases).toEqual([
    ["otel_traces", "ResourceAttributeItems", "withText"],
    ["otel_traces", "SpanAttributeItems", "withText"],
    ["otel_logs", "ResourceAttributeItems", "withText"],
    ["otel_logs", "ScopeAttributeItems", "withText"],
    ["otel_logs", "LogAttributeItems", "withText"],
  ])
})

describe("indexes", () => {
  const logsWithoutText = [
    "TraceId bloom_filter(0.001) 1",
    "mapKeys(ResourceAttributes) bloom_filter(0.01) 1",
    "mapValues(ResourceAttributes) bloom_filter(0.01) 1",
    "mapKeys(ScopeAttributes) bloom_filter(0.01) 1",
    "mapValues(ScopeAttributes) bloom_filter(0.01) 1",
    "mapKeys(LogAttributes) bloom_filter(0.01) 1",
    "mapValues(LogAttributes) bloom_filter(0.01) 1",
    "lower(Body) tokenbf_v1(32768, 3, 0) 8",
  ]

  test("of traces", () => {
    expect(on("withText", tables.otel_traces.indexes)).toEqual([
      "TraceId bloom_filter(0.001) 1",
      "`__hdx_materialized_rum.sessionId` bloom_filter(0.001) 1",
      "mapKeys(ResourceAttributes) bloom_filter(0.01) 1",
      "ResourceAttributeItems text(tokenizer = 'array') part",
      "mapKeys(SpanAttributes) bloom_filter(0.01) 1",
      "SpanAttributeItems text(tokenizer = 'array') part",
      "Duration minmax 1",
      "lower(SpanName) tokenbf_v1(32768, 3, 0) 8",
    ])
    expect(on("withoutText", tables.otel_traces.indexes)).toEqual([
      "TraceId bloom_filter(0.001) 1",
      "`__hdx_materialized_rum.sessionId` bloom_filter(0.001) 1",
      "mapKeys(ResourceAttributes) bloom_filter(0.01) 1",
      "mapValues(ResourceAttributes) bloom_filter(0.01) 1",
      "mapKeys(SpanAttributes) bloom_filter(0.01) 1",
      "mapValues(SpanAttributes) bloom_filter(0.01) 1",
      "Duration minmax 1",
      "lower(SpanName) tokenbf_v1(32768, 3, 0) 8",
    ])
  })

  test("of logs", () => {
    expect(on("withText", tables.otel_logs.indexes)).toEqual([
      "TraceId text(tokenizer = 'array') part",
      "mapKeys(ResourceAttributes) text(tokenizer = 'array') part",
      "ResourceAttributeItems text(tokenizer = 'array') part",
      "mapKeys(ScopeAttributes) text(tokenizer = 'array') part",
      "ScopeAttributeItems text(tokenizer = 'array') part",
      "mapKeys(LogAttributes) text(tokenizer = 'array') part",
      "LogAttributeItems text(tokenizer = 'array') part",
      "lower(Body) text(tokenizer = 'splitByNonAlpha') part",
    ])
    expect(on("withoutText", tables.otel_logs.indexes)).toEqual(logsWithoutText)
  })

  test("of sessions, which are the same on every server", () => {
    expect(on("withText", tables.hyperdx_sessions.indexes)).toEqual(logsWithoutText)
    expect(on("withoutText", tables.hyperdx_sessions.indexes)).toEqual(logsWithoutText)
  })

  test("of the rollups", () => {
    for (const { indexes } of Object.values(rollups)) {
      expect(on("withText", indexes)).toEqual(["count minmax 1", "Timestamp minmax 1"])
    }
  })
})

test("sorts, partitions and ages rows as ClickStack does", () => {
  const kept = [...Object.values(tables), ...Object.values(rollups)].map((table) => [
    table.name,
    table.engine,
    table.partitionBy,
    table.orderBy.join(", "),
    table.primaryKey?.join(", "),
    table.ttlFrom,
    table.settings,
  ])
  expect(kept).toEqual([
    [
      "otel_traces",
      "MergeTree",
      "toDate(Timestamp)",
      "ServiceName, SpanName, toDateTime(Timestamp)",
      undefined,
      "toDateTime(Timestamp)",
      dropParts,
    ],
    [
      "otel_logs",
      "MergeTree",
      "toDate(Timestamp)",
      "toStartOfFiveMinutes(Timestamp), ServiceName, Timestamp",
      undefined,
      "toDateTime(Timestamp)",
      dropParts,
    ],
    [
      "hyperdx_sessions",
      "MergeTree",
      "toDate(TimestampTime)",
      "ServiceName, TimestampTime, Timestamp",
      "ServiceName, TimestampTime",
      "TimestampTime",
      dropParts,
    ],
    metricRow("otel_metrics_gauge"),
    metricRow("otel_metrics_sum"),
    metricRow("otel_metrics_histogram"),
    metricRow("otel_metrics_exponential_histogram"),
    metricRow("otel_metrics_summary"),
    rollupRow("otel_logs_kv_rollup_15m"),
    rollupRow("otel_traces_kv_rollup_15m"),
  ])
})

test("the rollups count the values of the columns that the UI suggests", () => {
  expect(rollups.otel_logs_kv_rollup_15m.counted).toEqual([
    "SeverityText",
    "ServiceName",
    "ScopeName",
    "ScopeVersion",
    "ResourceSchemaUrl",
    "ScopeSchemaUrl",
    ...resourceColumns,
  ])
  expect(rollups.otel_traces_kv_rollup_15m.counted).toEqual([
    "ServiceName",
    "SpanName",
    "SpanKind",
    "StatusCode",
    "ScopeName",
    "ScopeVersion",
  ])
})
