// What OpenTelemetry's own exporters send, over the wire, comes out as it went in.
import { CompressionAlgorithm } from "@opentelemetry/otlp-exporter-base"
import type { ExportResult } from "@opentelemetry/core"
import { OTLPLogExporter as LogsGrpc } from "@opentelemetry/exporter-logs-otlp-grpc"
import { OTLPLogExporter as LogsJson } from "@opentelemetry/exporter-logs-otlp-http"
import { OTLPLogExporter as LogsProto } from "@opentelemetry/exporter-logs-otlp-proto"
import { OTLPMetricExporter as MetricsGrpc } from "@opentelemetry/exporter-metrics-otlp-grpc"
import { OTLPMetricExporter as MetricsJson } from "@opentelemetry/exporter-metrics-otlp-http"
import { OTLPMetricExporter as MetricsProto } from "@opentelemetry/exporter-metrics-otlp-proto"
import { OTLPTraceExporter as TracesGrpc } from "@opentelemetry/exporter-trace-otlp-grpc"
import { OTLPTraceExporter as TracesJson } from "@opentelemetry/exporter-trace-otlp-http"
import { OTLPTraceExporter as TracesProto } from "@opentelemetry/exporter-trace-otlp-proto"
import { type Receiver, type RequestContext, startReceiver } from "@clickstack/receiver"
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest"
import { plainLog, plainMetrics, plainSpan } from "./plain.ts"
import { logs, metrics, spans } from "./telemetry.ts"

let receiver: Receiver
const received: { data: any[]; context: RequestContext }[] = []

beforeAll(async () => {
  const sink = (data: any[], context: RequestContext) => void received.push({ data, context })
  receiver = await startReceiver({ httpPort: 0, grpcPort: 0, traces: sink, logs: sink, metrics: sink })
})
afterAll(() => receiver.close())
beforeEach(() => void received.splice(0))

interface Exporter<T> {
  export(items: T, done: (result: ExportResult) => void): void
  shutdown(): Promise<void>
}

async function send<T>(exporter: Exporter<T>, items: T) {
  const result = await new Promise<ExportResult>((resolve) => exporter.export(items, resolve))
  await exporter.shutdown()
  expect(result).toEqual({ code: 0 })
  expect(received).toHaveLength(1)
  return received[0]!
}

const http = (path: string, compression: CompressionAlgorithm) => ({
  url: `${receiver.url}${path}`,
  compression,
})
const grpc = (compression: CompressionAlgorithm) => ({ url: receiver.grpcUrl!, compression })

describe.each([CompressionAlgorithm.NONE, CompressionAlgorithm.GZIP])("compression %s", (compression) => {
  const json = "application/json"
  const protobuf = "application/x-protobuf"

  test.each([
    ["json", () => new TracesJson(http("/v1/traces", compression)), json],
    ["proto", () => new TracesProto(http("/v1/traces", compression)), protobuf],
    ["grpc", () => new TracesGrpc(grpc(compression)), protobuf],
  ])("the stock %s exporter's spans come out equal", async (_name, exporter, contentType) => {
    const sent = spans(200)
    const { data, context } = await send(exporter(), sent)
    expect(data.map(plainSpan)).toEqual(sent.map(plainSpan))
    expect(context).toMatchObject({ signal: "traces", contentType })
  })

  test.each([
    ["json", () => new LogsJson(http("/v1/logs", compression)), json],
    ["proto", () => new LogsProto(http("/v1/logs", compression)), protobuf],
    ["grpc", () => new LogsGrpc(grpc(compression)), protobuf],
  ])("the stock %s exporter's log records come out equal", async (_name, exporter, contentType) => {
    const sent = logs(200)
    const { data, context } = await send(exporter(), sent)
    expect(data.map(plainLog)).toEqual(sent.map(plainLog))
    expect(context).toMatchObject({ signal: "logs", contentType })
  })

  test.each([
    ["json", () => new MetricsJson(http("/v1/metrics", compression)), json],
    ["proto", () => new MetricsProto(http("/v1/metrics", compression)), protobuf],
    ["grpc", () => new MetricsGrpc(grpc(compression)), protobuf],
  ])("the stock %s exporter's metrics come out equal", async (_name, exporter, contentType) => {
    const sent = metrics(200)
    const { data, context } = await send(exporter(), sent)
    expect(data.map(plainMetrics)).toEqual([plainMetrics(sent)])
    expect(context).toMatchObject({ signal: "metrics", contentType })
  })
})
