// What is secret in the configuration is sent where it belongs, and is nowhere else: not in describe(), not on stdout
// or stderr at the most talkative level, not in process.env, not in a child's environment.
import { expect, test } from "vitest"
import { connect } from "@clickstack/testing"
import { runApp } from "./run-app.ts"

const code = `
  const { spawnSync } = require("node:child_process")
  const { inspect } = require("node:util")
  const { init } = require("@clickstack/node")
  const { trace } = require("@opentelemetry/api")
  const { logs } = require("@opentelemetry/api-logs")
  const exporter = { export: (items, done) => done({ code: 1, error: new Error("refused") }), shutdown: async () => {} }
  const clickstack = init({
    logLevel: "all",
    startupLine: true,
    endpoint: process.argv[1],
    apiKey: "hush-key",
    headers: { "x-token": "hush-header" },
    logs: { headers: { "x-logs": "hush-logs" }, endpoint: "http://user:hush-password@127.0.0.1:9/v1/logs?sig=hush-query" },
    clientKey: "-----BEGIN hush-pem",
    clickhouseUrl: "http://default:hush-clickhouse@127.0.0.1:9",
    metrics: { destination: { metrics: exporter } },
    resourceAttributes: { "app.secret": "hush-attribute" },
  })
  trace.getTracer("x").startSpan("x").end()
  logs.getLogger("x").emit({ body: "x" })
  const child = () => spawnSync(process.execPath, ["-e", "console.log(JSON.stringify(process.env))"], { encoding: "utf8" }).stdout
  const show = (value) => inspect(value, { depth: 20 })
  console.log(show(clickstack), show(clickstack.describe()), JSON.stringify(process.env), child())
  clickstack.flush().then(() => {
    console.log(show(clickstack.stats()), JSON.stringify(process.env), child())
    return clickstack.shutdown()
  })
`

test("a key, header values, passwords and PEM texts show up nowhere", async () => {
  await using inbox = await connect({ port: 0 })
  const {
    code: exit,
    stdout,
    stderr,
  } = await runApp("-e", [code, inbox.url], {
    env: { CLICKSTACK_EXIT_BUDGET: "100", OTEL_BLRP_EXPORT_TIMEOUT: "500", OTEL_BSP_EXPORT_TIMEOUT: "3000" },
  })
  expect(exit).toBe(0)
  expect(stdout).toContain("'***'")
  expect(stderr).toContain("clickstack:")
  expect(stdout + stderr).not.toContain("hush")
  // What is repeated is sent all the same, each to its place alone.
  expect(inbox.headers).toEqual([expect.objectContaining({ "x-token": "hush-header" })])
  expect(JSON.stringify(inbox.headers)).not.toContain("hush-logs")
  expect(inbox.spans).toHaveLength(1)
})

test("a key given by variable is not added to any other", async () => {
  const before = { CLICKSTACK_API_KEY: "hush-1", OTEL_EXPORTER_OTLP_HEADERS: "x=hush-2" }
  const { stdout } = await runApp("-e", ["console.log(JSON.stringify(process.env))"], {
    env: before,
    nodeOptions: ["--import", "@clickstack/node/register"],
  })
  expect(Object.entries(JSON.parse(stdout)).filter(([, value]) => String(value).includes("hush"))).toEqual(
    Object.entries(before),
  )
})

test("wrong values of secret variables are not repeated", async () => {
  const { stderr } = await runApp("-e", [""], {
    env: {
      OTEL_EXPORTER_OTLP_HEADERS: "hush",
      OTEL_EXPORTER_OTLP_ENDPOINT: "ftp://user:hush@host",
      CLICKSTACK_LOGS_HEADERS: "a b=hush",
    },
    nodeOptions: ["--import", "@clickstack/node/register"],
  })
  expect(stderr.match(/is ignored/g)).toHaveLength(3)
  expect(stderr).not.toContain("hush")
})
