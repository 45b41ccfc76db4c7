// The exporters in a plain OpenTelemetry set-up: the SDK's own processors and readers, straight into ClickHouse.
import { context, trace } from "@opentelemetry/api"
import { SeverityNumber } from "@opentelemetry/api-logs"
import { type Resource, resourceFromAttributes } from "@opentelemetry/resources"
import { BatchLogRecordProcessor, LoggerProvider } from "@opentelemetry/sdk-logs"
import { MeterProvider, PeriodicExportingMetricReader } from "@opentelemetry/sdk-metrics"
import { BasicTracerProvider, BatchSpanProcessor } from "@opentelemetry/sdk-trace-base"
import { type Ingest, type IngestOptions, clickhouse, createIngest } from "@clickstack/ingest"
import { startClickHouse } from "@clickstack/testing"
import { afterAll, describe, expect, test } from "vitest"
import { exported } from "./store.ts"
import { log3, resource3, shop, someSpans, span3 } from "./telemetry.ts"

const server = await startClickHouse()
const admin = createIngest(server.url)
afterAll(async () => {
  await admin.close()
  await server.close()
})

let databases = 0

/** A destination with a database of its own, which is not there yet. */
const destination = (options: Partial<IngestOptions> = {}): Ingest =>
  clickhouse({ url: server.url, database: `d${++databases}`, ...options })

const later = 3_600_000

/** What an app sets up; nothing is exported before it is flushed. */
function setUp({ spans, logs, metrics }: Ingest, resource: Resource = shop) {
  const tracerProvider = new BasicTracerProvider({
    resource,
    spanProcessors: [new BatchSpanProcessor(spans, { scheduledDelayMillis: later })],
  })
  const loggerProvider = new LoggerProvider({
    resource,
    processors: [new BatchLogRecordProcessor({ exporter: logs, scheduledDelayMillis: later })],
  })
  const meterProvider = new MeterProvider({
    resource,
    readers: [new PeriodicExportingMetricReader({ exporter: metrics, exportIntervalMillis: later })],
  })
  return {
    tracer: tracerProvider.getTracer("orders", "1.0"),
    logger: loggerProvider.getLogger("orders", "1.0"),
    meter: meterProvider.getMeter("orders", "1.0"),
    providers: [tracerProvider, loggerProvider, meterProvider] as const,
  }
}

const count = async (ingest: Ingest, table: string): Promise<unknown> => {
  const [row] = await ingest.query<{ count: number }>(`SELECT count() AS count FROM ${table}`)
  return row?.count
}

test("an app's spans, logs and metrics arrive, in tables that are made for them", async () => {
  const ingest = destination()
  const { tracer, logger, meter, providers } = setUp(ingest)
  const parent = tracer.startSpan("POST /orders")
  const active = trace.setSpan(context.active(), parent)
  const child = tracer.startSpan("SELECT orders", {}, active)
  logger.emit({
    body: "Order placed",
    severityNumber: SeverityNumber.INFO,
    severityText: "info",
    context: active,
  })
  child.end()
  parent.end()
  meter.createCounter("orders").add(2)
  meter.createGauge("queue").record(7)
  meter.createHistogram("latency").record(0.5)
  for (const provider of providers) await provider.forceFlush()

  const { traceId, spanId } = parent.spanContext()
  expect(
    await ingest.query("SELECT SpanName, ParentSpanId, TraceId FROM otel_traces ORDER BY Timestamp"),
  ).toEqual([
    { SpanName: "POST /orders", ParentSpanId: "", TraceId: traceId },
    { SpanName: "SELECT orders", ParentSpanId: spanId, TraceId: traceId },
  ])
  expect(await ingest.query("SELECT Body, TraceId, SpanId, ServiceName FROM otel_logs")).toEqual([
    { Body: "Order placed", TraceId: traceId, SpanId: spanId, ServiceName: "shop" },
  ])
  expect(await ingest.query("SELECT Value, IsMonotonic FROM otel_metrics_sum")).toEqual([
    { Value: 2, IsMonotonic: true },
  ])
  expect(await ingest.query("SELECT Value FROM otel_metrics_gauge")).toEqual([{ Value: 7 }])
  expect(await ingest.query("SELECT Count, Sum FROM otel_metrics_histogram")).toEqual([
    { Count: 1, Sum: 0.5 },
  ])
  expect(ingest.stats()).toEqual({
    otel_traces: { stored: 2, rejected: 0 },
    otel_logs: { stored: 1, rejected: 0 },
    otel_metrics_sum: { stored: 1, rejected: 0 },
    otel_metrics_gauge: { stored: 1, rejected: 0 },
    otel_metrics_histogram: { stored: 1, rejected: 0 },
  })
  for (const provider of providers) await provider.shutdown()
  await ingest.close()
})

