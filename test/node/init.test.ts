// init() and register as an app meets them: once, with one clear line where something is off, and without a trace in
// the app's output, environment or exit code.
import { spawnSync } from "node:child_process"
import { existsSync, mkdtempSync, rmSync } from "node:fs"
import { createServer } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { describe, expect, test } from "vitest"
import { connect } from "@clickstack/testing"
import { runApp } from "./run-app.ts"

const node = process.env["CLICKSTACK_TEST_NODE"] ?? process.execPath
const run = (code: string, env: Record<string, string> = {}, nodeOptions: string[] = []) =>
  // What these apps print is for the test, and no log to be sent.
  runApp("-e", [code], { node, env: { CLICKSTACK_INSTRUMENTATION_CONSOLE: "false", ...env }, nodeOptions })
const register = ["--import", "@clickstack/node/register"]
const nowhere = {
  OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:9",
  CLICKSTACK_EXIT_BUDGET: "200",
  CLICKSTACK_INSTRUMENTATION: "false", // metrics of the process would be lines of their own
}
const clean = { code: 0, signal: null, stdout: "", stderr: "" }

describe("init()", () => {
  test("a second call gives the first's handle and says so once", async () => {
    const code = `
      const { init } = require("@clickstack/node")
      const first = init({ service: "a" })
      console.log(init({ service: "b" }) === first, init() === first, first.describe().settings.service.value)`
    const { stdout, stderr } = await run(code)
    expect(stdout).toBe("true true a\n")
    expect(stderr).toBe(
      "clickstack: init() was called before; this call changes nothing and gives what the first one gave\n",
    )
  })

  test("after register it gives register's handle", async () => {
    const { stdout, stderr } = await run(
      'console.log(require("@clickstack/node").init().describe().settings.service)',
      { OTEL_SERVICE_NAME: "shop" },
      register,
    )
    expect(stdout).toBe("{ value: 'shop', source: 'OTEL_SERVICE_NAME' }\n")
    expect(stderr).toContain("init() was called before")
  })

  test("after shutdown it starts anew", async () => {
    const code = `
      const { init } = require("@clickstack/node")
      const { trace } = require("@opentelemetry/api")
      const spans = []
      const exporter = { export: (items, done) => (spans.push(...items), done({ code: 0 })), shutdown: async () => {} }
      const once = async (service) => {
        const clickstack = init({ service, destination: { spans: exporter } })
        trace.getTracer("x").startSpan(service).end()
        await Promise.all([clickstack.shutdown(), clickstack.shutdown()])
        await clickstack.flush()
      }
      once("a").then(() => once("b")).then(() => console.log(spans.map((span) => span.name + " " + span.resource.attributes["service.name"])))`
    expect(await run(code)).toEqual({ ...clean, stdout: "[ 'a a', 'b b' ]\n" })
  })

  test("says which libraries were loaded too early, once", async () => {
    const code = `
      require("@grpc/grpc-js"); require("@clickhouse/client")
      require("@clickstack/node").init()`
    const { stderr } = await run(code)
    expect(stderr).toBe(
      "clickstack: init() came after @clickhouse/client, @grpc/grpc-js loaded, which will not be traced; call it first, or start with node --import @clickstack/node/register\n",
    )
  })

  test("throws one error for wrong options, and starts nothing", async () => {
    const code = `
      const { init, ClickstackError } = require("@clickstack/node")
      try { init({ endpont: "http://localhost:4318", samplerRatio: 7 }) }
      catch (error) { console.log(error instanceof ClickstackError, error.code, error.message) }
      console.log(Object.getOwnPropertySymbols(globalThis).filter((key) => /opentelemetry/.test(String(key))).length)`
    expect(await run(code)).toEqual({
      ...clean,
      stdout: `true CONFIG_INVALID clickstack: unknown option "endpont"; did you mean "endpoint"?
  option "samplerRatio" is 7; it must be a number from 0 to 1
0
`,
    })
  })

  test("a wrong variable is one line, and the app runs", async () => {
    const { code, stdout, stderr } = await run("console.log(1)", { OTEL_TRACES_SAMPLER_ARG: "7" }, register)
    expect({ code, stdout, stderr }).toEqual({
      code: 0,
      stdout: "1\n",
      stderr: "clickstack: OTEL_TRACES_SAMPLER_ARG='7' is ignored: it must be a number from 0 to 1\n",
    })
  })

  test("disabled, only traces of others go on", async () => {
    const code = `
      const { trace, context, propagation, metrics, ROOT_CONTEXT } = require("@opentelemetry/api")
      const { logs } = require("@opentelemetry/api-logs")
      const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
      const incoming = propagation.extract(ROOT_CONTEXT, { traceparent })
      logs.getLogger("x").emit({ body: "x" })
      metrics.getMeter("x").createCounter("x").add(1)
      context.with(incoming, () => {
        trace.getTracer("x").startSpan("x").end()
        const carrier = {}
        propagation.inject(context.active(), carrier)
        console.log(carrier.traceparent === traceparent)
      })`
    await using inbox = await connect({ port: 0 })
    const env = { OTEL_SDK_DISABLED: "true", OTEL_EXPORTER_OTLP_ENDPOINT: inbox.url }
    expect(await run(code, env, register)).toEqual({ ...clean, stdout: "true\n" })
    expect(inbox).toMatchObject({ spans: [], logs: [], metrics: [] })
  })

  test("a signal that is off is not registered", async () => {
    const code = `
      const { trace } = require("@opentelemetry/api")
      console.log(trace.getTracer("x").startSpan("x").isRecording())`
    expect((await run(code, { OTEL_TRACES_EXPORTER: "none" }, register)).stdout).toBe("false\n")
  })
})

