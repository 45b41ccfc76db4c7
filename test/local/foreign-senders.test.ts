// Senders that know nothing of us: OpenTelemetry's own SDK with its own exporters, its 3.x encoders, and the example
// payloads of the OTLP specification. Each has to end in the right rows.
import { existsSync, readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { type Local, startLocal } from "@clickstack/local"
import { SpanKind, SpanStatusCode } from "@opentelemetry/api"
import { SeverityNumber } from "@opentelemetry/api-logs"
import { OTLPLogExporter as LogsGrpc } from "@opentelemetry/exporter-logs-otlp-grpc"
import { OTLPLogExporter as LogsJson } from "@opentelemetry/exporter-logs-otlp-http"
import { OTLPLogExporter as LogsProto } from "@opentelemetry/exporter-logs-otlp-proto"
import { OTLPMetricExporter as MetricsGrpc } from "@opentelemetry/exporter-metrics-otlp-grpc"
import { OTLPMetricExporter as MetricsJson } from "@opentelemetry/exporter-metrics-otlp-http"
import { OTLPMetricExporter as MetricsProto } from "@opentelemetry/exporter-metrics-otlp-proto"
import { OTLPTraceExporter as TracesGrpc } from "@opentelemetry/exporter-trace-otlp-grpc"
import { OTLPTraceExporter as TracesJson } from "@opentelemetry/exporter-trace-otlp-http"
import { OTLPTraceExporter as TracesProto } from "@opentelemetry/exporter-trace-otlp-proto"
import * as transformer3 from "@opentelemetry/otlp-transformer-3"
import { resourceFromAttributes } from "@opentelemetry/resources"
import {
  BatchLogRecordProcessor,
  InMemoryLogRecordExporter,
  type LogRecordExporter,
  LoggerProvider,
  SimpleLogRecordProcessor,
} from "@opentelemetry/sdk-logs"
import {
  MeterProvider,
  PeriodicExportingMetricReader,
  type PushMetricExporter,
} from "@opentelemetry/sdk-metrics"
import {
  BasicTracerProvider,
  BatchSpanProcessor,
  InMemorySpanExporter,
  SimpleSpanProcessor,
  type SpanExporter,
} from "@opentelemetry/sdk-trace-base"
import { afterAll, beforeAll, describe, expect, test } from "vitest"

let local: Local

beforeAll(async () => {
  // The specification's examples are of 2018.
  local = await startLocal({
    memory: true,
    httpPort: 0,
    grpcPort: 0,
    uiPort: false,
    retention: { age: false },
  })
})
afterAll(() => local.close())

const resourceOf = (service: string) =>
  resourceFromAttributes({ "service.name": service, "host.name": "node-1" })

function makeSpans(provider: BasicTracerProvider) {
  const span = provider.getTracer("cart", "1.2.3").startSpan("GET /cart", { kind: SpanKind.SERVER })
  span.setAttributes({ "http.request.method": "GET", items: 3, ratio: 0.5, big: true, list: ["a", "b"] })
  span.addEvent("exception", { "exception.type": "TypeError" })
  span.setStatus({ code: SpanStatusCode.ERROR, message: "no stock" })
  span.end()
  return span.spanContext()
}

function makeLog(provider: LoggerProvider) {
  provider.getLogger("cart").emit({
    severityNumber: SeverityNumber.WARN,
    severityText: "WARN",
    body: 'stock is low {"sku":{"id":7}}',
    attributes: { left: 2 },
  })
}

async function expectSpan(service: string, { traceId, spanId }: { traceId: string; spanId: string }) {
  const rows = await local.query(
    `SELECT TraceId, SpanId, SpanName, SpanKind, ScopeName, ScopeVersion, SpanAttributes, StatusCode, StatusMessage,
       Events.Name AS events, ResourceAttributes['host.name'] AS host, Duration < 60e9 AND Duration > 0 AS took
     FROM otel_traces WHERE ServiceName = {service:String}`,
    { params: { service } },
  )
  expect(rows).toEqual([
    {
      TraceId: traceId,
      SpanId: spanId,
      SpanName: "GET /cart",
      SpanKind: "Server",
      ScopeName: "cart",
      ScopeVersion: "1.2.3",
      SpanAttributes: {
        big: "true",
        "http.request.method": "GET",
        items: "3",
        list: '["a","b"]',
        ratio: "0.5",
      },
      StatusCode: "Error",
      StatusMessage: "no stock",
      events: ["exception"],
      host: "node-1",
      took: 1,
    },
  ])
}

async function expectLog(service: string) {
  const rows = await local.query(
    `SELECT Body, SeverityText, SeverityNumber, LogAttributes, ScopeName FROM otel_logs
     WHERE ServiceName = {service:String}`,
    { params: { service } },
  )
  expect(rows).toEqual([
    {
      Body: 'stock is low {"sku":{"id":7}}',
      SeverityText: "warn",
      SeverityNumber: 13,
      LogAttributes: { left: "2", "sku.id": "7" },
      ScopeName: "cart",
    },
  ])
}

describe("OpenTelemetry's SDK 2.x", () => {
  const http = (signal: string) => ({ url: `${local.otlp.http}/v1/${signal}` })
  const grpc = () => ({ url: local.otlp.grpc ?? "" })

  test.each<[string, () => SpanExporter]>([
    ["json", () => new TracesJson(http("traces"))],
    ["proto", () => new TracesProto(http("traces"))],
    ["grpc", () => new TracesGrpc(grpc())],
  ])("spans over %s", async (name, exporter) => {
    const service = `spans-${name}`
    const provider = new BasicTracerProvider({
      resource: resourceOf(service),
      spanProcessors: [new BatchSpanProcessor(exporter())],
    })
    const context = makeSpans(provider)
    await provider.shutdown()
    await expectSpan(service, context)
  })

  test.each<[string, () => LogRecordExporter]>([
    ["json", () => new LogsJson(http("logs"))],
    ["proto", () => new LogsProto(http("logs"))],
    ["grpc", () => new LogsGrpc(grpc())],
  ])("logs over %s", async (name, exporter) => {
    const service = `logs-${name}`
    const processors = [new BatchLogRecordProcessor({ exporter: exporter() })]
    const provider = new LoggerProvider({ resource: resourceOf(service), processors })
    makeLog(provider)
    await provider.shutdown()
    await expectLog(service)
  })

  test.each<[string, () => PushMetricExporter]>([
    ["json", () => new MetricsJson(http("metrics"))],
    ["proto", () => new MetricsProto(http("metrics"))],
    ["grpc", () => new MetricsGrpc(grpc())],
  ])("metrics over %s", async (name, exporter) => {
    const service = `metrics-${name}`
    const reader = new PeriodicExportingMetricReader({
      exporter: exporter(),
      exportIntervalMillis: 3_600_000,
    })
    const provider = new MeterProvider({ resource: resourceOf(service), readers: [reader] })
    const meter = provider.getMeter("cart")
    meter.createCounter("orders", { unit: "{order}" }).add(3, { region: "eu" })
    meter.createGauge("temperature").record(-1.5)
    const histogram = meter.createHistogram("duration", { unit: "s" })
    for (const value of [1, 20, 300]) histogram.record(value)
    await provider.shutdown()
    const params = { params: { service } }
    expect(
      await local.query(
        "SELECT MetricName, MetricUnit, Value, IsMonotonic, Attributes FROM otel_metrics_sum WHERE ServiceName = {service:String}",
        params,
      ),
    ).toEqual([
      {
        MetricName: "orders",
        MetricUnit: "{order}",
        Value: 3,
        IsMonotonic: true,
        Attributes: { region: "eu" },
      },
    ])
    expect(
      await local.query(
        "SELECT MetricName, Value FROM otel_metrics_gauge WHERE ServiceName = {service:String}",
        params,
      ),
    ).toEqual([{ MetricName: "temperature", Value: -1.5 }])
    expect(
      await local.query(
        "SELECT Count, Sum, Min, Max FROM otel_metrics_histogram WHERE ServiceName = {service:String}",
        params,
      ),
    ).toEqual([{ Count: 3, Sum: 321, Min: 1, Max: 300 }])
  })
})

test("session replay in the shape of ClickStack's browser SDK: chunks of 900 KiB end in hyperdx_sessions, in order", async () => {
  const resource = resourceFromAttributes({ "service.name": "web", "rum.sessionId": "session-9" })
  const exporter = new LogsProto({ url: `${local.otlp.http}/v1/logs` })
  const processors = [new BatchLogRecordProcessor({ exporter })]
  const provider = new LoggerProvider({ resource, processors })
  const logger = provider.getLogger("rrweb")
  const event = JSON.stringify({ type: 2, data: '<p>größer {"level":"error"}</p>'.repeat(70_000) })
  const size = 900 * 1024
  const total = Math.ceil(event.length / size)
  for (let chunk = 1; chunk <= total; chunk++) {
    logger.emit({
      body: event.slice((chunk - 1) * size, chunk * size),
      attributes: {
        "rr-web.event": 1,
        "rr-web.chunk": chunk,
        "rr-web.total-chunks": total,
        "rr-web.offset": (chunk - 1) * size,
      },
    })
  }
  await provider.shutdown()
  expect(total).toBeGreaterThan(2)
  const [recorded, ...others] = await local.read.session("session-9")
  expect(others).toEqual([])
  expect({ complete: recorded?.complete, same: recorded?.json === event }).toEqual({
    complete: true,
    same: true,
  })
  expect(await local.query("SELECT count() AS rows FROM otel_logs WHERE ServiceName = 'web'")).toEqual([
    { rows: 0 },
  ])
})

describe("the encoders of OpenTelemetry 3.x", () => {
  async function send(signal: "traces" | "logs", type: string, bytes: Uint8Array | undefined) {
    const response = await fetch(`${local.otlp.http}/v1/${signal}`, {
      method: "POST",
      headers: { "content-type": type },
      body: bytes as Uint8Array<ArrayBuffer>,
    })
    expect(response.status).toBe(200)
  }

  test.each([
    ["json", "application/json", transformer3.JsonTraceSerializer],
    ["protobuf", "application/x-protobuf", transformer3.ProtobufTraceSerializer],
  ])("spans in %s", async (name, type, serializer) => {
    const service = `spans-3-${name}`
    const exporter = new InMemorySpanExporter()
    const provider = new BasicTracerProvider({
      resource: resourceOf(service),
      spanProcessors: [new SimpleSpanProcessor(exporter)],
    })
    const context = makeSpans(provider)
    await provider.forceFlush()
    await send("traces", type, serializer.serializeRequest(exporter.getFinishedSpans()))
    await expectSpan(service, context)
  })

  test.each([
    ["json", "application/json", transformer3.JsonLogsSerializer],
    ["protobuf", "application/x-protobuf", transformer3.ProtobufLogsSerializer],
  ])("logs in %s", async (name, type, serializer) => {
    const service = `logs-3-${name}`
    const exporter = new InMemoryLogRecordExporter()
    const processors = [new SimpleLogRecordProcessor({ exporter })]
    const provider = new LoggerProvider({ resource: resourceOf(service), processors })
    makeLog(provider)
    await provider.forceFlush()
    await send("logs", type, serializer.serializeRequest(exporter.getFinishedLogRecords()))
    await expectLog(service)
  })
})

const examples = fileURLToPath(new URL("../../../shared/otlp-examples/", import.meta.url))
const missing = !existsSync(examples)

test("the specification's examples are there, or this is not CI", () => {
  expect(missing && process.env["CI"] === "true", examples).toBe(false)
})

describe.skipIf(missing)("the specification's examples", () => {
  const from = "WHERE ServiceName = 'my.service'"

  beforeAll(async () => {
    for (const [file, signal] of [
      ["trace.json", "traces"],
      ["logs.json", "logs"],
      ["events.json", "logs"],
      ["metrics.json", "metrics"],
    ] as const) {
      const response = await fetch(`${local.otlp.http}/v1/${signal}`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: readFileSync(examples + file),
      })
      expect([file, response.status, await response.json()]).toEqual([file, 200, {}])
    }
  })

  test("trace.json", async () => {
    expect(
      await local.query(
        `SELECT toUnixTimestamp64Nano(Timestamp) AS at, TraceId, SpanId, ParentSpanId, SpanName, SpanKind, Duration,
           SpanAttributes FROM otel_traces ${from}`,
      ),
    ).toEqual([
      {
        at: 1544712660000000000n,
        TraceId: "5b8efff798038103d269b633813fc60c",
        SpanId: "eee19b7ec3c1b174",
        ParentSpanId: "eee19b7ec3c1b173",
        SpanName: "I'm a server span",
        SpanKind: "Server",
        Duration: 1_000_000_000,
        SpanAttributes: { "my.span.attr": "some value" },
      },
    ])
  })

  test("logs.json and events.json", async () => {
    expect(
      await local.query(
        `SELECT Body, SeverityText, SeverityNumber, EventName, LogAttributes, ScopeAttributes
         FROM otel_logs ${from} ORDER BY EventName`,
      ),
    ).toMatchObject([
      {
        Body: "Example log record",
        SeverityText: "information",
        SeverityNumber: 10,
        LogAttributes: {
          "array.attribute.0": "many",
          "array.attribute.1": "values",
          "boolean.attribute": "true",
          "double.attribute": "637.704",
          "int.attribute": "10",
          "map.attribute.some.map.key": "some value",
          "string.attribute": "some string",
        },
        ScopeAttributes: { "my.scope.attribute": "some scope attribute" },
      },
      {
        EventName: "browser.page_view",
        SeverityText: "test severity text",
        LogAttributes: {
          "event.attribute": "some event attribute",
          title: "Free Online GUID Generator",
          type: "0",
        },
      },
    ])
  })

  test("metrics.json", async () => {
    const rows = (table: string, columns: string) =>
      local.query(`SELECT MetricName, ${columns} FROM otel_metrics_${table} ${from}`)
    expect(await rows("sum", "Value, AggregationTemporality, IsMonotonic")).toEqual([
      { MetricName: "my.counter", Value: 5, AggregationTemporality: 1, IsMonotonic: true },
    ])
    expect(await rows("gauge", "Value, Attributes")).toEqual([
      { MetricName: "my.gauge", Value: 10, Attributes: { "my.gauge.attr": "some value" } },
    ])
    expect(await rows("histogram", "Count, Sum, BucketCounts, ExplicitBounds, Max")).toEqual([
      { MetricName: "my.histogram", Count: 2, Sum: 2, BucketCounts: [1, 1], ExplicitBounds: [1], Max: 2 },
    ])
    expect(
      await rows("exponential_histogram", "Count, ZeroCount, PositiveOffset, PositiveBucketCounts"),
    ).toEqual([
      {
        MetricName: "my.exponential.histogram",
        Count: 3,
        ZeroCount: 1,
        PositiveOffset: 1,
        PositiveBucketCounts: [0, 2],
      },
    ])
  })
})