test("sums are cumulative from one export to the next", async () => {
  const ingest = destination()
  const { meter, providers } = setUp(ingest)
  const counter = meter.createCounter("orders")
  const histogram = meter.createHistogram("latency")
  for (const value of [1, 2]) {
    counter.add(value)
    histogram.record(value)
    await providers[2].forceFlush()
  }
  expect(
    await ingest.query("SELECT Value, AggregationTemporality FROM otel_metrics_sum ORDER BY Value"),
  ).toEqual([
    { Value: 1, AggregationTemporality: 2 },
    { Value: 3, AggregationTemporality: 2 },
  ])
  expect(
    await ingest.query("SELECT Count, AggregationTemporality FROM otel_metrics_histogram ORDER BY Count"),
  ).toEqual([
    { Count: 1, AggregationTemporality: 2 },
    { Count: 2, AggregationTemporality: 2 },
  ])
  for (const provider of providers) await provider.shutdown()
  await ingest.close()
})

describe("the end", () => {
  const orders = [
    [0, 1, 2],
    [0, 2, 1],
    [1, 0, 2],
    [1, 2, 0],
    [2, 0, 1],
    [2, 1, 0],
  ] as const

  test.each(orders)("loses nothing when providers shut down in the order %i, %i, %i", async (...order) => {
    const ingest = destination()
    const { tracer, logger, meter, providers } = setUp(ingest)
    tracer.startSpan("last").end()
    logger.emit({ body: "last" })
    meter.createCounter("last").add(1)
    for (const index of order) await providers[index]?.shutdown()
    for (const table of ["otel_traces", "otel_logs", "otel_metrics_sum"]) {
      expect([table, await count(ingest, table)]).toEqual([table, 1])
    }
    await ingest.close()
  })

  test("loses nothing when all shut down at once, and then once more", async () => {
    const ingest = destination()
    const { tracer, logger, meter, providers } = setUp(ingest)
    for (let index = 0; index < 600; index++) tracer.startSpan("last").end()
    logger.emit({ body: "last" })
    meter.createCounter("last").add(1)
    await Promise.all(providers.map((provider) => provider.shutdown()))
    await Promise.all([ingest.spans.shutdown(), ingest.logs.shutdown(), ingest.metrics.shutdown()])
    expect(await count(ingest, "otel_traces")).toBe(600)
    expect(await count(ingest, "otel_logs")).toBe(1)
    expect(await count(ingest, "otel_metrics_sum")).toBe(1)
    await Promise.all([ingest.close(), ingest.close()])
  })

  test("of one exporter leaves the others at work", async () => {
    const ingest = destination()
    await ingest.spans.shutdown()
    expect(await exported(ingest.logs, [log3()])).toEqual({ code: 0 })
    await ingest.logs.shutdown()
    expect(await count(ingest, "otel_logs")).toBe(1)
    await ingest.close()
  })

  test("waits for what is under way: close() and forceFlush()", async () => {
    const ingest = destination()
    let done = 0
    ingest.spans.export(someSpans(10), () => done++)
    ingest.logs.export([log3()], () => done++)
    await ingest.spans.forceFlush()
    await ingest.logs.forceFlush()
    expect(done).toBe(2)
    ingest.spans.export(someSpans(10), () => done++)
    await ingest.close()
    expect(done).toBe(3)
    const [row] = await admin.query(`SELECT count() AS count FROM d${databases}.otel_traces`)
    expect(row).toEqual({ count: 20 })
  })
})

