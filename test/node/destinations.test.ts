// Several destinations at once, one per signal, members left out; detectors that answer late; a destination that fails.
import { expect, test } from "vitest"
import { connect } from "@clickstack/testing"
import "@clickstack/testing/vitest"
import { runApp } from "./run-app.ts"

const prelude = `
  const { trace, metrics } = require("@opentelemetry/api")
  const { logs } = require("@opentelemetry/api-logs")
  const { init } = require("@clickstack/node")
  const memory = () => {
    const got = []
    const exporter = { export: (items, done) => (got.push(...[items].flat()), done({ code: 0 })), forceFlush: async () => {}, shutdown: async () => {} }
    return { got, exporter }
  }
  const make = () => {
    trace.getTracer("x").startSpan("span").end()
    logs.getLogger("x").emit({ body: "log" })
    metrics.getMeter("x").createCounter("count").add(1)
  }
`
const run = async (code: string, env: Record<string, string> = {}) => {
  const ended = await runApp("-e", [`${prelude}\n(async () => {${code}})()`], { env })
  expect(ended).toMatchObject({ code: 0 })
  return { said: ended.stderr, printed: ended.stdout === "" ? undefined : JSON.parse(ended.stdout) }
}

test("each signal goes where it is told, and a member left out takes nothing", async () => {
  await using inbox = await connect({ port: 0 })
  const { printed, said } = await run(
    `const [all, spansOnly, logsOnly] = [memory(), memory(), memory()]
     const clickstack = init({
       destination: [{ spans: all.exporter, logs: all.exporter, metrics: all.exporter }, { spans: spansOnly.exporter }, "otlp"],
       logs: { destination: { logs: logsOnly.exporter } },
     })
     make()
     await clickstack.shutdown()
     const stats = clickstack.stats()
     console.log(JSON.stringify({ counts: [all, spansOnly, logsOnly].map(({ got }) => got.length), all: Object.values(stats).map((list) => list.map((one) => one.delivered > 0 && one.delivered === one.produced)) }))`,
    { OTEL_EXPORTER_OTLP_ENDPOINT: inbox.url },
  )
  expect(said).toBe("")
  expect(printed).toEqual({ counts: [2, 1, 1], all: [[true, true, true], [true], [true, true]] })
  expect({ spans: inbox.tree(), logs: inbox.logs }).toEqual({ spans: "span\n", logs: [] })
  expect(inbox).toHaveMetric({ name: "count", value: 1 })
})

test("a detector that answers late holds up neither the app nor is it missing on the first span", async () => {
  const { printed } = await run(`
    const { got, exporter } = memory()
    let answer
    const region = new Promise((resolve) => (answer = resolve))
    const clickstack = init({ destination: { spans: exporter }, detectors: [{ detect: () => ({ attributes: { "cloud.region": region } }) }], traces: { delay: 0 } })
    make()
    const before = got.length
    const flushed = clickstack.flush()
    answer("eu-1")
    await flushed
    await clickstack.shutdown()
    console.log(JSON.stringify({ before, names: got.map((span) => [span.name, span.resource.attributes["cloud.region"]]) }))`)
  expect(printed).toEqual({ before: 0, names: [["span", "eu-1"]] })
})

test("a destination that throws or fails harms neither the app nor the other", async () => {
  const { printed, said } = await run(`
    const { got, exporter } = memory()
    const throwing = { export: () => { throw Object.assign(new Error("broken"), { retryable: false }) }, shutdown: async () => { throw new Error("again") } }
    const clickstack = init({ destination: [{ spans: throwing }, { spans: exporter }] })
    make()
    await clickstack.shutdown()
    console.log(JSON.stringify({ got: got.length, dropped: clickstack.stats().traces.map((one) => one.dropped.refused) }))`)
  expect(printed).toEqual({ got: 1, dropped: [1, 0] })
  expect(said).toBe("clickstack: traces to an exporter of the app: 1 items dropped: broken\n")
})

test("delivery: false brings a destination of the user's own OpenTelemetry's batches", async () => {
  const { printed } = await run(`
    const { got, exporter } = memory()
    const clickstack = init({ delivery: false, destination: { spans: exporter, logs: exporter, metrics: exporter } })
    make()
    await clickstack.flush()
    const flushed = got.length
    await clickstack.shutdown()
    console.log(JSON.stringify({ flushed, stats: clickstack.stats() }))`)
  expect(printed).toEqual({ flushed: 3, stats: { traces: [], logs: [], metrics: [] } })
})
