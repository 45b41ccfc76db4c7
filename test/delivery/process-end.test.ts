// FAULTS L1 to L5 with real processes: whichever way one ends, what it recorded is sent or on disk, and its exit
// code, signal and output are those it has without us.
import { execFileSync, spawn } from "node:child_process"
import { afterEach, describe, expect, test } from "vitest"
import { type App, balance, startApp, stateDirectory } from "./app.ts"
import { type Collector, startCollector, startGrpcCollector } from "./collector.ts"

const stack: AsyncDisposable[] = []
afterEach(async () => {
  for (const one of stack.splice(0).toReversed()) await one[Symbol.asyncDispose]()
})

interface World {
  readonly collector: Collector
  readonly env: Record<string, string>
  readonly start: (more?: Record<string, string>, nodeOptions?: readonly string[], file?: string) => App
}

async function world(protocol = "http/protobuf"): Promise<World> {
  const state = stateDirectory()
  stack.push({ [Symbol.asyncDispose]: async () => state[Symbol.dispose]() })
  const collector = await (protocol === "grpc" ? startGrpcCollector() : startCollector())
  stack.push(collector)
  const env = {
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
    OTEL_EXPORTER_OTLP_PROTOCOL: protocol,
    XDG_STATE_HOME: state.path,
  }
  const start: World["start"] = (more = {}, nodeOptions = [], file = "app.mjs") => {
    const app = startApp({ ...env, ...more }, { nodeOptions, file })
    stack.push(app)
    return app
  }
  return { collector, env, start }
}

const spans = (count: number) => Array.from({ length: count }, (_, index) => `span-${index}`)
const sorted = (ids: readonly string[]) =>
  [...new Set(ids)].toSorted((a, b) => Number(a.split("-")[1]) - Number(b.split("-")[1]))
const withoutOurs = (stderr: string) =>
  stderr
    .split("\n")
    .filter((line) => !line.startsWith("clickstack:"))
    .join("\n")

describe.each(["http/protobuf", "http/json", "grpc"])("L1 over %s", (protocol) => {
  test("a natural end sends what is left", async () => {
    const { collector, start } = await world(protocol)
    const app = start()
    await app.ask("spans", 100)
    await app.ask("end")
    expect(await app.ended).toMatchObject({ code: 0, stdout: "", stderr: "" })
    expect(sorted(collector.taken)).toEqual(spans(100))
  })

  test("a natural end with a collector that never answers is over within the budget", async () => {
    const { collector, start } = await world(protocol)
    collector.answer = () => ({ never: true })
    const app = start({ CLICKSTACK_EXIT_BUDGET: "1000" })
    await app.ask("spans", 100)
    const began = performance.now()
    await app.ask("end")
    expect(await app.ended).toMatchObject({ code: 0 })
    expect(performance.now() - began).toBeLessThan(2000)
    collector.answer = () => ({})
    start()
    await expect.poll(() => sorted(collector.taken), { timeout: 10_000 }).toEqual(spans(100))
  })
})

describe("L1", () => {
  test.each([
    ["process.exit", ["exit", 7], 7, /^$/],
    ["a throw", ["throw"], 1, /RangeError: thrown by the app\n {4}at Immediate\.thrower/],
    ["an unhandled rejection", ["reject"], 1, /RangeError: rejected by the app/],
  ] as const)(
    "%s leaves on disk what was not sent, and the next process sends it",
    async (_, ask, code, stderr) => {
      const { collector, start } = await world()
      const app = start()
      await app.ask("spans", 1000)
      await app.ask("logs", 0)
      await app.ask(...(ask as [string]))
      const ended = await app.ended
      expect(ended).toMatchObject({ code, stdout: "" })
      expect(withoutOurs(ended.stderr)).toMatch(stderr)
      const next = start()
      await expect.poll(() => sorted(collector.taken), { timeout: 10_000 }).toEqual(spans(1000))
      const { stats } = await next.ask("flush")
      expect(balance(stats).in).toBe(balance(stats).out)
      expect(stats.traces[0]!.spooled).toBe(0)
    },
  )

  test("a throw prints exactly what it prints without us", async () => {
    const { start } = await world()
    const outputs = await Promise.all(
      [start(), start({ CLICKSTACK_DISABLED: "true" })].map(async (app) => {
        await app.ask("spans", 10)
        await app.ask("throw")
        return app.ended
      }),
    )
    expect(outputs[0]!.stderr).toBe(outputs[1]!.stderr)
    expect(outputs[0]).toMatchObject({ code: 1, signal: null })
  })
})