describe("a resource whose attributes arrive late", () => {
  test("in the shape of the SDK 3.1 is waited for", async () => {
    let resolve: (name: string) => void = () => {}
    const host = new Promise<string>((settle) => (resolve = settle))
    const ingest = destination()
    const batch = [span3({ resource: { ...resource3({ "service.name": "shop" }), ...lateResource(host) } })]
    const work = exported(ingest.spans, batch)
    resolve("shop-7")
    expect(await work).toEqual({ code: 0 })
    expect(await ingest.query("SELECT ResourceAttributes['host.name'] AS host FROM otel_traces")).toEqual([
      { host: "shop-7" },
    ])
    await ingest.close()
  })

  test("of the SDK is waited for, for all signals", async () => {
    let resolve: (name: string) => void = () => {}
    const host = new Promise<string>((settle) => (resolve = settle))
    const ingest = destination()
    const resource = resourceFromAttributes({ "service.name": "shop", "host.name": host })
    const { tracer, logger, meter, providers } = setUp(ingest, resource)
    tracer.startSpan("early").end()
    logger.emit({ body: "early" })
    meter.createCounter("early").add(1)
    const flushed = Promise.all(providers.map((provider) => provider.forceFlush()))
    resolve("shop-7")
    await flushed
    for (const table of ["otel_traces", "otel_logs", "otel_metrics_sum"]) {
      expect(await ingest.query(`SELECT ResourceAttributes AS resource FROM ${table}`)).toEqual([
        { resource: { "host.name": "shop-7", "service.name": "shop" } },
      ])
    }
    for (const provider of providers) await provider.shutdown()
    await ingest.close()
  })
})

describe("sessions", () => {
  test("replay goes to hyperdx_sessions, other logs of the batch to otel_logs", async () => {
    const ingest = destination()
    const { logger, providers } = setUp(ingest)
    const session = { "session.id": "s1" }
    logger.emit({ body: '{"type":4}', attributes: { ...session, "rr-web.event": "1", "rr-web.offset": "7" } })
    logger.emit({ body: "clicked", attributes: session })
    logger.emit({ body: "no session" })
    for (const provider of providers) await provider.forceFlush()
    expect(
      await ingest.query(
        "SELECT Body, ResourceAttributes AS resource, LogAttributes AS attributes FROM hyperdx_sessions",
      ),
    ).toEqual([
      {
        Body: '{"type":4}',
        resource: { "host.name": "shop-1", "rum.sessionId": "s1", "service.name": "shop" },
        attributes: { "rr-web.event": "1", "rr-web.offset": "7", "session.id": "s1" },
      },
    ])
    expect(
      await ingest.query(
        "SELECT Body, ResourceAttributes['rum.sessionId'] AS session FROM otel_logs ORDER BY Body",
      ),
    ).toEqual([
      { Body: "clicked", session: "s1" },
      { Body: "no session", session: "" },
    ])
    expect(ingest.stats()).toEqual({
      otel_logs: { stored: 2, rejected: 0 },
      hyperdx_sessions: { stored: 1, rejected: 0 },
    })
    for (const provider of providers) await provider.shutdown()
    await ingest.close()
  })

  test("a span's session stands beside the resource, unless the resource has one", async () => {
    const ingest = destination()
    const own = resource3({ "service.name": "shop", "rum.sessionId": "own" })
    await exported(ingest.spans, [
      span3({ name: "a", attributes: { "session.id": "s1" } }),
      span3({ name: "b", attributes: { "session.id": "s2" } }),
      span3({ name: "c", attributes: { "session.id": "" } }),
      span3({ name: "d", attributes: { "session.id": "s1" }, resource: own }),
      span3({ name: "e" }),
    ])
    const rows = await ingest.query(
      "SELECT SpanName AS name, ResourceAttributes['rum.sessionId'] AS session, `__hdx_materialized_rum.sessionId` AS kept, " +
        "SpanAttributes['session.id'] AS attribute FROM otel_traces ORDER BY name",
    )
    expect(rows).toEqual([
      { name: "a", session: "s1", kept: "s1", attribute: "s1" },
      { name: "b", session: "s2", kept: "s2", attribute: "s2" },
      { name: "c", session: "", kept: "", attribute: "" },
      { name: "d", session: "own", kept: "own", attribute: "s1" },
      { name: "e", session: "", kept: "", attribute: "" },
    ])
    await ingest.close()
  })
})

