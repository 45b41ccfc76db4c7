// The same app into a real ClickHouse, by CLICKSTACK_CLICKHOUSE_URL and by clickhouse(): the same rows as CommonJS and as
// ES module, and in them what the SDK recorded.
import { expect, test } from "vitest"
import { useTables } from "../clickhouse/use-tables.ts"
import { runApp } from "./run-app.ts"

const node = process.env["CLICKSTACK_TEST_NODE"] ?? process.execPath
const register = "@clickstack/node/register"
const tables = useTables()

const starts = [
  ["CommonJS with --require", "app.cjs", ["--require", register]],
  ["CommonJS with --import", "app.cjs", ["--import", register]],
  ["ES module with --import", "app.mjs", ["--import", register]],
] as const

/** All rows of a service, without what differs from run to run, and what the SDK tells of itself. */
async function rowsOf(service: string) {
  const of = (columns: string, table: string, order: string) =>
    tables.ingest.query(
      `SELECT ${columns} FROM ${table} WHERE ServiceName = {service:String} AND ScopeName != '@clickstack/node' ORDER BY ${order}`,
      {
        service,
      },
    )
  return {
    traces: await of(
      "SpanName, SpanKind, StatusCode, StatusMessage, SpanAttributes, Events.Name, length(Links.SpanId) AS links, ScopeName, ScopeVersion, ResourceAttributes['team'] AS team, ParentSpanId != '' AS child",
      "otel_traces",
      "SpanName, SpanAttributes['index']",
    ),
    logs: await of(
      "Body, SeverityText, SeverityNumber, EventName, LogAttributes, ScopeName, TraceId != '' AS traced",
      "otel_logs",
      "Body",
    ),
    sums: await of(
      "MetricName, MetricUnit, Attributes, Value, IsMonotonic, AggregationTemporality",
      "otel_metrics_sum",
      "MetricName, Attributes['region']",
    ),
    gauges: await of("MetricName, Attributes, Value", "otel_metrics_gauge", "MetricName"),
    histograms: await of(
      "MetricName, MetricUnit, Attributes, Count, Sum, BucketCounts, ExplicitBounds, Min, Max",
      "otel_metrics_histogram",
      "MetricName",
    ),
  }
}

test("every way to start gives the same rows", async () => {
  const all = []
  for (const [name, app, nodeOptions] of starts) {
    const env = {
      CLICKSTACK_CLICKHOUSE_URL: tables.url,
      OTEL_SERVICE_NAME: name,
      OTEL_RESOURCE_ATTRIBUTES: "team=a",
      CLICKSTACK_EXIT_BUDGET: "20000",
    }
    expect(await runApp(app, [], { node, nodeOptions, env })).toEqual({
      code: 0,
      signal: null,
      stdout: "",
      stderr: "",
    })
    all.push(await rowsOf(name))
  }
  const [first, ...others] = all
  for (const other of others) expect(other).toEqual(first)

  expect(first!.traces).toHaveLength(22)
  expect(first!.traces).toContainEqual(
    expect.objectContaining({
      SpanName: "GET /orders/:id",
      SpanKind: "Server",
      StatusCode: "Ok",
      team: "a",
      SpanAttributes: expect.objectContaining({
        text: "ünïcode ✓",
        int: "42",
        double: "1.5",
        yes: "true",
        texts: '["a","b"]',
      }),
    }),
  )
  expect(first!.logs).toHaveLength(3)
  expect(first!.logs).toContainEqual(
    expect.objectContaining({ Body: "order found", SeverityText: "INFO", SeverityNumber: 9, traced: 1 }),
  )
  expect(first!.sums).toEqual([
    expect.objectContaining({ MetricName: "open", Value: 3, IsMonotonic: false }),
    expect.objectContaining({
      MetricName: "orders",
      Value: 2,
      Attributes: { region: "eu" },
      IsMonotonic: true,
    }),
    expect.objectContaining({ MetricName: "orders", Value: 1, Attributes: { region: "us" } }),
  ])
  expect(first!.gauges).toEqual([expect.objectContaining({ MetricName: "temperature", Value: 36.6 })])
  expect(first!.histograms).toEqual([
    expect.objectContaining({ MetricName: "duration", Sum: 555.5, Min: 0.5, Max: 500 }),
  ])
})

test("clickhouse() as the destination in code, beside another", async () => {
  const code = `
    const api = require("@opentelemetry/api")
    const { init } = require("@clickstack/node")
    const { clickhouse } = require("@clickstack/ingest")
    const spans = []
    const memory = { spans: { export: (items, done) => (spans.push(...items), done({ code: 0 })), shutdown: async () => {} } }
    const clickstack = init({ service: "in code", exitBudget: 20000, destination: [clickhouse({ url: process.argv[1] }), memory] })
    api.trace.getTracer("x").startSpan("one").end()
    clickstack.shutdown().then(() => console.log(spans.map((span) => span.spanContext().spanId).join()))`
  const { stdout, stderr } = await runApp("-e", [code, tables.url], { node })
  // ClickHouse's client was loaded before init(), by ingest, which is no concern of an app that only sends with it.
  expect(stderr).toBe("")
  const rows = await tables.ingest.query(
    "SELECT SpanId, SpanName FROM otel_traces WHERE ServiceName = 'in code'",
  )
  expect(rows).toEqual([{ SpanId: stdout.trim(), SpanName: "one" }])
})
