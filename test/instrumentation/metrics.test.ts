// What the process and its machine are measured by, with nothing but --import.
import { captureProcess } from "@clickstack/testing"
import { expect, test } from "vitest"
import { fixture, formats, runTraced } from "./traced-app.ts"

test.each(formats)("runtime and host metrics, %s", async (format) => {
  const { metrics, spans } = await runTraced("metrics", format)
  expect(spans).toEqual([])
  const own = metrics.map(({ name }) => name).filter((name) => !name.startsWith("otel.sdk."))
  expect(own.sort()).toEqual([
    "nodejs.eventloop.delay.max",
    "nodejs.eventloop.delay.mean",
    "nodejs.eventloop.delay.min",
    "nodejs.eventloop.delay.p50",
    "nodejs.eventloop.delay.p90",
    "nodejs.eventloop.delay.p99",
    "nodejs.eventloop.delay.stddev",
    "nodejs.eventloop.time",
    "nodejs.eventloop.utilization",
    "process.cpu.time",
    "process.cpu.utilization",
    "process.memory.usage",
    "system.cpu.time",
    "system.cpu.utilization",
    "system.memory.usage",
    "system.memory.utilization",
    "v8js.gc.duration",
    "v8js.memory.heap.limit",
    "v8js.memory.heap.space.available_size",
    "v8js.memory.heap.space.physical_size",
    "v8js.memory.heap.used",
  ])
})

test.each([
  ["none", []],
  ["otlp", ["host-metrics", "runtime-metrics", "sdk-metrics"]],
])("with OTEL_METRICS_EXPORTER=%s, what is loaded for metrics", async (exporter, files) => {
  const { stdout } = await captureProcess(fixture("loaded-for-metrics.cjs"), {
    env: { OTEL_METRICS_EXPORTER: exporter },
  })
  expect(JSON.parse(stdout)).toEqual(files)
})