describe("tables", () => {
  test("are made once, also when the first batches come together", async () => {
    const ingest = destination()
    const before = (await server.requests()).length
    const results = await Promise.all([
      exported(ingest.spans, someSpans(1)),
      exported(ingest.logs, [log3()]),
      exported(ingest.spans, someSpans(1)),
    ])
    expect(results).toEqual([{ code: 0 }, { code: 0 }, { code: 0 }])
    expect(await exported(ingest.spans, someSpans(1))).toEqual({ code: 0 })
    const created = (await server.requests())
      .slice(before)
      .filter(({ sql }) => sql.startsWith("CREATE TABLE"))
    expect(created).toHaveLength(8)
    await ingest.close()
  })

  test("are tried again with the next batch when the server was away at first", async () => {
    const ingest = destination({ retryForMs: 0 })
    await server.refuse()
    expect(await exported(ingest.logs, [log3()])).toMatchObject({ code: 1, error: { code: "UNREACHABLE" } })
    await server.accept()
    expect(await exported(ingest.logs, [log3()])).toEqual({ code: 0 })
    expect(await count(ingest, "otel_logs")).toBe(1)
    await ingest.close()
  })

  test("are not made by createIngest unless it is told to", async () => {
    const ingest = createIngest({ url: server.url, database: `d${++databases}`, retryForMs: 0 })
    expect(await exported(ingest.logs, [log3()])).toMatchObject({
      code: 1,
      error: { code: "DATABASE_MISSING" },
    })
    await ingest.ensureSchema()
    expect(await exported(ingest.logs, [log3()])).toEqual({ code: 0 })
    await ingest.close()
  })

  test("have the names that they are given", async () => {
    const ingest = destination({ tableNames: { otel_logs: "my logs`" } })
    expect(await exported(ingest.logs, [log3({ body: "named" })])).toEqual({ code: 0 })
    expect(await ingest.query("SELECT Body FROM `my logs\\``")).toEqual([{ Body: "named" }])
    await ingest.close()
  })
})

test("what the caller's own function throws does not harm the exporter", async () => {
  const ingest = destination()
  ingest.logs.export([log3()], () => {
    throw new Error("the caller's own")
  })
  await ingest.logs.forceFlush()
  expect(await exported(ingest.logs, [log3()])).toEqual({ code: 0 })
  expect(await count(ingest, "otel_logs")).toBe(2)
  await ingest.close()
})

test("a batch of nothing is a success", async () => {
  const ingest = destination()
  expect(await exported(ingest.spans, [])).toEqual({ code: 0 })
  expect(await exported(ingest.logs, [])).toEqual({ code: 0 })
  expect(await exported(ingest.metrics, { resource: shop, scopeMetrics: [] })).toEqual({ code: 0 })
  await ingest.close()
})

function lateResource(host: Promise<string>) {
  const attributes: Record<string, string> = { "service.name": "shop" }
  const arrived = host.then((name) => void (attributes["host.name"] = name))
  return { attributes, asyncAttributesPending: true, waitForAsyncAttributes: () => arrived }
}
