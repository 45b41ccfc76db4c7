// What modules keep outlives an SDK: their tracers, loggers, meters and instruments lead to the next one, and to the
// one that takes another's place for a while.
import { metrics, trace } from "@opentelemetry/api"
import { logs } from "@opentelemetry/api-logs"
import type { ReadableLogRecord } from "@opentelemetry/sdk-logs"
import { AggregationTemporality, InMemoryMetricExporter } from "@opentelemetry/sdk-metrics"
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from "@opentelemetry/sdk-trace-base"
import { expect, test } from "vitest"
import { type Clickstack, init } from "@clickstack/node"
import { startIsolated } from "@clickstack/node/isolated"

// As modules do it, before anything is started.
const early = trace.getTracer("early")

function memory() {
  const spans: string[] = []
  const records: unknown[] = []
  const metricExporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE)
  const done = { code: 0 }
  return {
    spans,
    records,
    counts: () =>
      metricExporter
        .getMetrics()
        .flatMap(({ scopeMetrics }) => scopeMetrics)
        .filter(({ scope }) => scope.name === "shop")
        .flatMap((scope) => scope.metrics)
        .map(({ descriptor, dataPoints }) => [descriptor.name, dataPoints[0]?.value] as const),
    destination: {
      spans: {
        export: (items: { name: string }[], tell: (result: typeof done) => void) => {
          spans.push(...items.map(({ name }) => name))
          tell(done)
        },
        shutdown: async () => {},
      },
      logs: {
        export: (items: ReadableLogRecord[], tell: (result: typeof done) => void) => {
          records.push(...items.map(({ body }) => body))
          tell(done)
        },
        forceFlush: async () => {},
        shutdown: async () => {},
      },
      metrics: metricExporter,
    },
  }
}

test("tracers, loggers and instruments that are kept record for each SDK in turn", async () => {
  let kept: (() => void) | undefined
  const use = async (clickstack: Clickstack, name: string) => {
    if (kept === undefined) {
      const tracer = trace.getTracer("shop")
      const logger = logs.getLogger("shop")
      const meter = metrics.getMeter("shop")
      const counter = meter.createCounter("orders")
      const gauge = meter.createObservableGauge("depth")
      gauge.addCallback((result) => result.observe(7))
      const batched = meter.createObservableGauge("batched")
      meter.addBatchObservableCallback((result) => result.observe(batched, 8), [batched])
      kept = () => {
        tracer.startSpan(current).end()
        tracer.startActiveSpan(`active ${current}`, (span) => span.end())
        logger.emit({ body: current })
        counter.add(1)
      }
    }
    current = name
    kept()
    early.startSpan(`early ${name}`).end()
    await clickstack.shutdown()
    kept() // nowhere
  }
  let current = ""
  for (const name of ["first", "second"]) {
    const { spans, records, counts, destination } = memory()
    await use(init({ destination, startupLine: false }), name)
    expect(spans).toEqual([name, `active ${name}`, `early ${name}`])
    expect(records).toEqual([name])
    expect(Object.fromEntries(counts())).toEqual({ batched: 8, depth: 7, orders: 1 })
  }
})

test("an isolated SDK takes the place of another one, and gives it back", async () => {
  const [outer, inner] = [memory(), memory()]
  const clickstack = init({ destination: outer.destination, startupLine: false })
  const tracer = trace.getTracer("shop")
  tracer.startSpan("before").end()
  const isolated = startIsolated({ destination: inner.destination })
  expect(init({ destination: outer.destination })).toBe(isolated)
  tracer.startSpan("meanwhile").end()
  trace.getTracer("other").startSpan("meanwhile, too").end()
  await isolated.shutdown()
  tracer.startSpan("after").end()
  trace.getTracer("other").startSpan("after, too").end()
  await clickstack.shutdown()
  expect(outer.spans).toEqual(["before", "after", "after, too"])
  expect(inner.spans).toEqual(["meanwhile", "meanwhile, too"])
})

test("an isolated SDK takes the place of OpenTelemetry's own, and gives it back", async () => {
  const exporter = new InMemorySpanExporter()
  const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] })
  expect(trace.setGlobalTracerProvider(provider)).toBe(true)
  const inner = memory()
  const isolated = startIsolated({ destination: inner.destination })
  const late = trace.getTracer("late")
  late.startSpan("meanwhile").end()
  await isolated.shutdown()
  late.startSpan("late").end()
  trace.getTracer("other").startSpan("after").end()
  expect(inner.spans).toEqual(["meanwhile"])
  expect(exporter.getFinishedSpans().map(({ name }) => name)).toEqual(["late", "after"])
  trace.disable()
})
