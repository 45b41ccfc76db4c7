// The same app as CommonJS and as ES module, started in every way, over every protocol: the same telemetry arrives,
// equal field by field to what the SDK recorded. CLICKSTACK_TEST_NODE names another Node to run the apps with.
import { beforeAll, describe, expect, test } from "vitest"
import { runApp } from "./run-app.ts"
import { comparable, openInbox, type Telemetry } from "./telemetry-inbox.ts"

const node = process.env["CLICKSTACK_TEST_NODE"] ?? process.execPath
const register = "@clickstack/node/register"
const protocols = ["http/protobuf", "http/json", "grpc"] as const

const starts = [
  ["CommonJS with --require", "app.cjs", ["--require", register], {}],
  ["CommonJS with --import", "app.cjs", ["--import", register], {}],
  ["ES module with --import", "app.mjs", ["--import", register], {}],
  ["ES module with --require", "app.mjs", ["--require", register], {}],
  ["CommonJS with NODE_OPTIONS", "app.cjs", [], { NODE_OPTIONS: `--require ${register}` }],
  ["ES module with NODE_OPTIONS", "app.mjs", [], { NODE_OPTIONS: `--import ${register}` }],
] as const

let reference: Telemetry

async function run(
  app: string,
  protocol: string,
  more: { args?: string[]; nodeOptions?: readonly string[]; env?: Record<string, string> },
) {
  const { args = [], nodeOptions = [], env = {} } = more
  await using inbox = await openInbox()
  const endpoint = protocol === "grpc" ? inbox.receiver.grpcUrl! : inbox.receiver.url!
  const ended = await runApp(app, args, {
    node,
    nodeOptions,
    env: {
      OTEL_EXPORTER_OTLP_ENDPOINT: endpoint,
      OTEL_EXPORTER_OTLP_PROTOCOL: protocol,
      OTEL_SERVICE_NAME: "shop",
      OTEL_RESOURCE_ATTRIBUTES: "team=a",
      OTEL_EXPORTER_OTLP_HEADERS: "x-tenant=acme",
      CLICKSTACK_API_KEY: "key-1",
      ...env,
    },
  })
  expect(ended).toMatchObject({ code: 0, stderr: "" })
  for (const headers of inbox.headers) expect(headers).toMatchObject({ "x-tenant": "acme" })
  return { ...ended, received: inbox.received }
}

beforeAll(async () => {
  reference = comparable(
    (await run("app.cjs", "http/protobuf", { nodeOptions: ["--require", register] })).received,
  )
  expect(reference.traces).toHaveLength(22)
  expect(reference.logs).toHaveLength(4) // one of them is of an exception
  expect(reference.metrics).toHaveLength(1)
  expect(JSON.stringify(reference.traces[0])).toContain('["service.name","shop"]')
})

/** As OTLP has them. */
function byScope(logs: { scope: { name: string } }[]) {
  const scopes = [...new Set(logs.map(({ scope }) => scope.name))]
  return scopes.flatMap((name) => logs.filter(({ scope }) => scope.name === name))
}

describe.each(protocols)("over %s", (protocol) => {
  test.each(starts)("%s", async (_, app, nodeOptions, env) => {
    const { received, stdout } = await run(app, protocol, { nodeOptions, env })
    expect(stdout).toBe("")
    expect(comparable(received)).toEqual(reference)
  })

  test.each(["app.cjs", "app.mjs"])("%s with init(), equal to what the SDK recorded", async (app) => {
    const { received, stdout } = await run(app, protocol, { args: ["{}"] })
    const { stats, ...recorded } = JSON.parse(stdout)
    const captured = { ...recorded, logs: byScope(recorded.logs) }
    const { traces, logs } = JSON.parse(JSON.stringify(received))
    expect({ traces, logs }).toEqual({ traces: captured.traces, logs: captured.logs })
    // Metrics are collected for each destination by itself, so at times of their own.
    expect(comparable(received)).toEqual(comparable(captured))
    expect(comparable(received)).toEqual(reference)
    for (const [produced, list] of [
      [22, stats.traces],
      [4, stats.logs],
      [stats.metrics[0].produced, stats.metrics.slice(0, 1)], // data points, and those about the SDK itself
    ]) {
      const all = {
        produced,
        delivered: produced,
        waiting: 0,
      }
      for (const one of list) expect(one).toMatchObject(all)
      for (const { dropped } of list) expect(Object.values(dropped).every((count) => count === 0)).toBe(true)
    }
  })
})

test("with delivery: false, through OpenTelemetry's own processors and exporters", async () => {
  const { received } = await run("app.cjs", "http/json", { args: ['{ "delivery": false }'] })
  expect(comparable(received)).toEqual(reference)
})

test.each(["gzip", "none"])("compressed with %s", async (compression) => {
  const { received } = await run("app.cjs", "http/protobuf", {
    nodeOptions: ["--require", register],
    env: { OTEL_EXPORTER_OTLP_COMPRESSION: compression },
  })
  expect(comparable(received)).toEqual(reference)
})
