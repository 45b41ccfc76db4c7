// What ClickStack's Node.js dashboard asks for is in a real ClickHouse, once: as it comes, beside OpenTelemetry's own
// packages for the same, and with a worker thread.
import { expect, test } from "vitest"
import { useTables } from "../clickhouse/use-tables.ts"
import { runApp } from "../node/run-app.ts"
import { fixture } from "./traced-app.ts"

const tables = useTables()
const gauges = [
  "nodejs.eventloop.delay.p50",
  "nodejs.eventloop.delay.p90",
  "nodejs.eventloop.delay.p99",
  "nodejs.eventloop.utilization",
  "process.cpu.utilization",
  "v8js.memory.heap.limit",
  "v8js.memory.heap.space.physical_size",
  "v8js.memory.heap.used",
]

async function run(app: string, service: string, env: Record<string, string> = {}) {
  const ended = await runApp(fixture(app), [], {
    nodeOptions: ["--import", "@clickstack/node/register"],
    env: {
      CLICKSTACK_CLICKHOUSE_URL: tables.url,
      OTEL_SERVICE_NAME: service,
      // OpenTelemetry's packages tell that one of them is deprecated.
      CLICKSTACK_LOG_LEVEL: "error",
      CLICKSTACK_EXIT_BUDGET: "20000",
      ...env,
    },
  })
  expect(ended).toEqual({ code: 0, signal: null, stdout: "", stderr: "" })
}

/** As the dashboard filters: one row for each series and collection, with how often it is there. */
const series = (table: string, service: string, names: readonly string[]) =>
  tables.ingest.query<{ name: string; attributes: Record<string, string>; values: number; value: number }>(
    `SELECT MetricName AS name, Attributes AS attributes, toUInt32(count()) AS values, any(Value) AS value
     FROM ${table}
     WHERE ResourceAttributes['telemetry.sdk.language'] = 'nodejs' AND ServiceName = {service:String}
       AND MetricName IN {names:Array(String)}
     GROUP BY name, attributes ORDER BY name, toString(attributes)`,
    { service, names },
  )

test.each([
  ["alone", "metrics.mjs", {}],
  ["with OpenTelemetry's own packages and a worker", "metrics-twice.mjs", { OLD_TOO: "yes" }],
  [
    "only OpenTelemetry's own packages, ours switched off",
    "metrics-twice.mjs",
    { CLICKSTACK_INSTRUMENTATION_RUNTIME: "false", CLICKSTACK_INSTRUMENTATION_HOST: "false" },
  ],
])("the dashboard is filled once, %s", async (name, app, env) => {
  await run(app, name, env)
  const found = await series("otel_metrics_gauge", name, gauges)
  // OpenTelemetry's package has no gauge of the heap's limit.
  const expected = name.startsWith("only") ? gauges.filter((one) => one !== "v8js.memory.heap.limit") : gauges
  expect([...new Set(found.map((one) => one.name))]).toEqual(expected)
  // The process is measured once, when it ends.
  expect(found.filter(({ values }) => values !== 1)).toEqual([])
  expect(found.filter(({ value }) => !(value >= 0))).toEqual([])
  const delays = found.filter((one) => one.name.startsWith("nodejs.eventloop"))
  expect(delays.map(({ attributes }) => attributes)).toEqual([{}, {}, {}, {}])
  const times = await series("otel_metrics_sum", name, ["nodejs.eventloop.time"])
  expect(times.map(({ attributes, values }) => [attributes, values])).toEqual([
    [{ "nodejs.eventloop.state": "active" }, 1],
    [{ "nodejs.eventloop.state": "idle" }, 1],
  ])
})

test("an instrument of each kind arrives", async () => {
  await run("instruments.mjs", "instruments")
  const of = (columns: string, table: string) =>
    tables.ingest.query(
      `SELECT MetricName AS name, ${columns} FROM ${table} WHERE ScopeName = 'shop' ORDER BY name`,
    )
  expect(await of("Value AS value, IsMonotonic AS monotonic", "otel_metrics_sum")).toEqual([
    { name: "baskets", value: -1, monotonic: false },
    { name: "orders", value: 2, monotonic: true },
    { name: "visits", value: 7, monotonic: true },
    { name: "waiting", value: -3, monotonic: false },
  ])
  expect(await of("Value AS value", "otel_metrics_gauge")).toEqual([
    { name: "humidity", value: 0.4 },
    { name: "temperature", value: 21.5 },
  ])
  expect(
    await of(
      "MetricUnit AS unit, toUInt32(Count) AS count, Sum AS sum, arrayMap(n -> toUInt32(n), BucketCounts) AS buckets, ExplicitBounds AS bounds",
      "otel_metrics_histogram",
    ),
  ).toEqual([{ name: "weights", unit: "kg", count: 1, sum: 5, buckets: [0, 1, 0], bounds: [1, 10] }])
})