describe.each(["SIGTERM", "SIGINT"] as const)("L2: %s", (signal) => {
  test("with an open server and no handler of the app: sends what is left and dies by the signal", async () => {
    const { collector, start } = await world()
    const app = start()
    await app.ask("serve")
    await app.ask("spans", 100)
    app.process.kill(signal)
    expect(await app.ended).toMatchObject({ code: null, signal, stdout: "", stderr: "" })
    expect(sorted(collector.taken)).toEqual(spans(100))
  })

  test("with a collector that never answers: within the budget, and the next process sends it", async () => {
    const { collector, start } = await world()
    collector.answer = () => ({ never: true })
    const app = start()
    await app.ask("serve")
    await app.ask("spans", 100)
    const began = performance.now()
    app.process.kill(signal)
    expect(await app.ended).toMatchObject({ code: null, signal })
    expect(performance.now() - began).toBeLessThan(2200)
    collector.answer = () => ({})
    start()
    await expect.poll(() => sorted(collector.taken), { timeout: 10_000 }).toEqual(spans(100))
  })
})

const canUnshare = (() => {
  try {
    execFileSync("unshare", ["-pf", "--mount-proc", "true"], { stdio: "ignore" })
    return true
  } catch {
    return false
  }
})()

test.runIf(canUnshare)("L2: as process 1 it exits with 143", async () => {
  const { collector, env } = await world()
  const code = `
    const { init } = await import("@clickstack/node")
    init()
    const { trace } = await import("@opentelemetry/api")
    trace.getTracer("x").startSpan("span-0").end()
    setInterval(() => undefined, 1000)
    setTimeout(() => process.kill(process.pid, "SIGTERM"), 50)
  `
  const child = spawn(
    "unshare",
    ["-pf", "--mount-proc", process.execPath, "--input-type=module", "-e", code],
    {
      cwd: new URL("fixtures/", import.meta.url),
      env: {
        PATH: process.env["PATH"],
        CLICKSTACK_STARTUP_LINE: "false",
        CLICKSTACK_METRICS_EXPORTER: "none",
        ...env,
      },
      stdio: "ignore",
    },
  )
  const ended = await new Promise((resolve) => child.on("exit", (exit, signal) => resolve({ exit, signal })))
  expect(ended).toEqual({ exit: 143, signal: null })
  expect(collector.taken).toEqual(["span-0"])
})

test("L3: the app's own handler of SIGTERM is not cut short, and its last spans are delivered", async () => {
  const { collector, start } = await world()
  const app = start()
  await app.ask("handle", 2500)
  await app.ask("spans", 10)
  const began = performance.now()
  app.process.kill("SIGTERM")
  expect(await app.ended).toMatchObject({ code: 0, signal: null, stderr: "" })
  expect(performance.now() - began).toBeGreaterThanOrEqual(2500)
  const ids = sorted(collector.taken)
  expect(ids.length).toBeGreaterThan(200)
  expect(ids).toEqual(spans(ids.length))
})

test("L5: flushes in parallel, during an export, after a shutdown; two shutdowns", async () => {
  const { collector, start } = await world()
  const app = start()
  await app.ask("spans", 2000)
  const { stats } = await app.ask("flushes")
  expect(stats.traces[0]).toMatchObject({ delivered: 2000, waiting: 0 })
  await app.ask("spans", 100)
  await app.ask("shutdown")
  await app.ask("shutdown")
  await app.ask("flushes")
  const after = await app.ask("spans", 5)
  expect(sorted(collector.taken)).toEqual(spans(2100))
  expect(balance(after.stats).in).toBe(balance(after.stats).out)
  await app.ask("end")
  expect(await app.ended).toMatchObject({ code: 0 })
})

test("SIGKILL loses at most what was recorded since the last batch", async () => {
  const { collector, start } = await world()
  collector.answer = () => ({ status: 503 })
  const app = start({ CLICKSTACK_TRACES_DELAY: "100" })
  await app.ask("spans", 1000)
  await expect.poll(async () => (await app.ask("stats")).stats.traces[0]!.spooled).toBe(1000)
  app.process.kill("SIGKILL")
  await app.ended
  collector.answer = () => ({})
  start()
  await expect.poll(() => sorted(collector.taken), { timeout: 10_000 }).toEqual(spans(1000))
})
