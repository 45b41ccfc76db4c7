// How Node itself does, in the names that ClickStack's Node.js dashboard reads: event loop, V8's heap, garbage
// collection. Everything is read when metrics are collected, but the two histograms that Node fills for us.
import type { PerformanceEntry } from "node:perf_hooks"
import type { ObservableResult } from "@opentelemetry/api"
import { api } from "../../opentelemetry.ts"

const precision = 20 // milliseconds between two looks at the event loop; upstream looks every 10
/** Node measures from one look to the next, so that an idle loop has the delay of the precision. */
const late = (nanoseconds: number) => Math.max(0, nanoseconds - precision * 1e6)
const gcBounds = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10] // as semantic conventions say

export function observeRuntime(): void {
  const meter = api().metrics.getMeter("@clickstack/node")
  const { monitorEventLoopDelay, performance, PerformanceObserver, constants } =
    process.getBuiltinModule("node:perf_hooks")
  const v8 = process.getBuiltinModule("node:v8")

  const delay = monitorEventLoopDelay({ resolution: precision })
  delay.enable()
  const delays: [name: string, read: () => number][] = [
    ["min", () => late(delay.min)],
    ["max", () => late(delay.max)],
    ["mean", () => late(delay.mean)],
    ["stddev", () => delay.stddev],
    ["p50", () => late(delay.percentile(50))],
    ["p90", () => late(delay.percentile(90))],
    ["p99", () => late(delay.percentile(99))],
  ]
  const delayGauges = delays.map(([name]) =>
    meter.createObservableGauge(`nodejs.eventloop.delay.${name}`, { unit: "s" }),
  )
  meter.addBatchObservableCallback((result) => {
    if (delay.count === 0) return
    for (const [index, [, read]] of delays.entries()) {
      result.observe(delayGauges[index]!, read() / 1e9)
    }
    delay.reset()
  }, delayGauges)

  let before = performance.eventLoopUtilization()
  meter.createObservableGauge("nodejs.eventloop.utilization", { unit: "1" }).addCallback((result) => {
    const now = performance.eventLoopUtilization()
    result.observe(performance.eventLoopUtilization(now, before).utilization)
    before = now
  })
  meter.createObservableCounter("nodejs.eventloop.time", { unit: "s" }).addCallback((result) => {
    const { active, idle } = performance.eventLoopUtilization()
    result.observe(active / 1000, { "nodejs.eventloop.state": "active" })
    result.observe(idle / 1000, { "nodejs.eventloop.state": "idle" })
  })

  const heap = (name: string) => meter.createObservableGauge(`v8js.memory.heap.${name}`, { unit: "By" })
  const [used, physical, available] = [
    heap("used"),
    heap("space.physical_size"),
    heap("space.available_size"),
  ]
  meter.addBatchObservableCallback(
    (result) => {
      for (const space of v8.getHeapSpaceStatistics()) {
        const attributes = { "v8js.heap.space.name": space.space_name }
        result.observe(used, space.space_used_size, attributes)
        result.observe(physical, space.physical_space_size, attributes)
        result.observe(available, space.space_available_size, attributes)
      }
    },
    [used, physical, available],
  )
  heap("limit").addCallback((result: ObservableResult) =>
    result.observe(v8.getHeapStatistics().heap_size_limit),
  )

  const collections = meter.createHistogram("v8js.gc.duration", {
    unit: "s",
    advice: { explicitBucketBoundaries: gcBounds },
  })
  const kinds = new Map([
    [constants.NODE_PERFORMANCE_GC_MAJOR, "major"],
    [constants.NODE_PERFORMANCE_GC_MINOR, "minor"],
    [constants.NODE_PERFORMANCE_GC_INCREMENTAL, "incremental"],
    [constants.NODE_PERFORMANCE_GC_WEAKCB, "weakcb"],
  ])
  new PerformanceObserver((list) => {
    // The types of Node 20 do not know `detail`.
    for (const { duration, detail } of list.getEntries() as (PerformanceEntry & {
      detail: { kind: number }
    })[]) {
      const kind = kinds.get(detail.kind)
      if (kind !== undefined) collections.record(duration / 1000, { "v8js.gc.type": kind })
    }
  }).observe({ entryTypes: ["gc"] })
}
