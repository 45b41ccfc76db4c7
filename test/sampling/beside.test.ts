// What sampling leaves alone, and what it works with: logs, metrics, a sampler of the app's own, upstream's processors, a
// request that the process dies in.
import { connect } from "@clickstack/testing"
import { expect, test } from "vitest"
import { stateDirectory } from "../delivery/app.ts"
import { runApp } from "../node/run-app.ts"

const prelude = `
  const { context, trace, SpanStatusCode } = require("@opentelemetry/api")
  const { logs } = require("@opentelemetry/api-logs")
  const { init } = require("@clickstack/node")
  const memory = () => {
    const got = []
    const exporter = { export: (items, done) => (got.push(...[items].flat()), done({ code: 0 })), forceFlush: async () => {}, shutdown: async () => {} }
    return { got, exporter }
  }
  const local = (name, fails) => {
    const root = trace.getTracer("x").startSpan(name)
    const inner = trace.getTracer("x").startSpan("in " + name, {}, trace.setSpan(context.active(), root))
    if (fails) inner.setStatus({ code: SpanStatusCode.ERROR })
    inner.end()
    root.end()
  }
  const shown = (got) => got.map(({ name, attributes }) => name + " " + attributes.SampleRate)
`
const run = async (code: string) => {
  const ended = await runApp("-e", [`${prelude}\n;(async () => {${code}})()`])
  expect(ended).toMatchObject({ code: 0, stderr: "" })
  return JSON.parse(ended.stdout) as Record<string, unknown>
}

test("the logs of a trace that was left out are sent, with its ids, and requests are counted all", async () => {
  const { spans, bodies, flags, ids, requests } = await run(`
    const [spans, records, metrics] = [memory(), memory(), memory()]
    const clickstack = init({ startupLine: false, destination: { spans: spans.exporter, logs: records.exporter, metrics: metrics.exporter }, sampling: { ratio: 0 } })
    const http = require("node:http")
    const server = http.createServer((request, response) => {
      logs.getLogger("x").emit({ body: "answered" })
      response.end()
    })
    await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve))
    const port = server.address().port
    for (let time = 0; time < 5; time++) await fetch("http://127.0.0.1:" + port).then((response) => response.text())
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
    await clickstack.shutdown()
    const found = metrics.got.flatMap(({ scopeMetrics }) => scopeMetrics.flatMap((scope) => scope.metrics)).filter(({ descriptor }) => descriptor.name === "http.server.request.duration")
    console.log(JSON.stringify({
      spans: spans.got.length,
      bodies: records.got.map(({ body }) => body),
      flags: records.got.map(({ spanContext }) => spanContext.traceFlags),
      ids: new Set(records.got.map(({ spanContext }) => spanContext.traceId)).size,
      requests: found.at(-1)?.dataPoints.map(({ value }) => value.count),
    }))`)
  expect({ spans, bodies, flags, ids, requests }).toEqual({
    spans: 0,
    bodies: Array(5).fill("answered"),
    flags: Array(5).fill(0),
    ids: 5,
    requests: [5],
  })
})

test.each(["true", "false"])("keep sends what no ratio had chosen (delivery: %s)", async (delivery) => {
  const { sent } = await run(`
    const { got, exporter } = memory()
    const clickstack = init({ startupLine: false, delivery: ${delivery}, destination: { spans: exporter }, sampling: { ratio: 0, keep: { errors: true } } })
    local("fine", false)
    local("broken", true)
    await clickstack.shutdown()
    console.log(JSON.stringify({ sent: shown(got) }))`)
  expect(sent).toEqual(["in broken 1", "broken 1"])
})

test("a sampler of the app's own decides beside keep, and its weights stay", async () => {
  const { sent } = await run(`
    const { got, exporter } = memory()
    const sampler = {
      shouldSample: (_context, _traceId, name) => name.endsWith("chosen") ? { decision: 2, attributes: { SampleRate: 7 } } : { decision: 0 },
      toString: () => "mine",
    }
    const clickstack = init({ startupLine: false, destination: { spans: exporter }, sampler, sampling: { keep: { errors: true } } })
    local("chosen", false)
    local("not", false)
    local("broken", true)
    await clickstack.shutdown()
    console.log(JSON.stringify({ sent: shown(got) }))`)
  expect(sent).toEqual(["in chosen 7", "chosen 7", "in broken 1", "broken 1"])
})

test("several destinations get the same", async () => {
  const { first, second } = await run(`
    const [first, second] = [memory(), memory()]
    const clickstack = init({ startupLine: false, destination: [{ spans: first.exporter }, { spans: second.exporter }], sampling: { ratio: 0, keep: { errors: true } } })
    local("fine", false)
    local("broken", true)
    await clickstack.shutdown()
    console.log(JSON.stringify({ first: shown(first.got), second: shown(second.got) }))`)
  expect([first, second]).toEqual([
    ["in broken 1", "broken 1"],
    ["in broken 1", "broken 1"],
  ])
})

test("a request that the process dies in is kept, whatever the ratio and the caller say", async () => {
  await using inbox = await connect({ port: 0 })
  using state = stateDirectory()
  const env = {
    ...inbox.env,
    XDG_STATE_HOME: state.path,
    CLICKSTACK_METRICS_EXPORTER: "none",
    CLICKSTACK_SAMPLING_RATIO: "0",
    CLICKSTACK_SAMPLING_KEEP_ERRORS: "true",
  }
  const nodeOptions = ["--import", "@clickstack/node/register"]
  const app = `
    const http = require("node:http")
    const server = http.createServer((request, response) => {
      setTimeout(() => { throw new Error("in a request") }, 10)
    })
    server.listen(0, "127.0.0.1", () => {
      const headers = { traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00" }
      http.get({ port: server.address().port, host: "127.0.0.1", path: "/a", headers }).on("error", () => {})
    })`
  const crashed = await runApp("-e", [app], { nodeOptions, env })
  expect(crashed.code).not.toBe(0)
  const next = `
    require("@opentelemetry/api").trace.getTracer("x").startSpan("next").recordException(new Error("x"))
    globalThis[Symbol.for("@clickstack/node")].clickstack.flush()`
  await runApp("-e", [next], { nodeOptions, env })
  const server = inbox.find({ kind: "server" })
  expect(server).toMatchObject({ status: "error", attributes: { SampleRate: 1, "url.path": "/a" } })
})
