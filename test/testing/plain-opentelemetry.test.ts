// memory() in set-ups of OpenTelemetry's own, 2.12 and 3.1: as processors and as exporters, told apart by nothing. That
// it compiles shows that the types fit.
import { type Context, type ContextManager, context, SpanKind, trace } from "@opentelemetry/api"

import { LoggerProvider, SimpleLogRecordProcessor } from "@opentelemetry/sdk-logs"
import {
  LoggerProvider as LoggerProvider3,
  SimpleLogRecordProcessor as SimpleLogRecordProcessor3,
} from "@opentelemetry/sdk-logs-3"
import { MeterProvider, PeriodicExportingMetricReader } from "@opentelemetry/sdk-metrics"
import {
  MeterProvider as MeterProvider3,
  PeriodicExportingMetricReader as PeriodicExportingMetricReader3,
} from "@opentelemetry/sdk-metrics-3"
import { BasicTracerProvider, SimpleSpanProcessor } from "@opentelemetry/sdk-trace-base"
import {
  SimpleSpanProcessor as SimpleSpanProcessor3,
  TracerProvider as TracerProvider3,
} from "@opentelemetry/sdk-trace-3"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { memory, type Memory } from "@clickstack/testing"
import "@clickstack/testing/vitest"
import { AsyncLocalStorageContextManager } from "../receiver/context-manager.ts"

const setUps = {
  "2.12, processors": (kept: Memory) => ({
    traces: new BasicTracerProvider({ spanProcessors: [kept.spanProcessor] }),
    logs: new LoggerProvider({ processors: [kept.logRecordProcessor] }),
    metrics: new MeterProvider({ readers: [new PeriodicExportingMetricReader({ exporter: kept.metrics })] }),
  }),
  "2.12, exporters": (kept: Memory) => ({
    traces: new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(kept.spans)] }),
    logs: new LoggerProvider({ processors: [new SimpleLogRecordProcessor({ exporter: kept.logs })] }),
    metrics: new MeterProvider({ readers: [new PeriodicExportingMetricReader({ exporter: kept.metrics })] }),
  }),
  "3.1, processors": (kept: Memory) => ({
    traces: new TracerProvider3({ spanProcessors: [kept.spanProcessor] }),
    logs: new LoggerProvider3({ processors: [kept.logRecordProcessor] }),
    metrics: new MeterProvider3({
      readers: [new PeriodicExportingMetricReader3({ exporter: kept.metrics })],
    }),
  }),
  "3.1, exporters": (kept: Memory) => ({
    traces: new TracerProvider3({ spanProcessors: [new SimpleSpanProcessor3({ exporter: kept.spans })] }),
    logs: new LoggerProvider3({ processors: [new SimpleLogRecordProcessor3({ exporter: kept.logs })] }),
    metrics: new MeterProvider3({
      readers: [new PeriodicExportingMetricReader3({ exporter: kept.metrics })],
    }),
  }),
}

const contexts: ContextManager = new AsyncLocalStorageContextManager()
beforeAll(() => void context.setGlobalContextManager(contexts.enable()))
afterAll(() => context.disable())

describe.each(Object.entries(setUps))("%s", (name, setUp) => {
  test("gives the same telemetry", async () => {
    const kept: Memory = memory({ flush: () => flush() })
    const { traces, logs, metrics } = setUp(kept)
    const flush = async () => {
      await Promise.all([traces.forceFlush(), logs.forceFlush(), metrics.forceFlush()])
    }
    const { telemetry } = kept
    const tracer = traces.getTracer("shop")
    const request = tracer.startSpan("GET /orders/:id", { kind: SpanKind.SERVER })
    const inside: Context = trace.setSpan(context.active(), request)
    context.with(inside, () => {
      tracer
        .startSpan("query", { kind: SpanKind.CLIENT, attributes: { "db.system.name": "postgresql" } })
        .end()
      logs.getLogger("shop").emit({ severityNumber: 9, body: "order found" })
    })
    metrics.getMeter("shop").createCounter("orders").add(1)
    if (name.endsWith("processors"))
      expect(telemetry.open.map((span) => span.name)).toEqual(["GET /orders/:id"])
    setTimeout(() => request.end(), 10)
    expect((await telemetry.trace("GET /orders/:id")).tree()).toBe(
      'GET /orders/:id  server\n  query  client\n  log info "order found"\n',
    )
    expect(telemetry).toHaveMetric({ name: "orders", value: 1 })
    expect(telemetry.logs[0]).toMatchObject({ severity: "INFO", scope: { name: "shop" } })
    expect(telemetry).toFollowConventions()
    await Promise.all([traces.shutdown(), logs.shutdown(), metrics.shutdown()])
  })
})
