// One pipeline under one load: PIPELINE SCENARIO PORT. What making a span costs is measured first and taken off.
import { monitorEventLoopDelay } from "node:perf_hooks"
import { init } from "@clickstack/node"
import { type Tracer, trace } from "@opentelemetry/api"
import { ExportResultCode } from "@opentelemetry/core"
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-proto"
import { BasicTracerProvider, BatchSpanProcessor } from "@opentelemetry/sdk-trace-base"

const [pipeline, scenario, port] = process.argv.slice(2)
const endpoint = `http://127.0.0.1:${port}`
let made = 0

function makeSpan(tracer: Tracer): void {
  const span = tracer.startSpan("GET /users/:id", {
    kind: 1,
    attributes: {
      "http.request.method": "GET",
      "http.route": "/users/:id",
      "url.path": `/users/${made++}`,
      "url.scheme": "http",
      "http.response.status_code": 200,
      "server.address": "shop.example.com",
      "server.port": 8080,
      "network.protocol.version": "1.1",
      "user_agent.original": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36",
    },
  })
  span.end()
}

const cpu = () => {
  const { user, system } = process.cpuUsage()
  return user + system
}
const turn = () => new Promise<void>((resolve) => setImmediate(resolve))
const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms))

/** The same spans, dropped at their end. */
async function costOfSpans(): Promise<number> {
  const tracer = new BasicTracerProvider().getTracer("bench")
  let best = Infinity
  for (let round = 0; round < 5; round++) {
    const before = cpu()
    for (let index = 0; index < 20_000; index++) makeSpan(tracer)
    best = Math.min(best, (cpu() - before) / 20_000)
    await turn()
  }
  made = 0
  return best
}

function start(): { tracer: Tracer; finish: () => Promise<void>; exported: () => number } {
  if (pipeline === "ours") {
    const clickstack = init({
      endpoint,
      metrics: false,
      logs: false,
      startupLine: false,
      logLevel: "none",
      service: "bench",
    })
    const finish = async () => {
      if (scenario !== "away") await clickstack.flush()
    }
    const exported = () => clickstack.stats().traces[0]?.delivered ?? 0
    return { tracer: trace.getTracer("bench"), finish, exported }
  }
  const exporter = new OTLPTraceExporter({ url: `${endpoint}/v1/traces`, compression: "gzip" as never })
  let delivered = 0
  const counting = {
    export: (...[spans, done]: Parameters<OTLPTraceExporter["export"]>) =>
      exporter.export(spans, (result) => {
        if (result.code === ExportResultCode.SUCCESS) delivered += spans.length
        done(result)
      }),
    shutdown: () => exporter.shutdown(),
    forceFlush: () => exporter.forceFlush(),
  }
  const provider = new BasicTracerProvider({ spanProcessors: [new BatchSpanProcessor(counting)] })
  const finish = async () => {
    if (scenario !== "away") await provider.forceFlush()
  }
  return { tracer: provider.getTracer("bench"), finish, exported: () => delivered }
}

const base = await costOfSpans()
const { tracer, finish, exported } = start()
// Both warm up: what is measured is the compiled code.
for (let index = 0; index < 40; index++) {
  for (let one = 0; one < 100; one++) makeSpan(tracer)
  await pause(5)
}
await finish()
globalThis.gc?.()
const rss = process.memoryUsage.rss()
const warm = made
const warmExported = exported()
const delay = monitorEventLoopDelay({ resolution: 1 })
delay.enable()
const before = cpu()
const began = performance.now()
let produced = 0
if (scenario === "saturated") {
  const tick = 400
  while (performance.now() - began < 3000) {
    for (let one = 0; one < tick; one++) makeSpan(tracer)
    await turn()
  }
} else {
  while (performance.now() - began < 3000) {
    const due = ((performance.now() - began) / 1000) * 10_000
    while (made - warm < due) makeSpan(tracer)
    await pause(1)
  }
}
produced = made - warm
const ownCpu = cpu() - before
const highest = process.memoryUsage.rss()
await finish()
const took = (performance.now() - began) / 1000
const spent = scenario === "away" ? ownCpu : cpu() - before
const through = scenario === "away" ? produced : exported() - warmExported
process.send!({
  produced: made,
  cpuPerSpan: (spent - base * produced) / Math.max(1, through),
  spansPerSecond: through / took,
  longestBlock: delay.max / 1e6,
  rssGrowth: highest - rss,
})