describe("the line at start", () => {
  test("comes with log level info, without anything secret", async () => {
    const env = {
      OTEL_LOG_LEVEL: "info",
      OTEL_SERVICE_NAME: "shop",
      OTEL_EXPORTER_OTLP_ENDPOINT: "http://user:hush@localhost:4318",
      CLICKSTACK_API_KEY: "hush",
    }
    expect(await run("", env, register)).toEqual({
      ...clean,
      stderr: "clickstack: shop: traces, logs, metrics to http://localhost:4318 (http/protobuf)\n",
    })
  })

  test("does not come by itself where stderr is no terminal, and takes the name of the app's package", async () => {
    expect(await run("", {}, register)).toEqual(clean)
    const { stderr } = await run("", { CLICKSTACK_STARTUP_LINE: "true" }, register)
    expect(stderr).toMatch(/^clickstack: clickstack-test: traces, /)
  })
})

// util-linux's command gives the app a terminal; without one there is nothing to test.
const hasTerminal = process.platform === "linux" && spawnSync("script", ["--version"]).status === 0

test.runIf(hasTerminal)("the line at start comes where stderr is a terminal", () => {
  const cwd = fileURLToPath(new URL("fixtures/", import.meta.url))
  const { stdout } = spawnSync(
    "script",
    ["-qec", `${node} --import @clickstack/node/register -e ""`, "/dev/null"],
    {
      cwd,
      env: { PATH: process.env["PATH"], HOME: "", OTEL_SERVICE_NAME: "shop" },
      encoding: "utf8",
    },
  )
  expect(stdout.trim()).toBe(
    "clickstack: shop: traces, logs, metrics to http://localhost:4318 (http/protobuf)",
  )
})

describe("at the end of the process", () => {
  const span = 'require("@opentelemetry/api").trace.getTracer("x").startSpan("x").end()'

  test("what is left is sent when it ends by itself", async () => {
    await using inbox = await connect({ port: 0 })
    expect(await run(span, { OTEL_EXPORTER_OTLP_ENDPOINT: inbox.url }, register)).toEqual(clean)
    expect(inbox.spans).toHaveLength(1)
  })

  test("a collector that is away costs one attempt, one line, and no exit code", async () => {
    const state = mkdtempSync(join(tmpdir(), "clickstack-state-"))
    // Longer than runApp lets a process live: it is not waited for.
    const env = { ...nowhere, XDG_STATE_HOME: state, CLICKSTACK_EXIT_BUDGET: "600000" }
    const { code, stderr } = await run(`process.exitCode = 3;${span}`, env, register)
    rmSync(state, { recursive: true })
    expect(code).toBe(3)
    expect(stderr).toMatch(/^clickstack: traces to http:\/\/127\.0\.0\.1:9: nothing listens there.*\n$/)
  })

  test("a collector that never answers does not hold up the process either", async () => {
    const server = createServer(() => undefined).listen(0, "127.0.0.1")
    await new Promise((resolve) => server.once("listening", resolve))
    const { port } = server.address() as { port: number }
    const env = { ...nowhere, OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}` }
    const { code } = await run(span, env, register)
    server.close()
    expect(code).toBe(0)
  })
})

test("a ClickHouse URL without @clickstack/ingest is one line that says what to install", async () => {
  const code = 'require("@opentelemetry/api").trace.getTracer("x").startSpan("x").end()'
  const { stderr, code: exit } = await run(
    code,
    { CLICKSTACK_CLICKHOUSE_URL: "http://u:hush@127.0.0.1:9", CLICKSTACK_INSTRUMENTATION: "false" },
    ["--import", "./hide-ingest.mjs", ...register],
  )
  expect(exit).toBe(0)
  expect(stderr).toBe(
    "clickstack: traces to http://***@127.0.0.1:9/: 1 items dropped: writing to ClickHouse needs the package @clickstack/ingest: npm install @clickstack/ingest\n",
  )
})

test.each([
  ["register", register, ""],
  ["init()", [], 'require("@clickstack/node").init();'],
])("a service without HOME that starts by %s has its spool in its user's home", async (_, options, begin) => {
  const home = mkdtempSync(join(tmpdir(), "clickstack-home-"))
  try {
    // As for a service of the system: only the user's entry there knows the home.
    const service = `delete process.env.HOME; process.getBuiltinModule("node:os").homedir = () => ${JSON.stringify(home)}`
    const code = `${begin} require("@opentelemetry/api").trace.getTracer("x").startSpan("a").end()`
    const nodeOptions = ["--import", `data:text/javascript,${encodeURIComponent(service)}`, ...options]
    expect(await run(code, { ...nowhere, OTEL_LOG_LEVEL: "none" }, nodeOptions)).toEqual(clean)
    expect(existsSync(join(home, ".local", "state", "clickstack"))).toBe(true)
  } finally {
    rmSync(home, { recursive: true })
  }
})
