// FAULTS L4: what worker threads, cluster workers and forked children record is delivered too, each item once.
import { spawn } from "node:child_process"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { afterEach, beforeEach, expect, test } from "vitest"
import { stateDirectory } from "./app.ts"
import { type Collector, startCollector } from "./collector.ts"

const stack: AsyncDisposable[] = []
afterEach(async () => {
  for (const one of stack.splice(0).toReversed()) await one[Symbol.asyncDispose]()
})

const fixtures = fileURLToPath(new URL("fixtures/", import.meta.url))

let state: ReturnType<typeof stateDirectory>
beforeEach(() => {
  state = stateDirectory()
  const opened = state
  stack.push({ [Symbol.asyncDispose]: async () => opened[Symbol.dispose]() })
})

async function run(collector: Collector, args: readonly string[], env: Record<string, string> = {}) {
  const child = spawn(process.execPath, ["--import", "@clickstack/node/register", ...args], {
    cwd: fixtures,
    env: {
      PATH: process.env["PATH"],
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      OTEL_SERVICE_NAME: "threads",
      CLICKSTACK_METRICS_EXPORTER: "none",
      CLICKSTACK_STARTUP_LINE: "false",
      XDG_STATE_HOME: state.path,
      ...env,
    },
    stdio: ["ignore", "pipe", "pipe"],
    timeout: 20_000,
  })
  let output = ""
  child.stdout.on("data", (chunk) => (output += chunk))
  child.stderr.on("data", (chunk) => (output += chunk))
  const code = await new Promise((resolve) => child.on("close", resolve))
  expect({ code, output }).toEqual({ code: 0, output: "" })
}

async function openCollector(): Promise<Collector> {
  const collector = await startCollector()
  stack.push(collector)
  return collector
}

const spans = (count: number) => Array.from({ length: count }, (_, index) => `span-${index}`)
const inOrder = (ids: readonly string[]) =>
  ids.toSorted((a, b) => Number(a.split("-")[1]) - Number(b.split("-")[1]))

test.each(["end", "exit", "terminate"])("a worker thread that ends by %s", async (how) => {
  const collector = await openCollector()
  await run(collector, ["worker-app.mjs"], { HOW: how })
  expect(inOrder(collector.taken)).toEqual(spans(110))
})

const record = (from: number) =>
  `const { trace } = require("@opentelemetry/api"); for (let i = 0; i < 10; i++) trace.getTracer("x").startSpan("span-" + (${from} + i)).end();`

test("cluster workers, each an SDK of its own", async () => {
  const collector = await openCollector()
  const code = `
    const cluster = require("node:cluster")
    if (cluster.isPrimary) {
      ${record(0)}
      for (let index = 1; index <= 3; index++) cluster.fork({ FROM: index * 10 })
    } else {
      ${record(0).replaceAll("(0 + i)", "(Number(process.env.FROM) + i)")}
      process.disconnect()
    }
  `
  const directory = mkdtempSync(`${fixtures}cluster-`)
  stack.push({ [Symbol.asyncDispose]: async () => rmSync(directory, { recursive: true }) })
  writeFileSync(`${directory}/app.cjs`, code)
  await run(collector, [`${directory}/app.cjs`])
  // A worker that loses its primary exits at once: what it had is on disk, and the next process takes it.
  await run(collector, ["-e", "setTimeout(() => undefined, 1500)"])
  expect(inOrder(collector.taken)).toEqual(spans(40))
})

test("a forked child inherits --import, and there is no endless preload", async () => {
  const collector = await openCollector()
  const child = record(10)
  const code = `
    ${record(0)}
    require("node:child_process").spawn(process.execPath, [...process.execArgv.filter((arg, index, all) => arg !== "-e" && all[index - 1] !== "-e"), "-e", ${JSON.stringify(child)}], { stdio: "inherit" })
  `
  await run(collector, ["-e", code])
  expect(inOrder(collector.taken)).toEqual(spans(20))
})
