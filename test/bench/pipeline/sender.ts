// One pipeline under one load: PIPELINE SCENARIO PORT PROTOCOL [profiled]. "none" drops each span at its end: what the load itself
// costs. A profiled run tells how long code of ours runs at a stretch; its other figures are not to be used.
import { monitorEventLoopDelay } from "node:perf_hooks"
import { init } from "@clickstack/node"
import { type Tracer, trace } from "@opentelemetry/api"
import { ExportResultCode } from "@opentelemetry/core"
import { OTLPTraceExporter as GrpcExporter } from "@opentelemetry/exporter-trace-otlp-grpc"
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-proto"
import { BasicTracerProvider, BatchSpanProcessor } from "@opentelemetry/sdk-trace-base"
import { watchOwnBlocks } from "./own-blocks.js"

const [pipeline, scenario, port, protocol, profiled] = process.argv.slice(2)
const measured = 5000 // milliseconds
const endpoint = `http://127.0.0.1:${port}`
let made = 0

/** A client's span of a database: one that init() adds nothing to, so that both send the same. */
function makeSpan(tracer: Tracer): void {
  const span = tracer.startSpan("SELECT shop.users", {
    kind: 2,
    attributes: {
      "db.system.name": "postgresql",
      "db.namespace": "shop",
      "db.operation.name": "SELECT",
      "db.collection.name": "users",
      "db.query.text": "SELECT name, email, created_at FROM users WHERE id = $1",
      "db.response.returned_rows": made++ % 1000,
      "server.address": "db.example.com",
      "server.port": 5432,
      "network.peer.address": "10.0.0.7",
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

function start(): { tracer: Tracer; finish: () => Promise<void>; exported: () => number } {
  if (pipeline === "none") {
    const nothing = { finish: async () => {}, exported: () => 0 }
    return { tracer: new BasicTracerProvider().getTracer("bench"), ...nothing }
  }
  if (pipeline === "ours") {
    const clickstack = init({
      endpoint,
      protocol: protocol as "grpc" | "http/protobuf",
      metrics: false,
      logs: false,
      startupLine: false,
      logLevel: "none",
      service: "bench",
      instrumentation: false,
    })
    const finish = async () => {
      if (scenario !== "away") await clickstack.flush()
    }
    const exported = () => clickstack.stats().traces[0]?.delivered ?? 0
    return { tracer: trace.getTracer("bench"), finish, exported }
  }
  const compression = "gzip" as never
  const exporter =
    protocol === "grpc"
      ? new GrpcExporter({ url: endpoint, compression })
      : new OTLPTraceExporter({ url: `${endpoint}/v1/traces`, compression })
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

const { tracer, finish, exported } = start()
// Both warm up: what is measured is the compiled code. After 4,000 spans V8 was still compiling through the seconds that
// were measured, at the cost of a third of what a span takes.
for (let index = 0; index < 600; index++) {
  for (let one = 0; one < 100; one++) makeSpan(tracer)
  await pause(5)
}
await finish()
globalThis.gc?.()
const rss = process.memoryUsage.rss()
const warm = made
const warmExported = exported()
const ownBlocks = profiled === undefined ? undefined : await watchOwnBlocks()
const delay = monitorEventLoopDelay({ resolution: 1 })
delay.enable()
const before = cpu()
const began = performance.now()
let produced = 0
if (scenario === "saturated") {
  const tick = 400
  while (performance.now() - began < measured) {
    for (let one = 0; one < tick; one++) makeSpan(tracer)
    await turn()
  }
} else {
  while (performance.now() - began < measured) {
    const due = ((performance.now() - began) / 1000) * 10_000
    while (made - warm < due) makeSpan(tracer)
    await pause(1)
  }
}
produced = made - warm
const ownCpu = cpu() - before
const highest = process.memoryUsage.rss()
await finish()
const isAway = scenario === "away"
process.send!({
  made,
  produced,
  delivered: isAway ? produced : exported() - warmExported,
  cpu: isAway ? ownCpu : cpu() - before,
  ms: performance.now() - began,
  longestBlock: delay.max / 1e6,
  rssGrowth: highest - rss,
  ownBlock: await ownBlocks?.(),
})
