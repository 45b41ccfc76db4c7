// The real OpenTelemetry 3.1 SDK over our exporters. It asks for Node.js 22.15, and its code runs on 20 as well.
import { BatchLogRecordProcessor, LoggerProvider } from "@opentelemetry/sdk-logs-3"
import { MeterProvider, PeriodicExportingMetricReader } from "@opentelemetry/sdk-metrics-3"
import { BatchSpanProcessor, TracerProvider } from "@opentelemetry/sdk-trace-3"
import { clickhouse } from "@clickstack/ingest"
import { expect, test } from "vitest"

const later = 3_600_000

test("spans, logs and metrics of OpenTelemetry 3.1 are stored, maps, bytes and nothing among the attributes", async () => {
  await using ingest = clickhouse("chdb::memory:")
  const tracers = new TracerProvider({
    spanProcessors: [new BatchSpanProcessor({ exporter: ingest.spans, scheduledDelayMillis: later })],
  })
  const loggers = new LoggerProvider({
    processors: [new BatchLogRecordProcessor({ exporter: ingest.logs, scheduledDelayMillis: later })],
  })
  const meters = new MeterProvider({
    readers: [new PeriodicExportingMetricReader({ exporter: ingest.metrics, exportIntervalMillis: later })],
  })
  const attributes = {
    map: { b: [1, "two"], a: true },
    bytes: new Uint8Array([1, 2]),
    nothing: null,
    list: [[1], [2]],
  }
  const spelled = { bytes: "AQI=", list: "[[1],[2]]", map: '{"a":true,"b":[1,"two"]}', nothing: "" }

  const span = tracers.getTracer("shop", "3").startSpan("POST /orders", { attributes: { plain: 1 } })
  span.addEvent("paid", { amount: 7 })
  span.end()
  loggers
    .getLogger("shop", "3")
    .emit({ body: { total: 7 }, severityNumber: 9, severityText: "INFO", attributes })
  const meter = meters.getMeter("shop", "3")
  meter.createCounter("orders").add(3, { kind: "web" })
  meter.createHistogram("duration").record(12)
  meter.createGauge("stock").record(5)
  await Promise.all([tracers.shutdown(), loggers.shutdown(), meters.shutdown()])

  expect(
    await ingest.query(
      `SELECT SpanName, SpanAttributes, "Events.Name" AS events, ScopeName FROM otel_traces`,
    ),
  ).toEqual([
    { SpanName: "POST /orders", SpanAttributes: { plain: "1" }, events: ["paid"], ScopeName: "shop" },
  ])
  expect(await ingest.query("SELECT Body, SeverityText, LogAttributes FROM otel_logs")).toEqual([
    { Body: '{"total":7}', SeverityText: "INFO", LogAttributes: spelled },
  ])
  expect(
    await ingest.query(
      `SELECT MetricName, Value, AggregationTemporality AS temporality, IsMonotonic FROM otel_metrics_sum
       WHERE MetricName = 'orders'`,
    ),
  ).toEqual([{ MetricName: "orders", Value: 3, temporality: 2, IsMonotonic: true }])
  expect(
    await ingest.query("SELECT Count, Sum, Max FROM otel_metrics_histogram WHERE MetricName = 'duration'"),
  ).toEqual([{ Count: 1, Sum: 12, Max: 12 }])
  expect(await ingest.query("SELECT Value FROM otel_metrics_gauge WHERE MetricName = 'stock'")).toEqual([
    { Value: 5 },
  ])
})
