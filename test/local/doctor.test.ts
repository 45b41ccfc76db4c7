// `clickstack doctor` against endpoints that are well, and against each thing that goes wrong.
import { mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { startLocal } from "@clickstack/local"
import { startClickHouse } from "@clickstack/testing"
import { expect, test } from "vitest"
import { certificate } from "../receiver/certificate.ts"
import { clickstack } from "./run-clickstack.ts"
import { serving } from "./serving.ts"
import { temporaryDirectory } from "./temporary.ts"

const cwd = temporaryDirectory()

interface Check {
  name: string
  status: string
  message: string
  fix?: string
}

async function doctor(args: string[], env: Record<string, string> = {}) {
  const { code, stdout, stderr } = await clickstack(["doctor", "--json", ...args], { cwd, env })
  expect(stderr).toBe("")
  const report = JSON.parse(stdout) as { ok: boolean; checks: Check[] }
  expect(report.ok).toBe(code === 0)
  const found = (name: string) => report.checks.find((check) => check.name === name)
  return { code, checks: report.checks, found }
}

test("all is well: what was sent is found again in the tables", async () => {
  await using server = await startClickHouse()
  await using local = await startLocal({
    clickhouse: server.url,
    httpPort: 0,
    grpcPort: false,
    uiPort: false,
  })
  const { code, checks, found } = await doctor(["--endpoint", local.otlp.http, "--clickhouse", server.url])
  expect(checks.filter(({ status }) => status === "failed")).toEqual([])
  expect(code).toBe(0)
  for (const name of [
    "port",
    "key",
    "clock",
    "span sent",
    "span found again",
    "log found again",
    "metric found again",
  ])
    expect([name, found(name)?.status]).toEqual([name, "ok"])
  expect(found("table otel_traces")).toMatchObject({ status: "ok", message: "has all columns" })
  // As on any server whose configuration leaves it out.
  expect(found("span log")).toMatchObject({
    status: "warning",
    message: "the server keeps no system.opentelemetry_span_log",
  })
})

test("tables that lack columns, or are not there", async () => {
  await using server = await startClickHouse()
  await using local = await startLocal({
    clickhouse: server.url,
    httpPort: 0,
    grpcPort: false,
    uiPort: false,
  })
  await using empty = await startClickHouse()
  const none = await doctor(["--endpoint", local.otlp.http, "--clickhouse", empty.url])
  expect(none.found("tables")).toMatchObject({ status: "failed", fix: expect.stringContaining("right one?") })
  expect(none.checks.filter(({ name }) => name.startsWith("table "))).toEqual([])
  await local.query("ALTER TABLE otel_logs DROP COLUMN EventName")
  await local.query("DROP TABLE hyperdx_sessions")
  const { found } = await doctor(["--endpoint", local.otlp.http, "--clickhouse", server.url])
  expect(found("table otel_logs")).toMatchObject({ status: "warning", message: "lacks EventName" })
  expect(found("table hyperdx_sessions")).toMatchObject({ status: "failed", message: "is not there" })
})

test("nothing listens", async () => {
  const { code, found } = await doctor(["--endpoint", "http://127.0.0.1:1"])
  expect(code).toBe(1)
  expect(found("port")).toMatchObject({ status: "failed", fix: expect.stringContaining("first user") })
  expect(found("span sent")).toMatchObject({ status: "skipped" })
})

test.each([
  ["secret", (key: string | undefined) => key === "Bearer secret", "send the key with Bearer before it"],
  ["Bearer secret", (key: string | undefined) => key === "secret", "send the key without Bearer"],
  ["secret", () => false, "copy the ingestion key"],
  ["", () => false, "set CLICKSTACK_API_KEY"],
])("the key %j is refused: it says how", async (key, accepts, fix) => {
  await using collector = await serving((request, response) => {
    response.writeHead(accepts(request.headers.authorization) ? 200 : 401).end("{}")
  })
  const { code, found } = await doctor(["--endpoint", collector.url], { CLICKSTACK_API_KEY: key })
  expect(code).toBe(1)
  expect(found("key")).toMatchObject({ status: "failed", fix: expect.stringContaining(fix) })
})

test("another server that answers 200 to everything is none", async () => {
  await using other = await serving((_request, response) => response.end("hello"))
  const { code, found } = await doctor(["--endpoint", other.url])
  expect(code).toBe(1)
  expect(found("key")).toMatchObject({
    status: "failed",
    message: `${other.url} answered 200, but not as OTLP does: hello`,
    fix: "another server has this port: give the collector's; 4318 is the usual one",
  })
  expect(found("span sent")).toMatchObject({ status: "skipped" })
})

test("a clock that is wrong, a certificate that nobody knows", async () => {
  await using late = await serving((_request, response) => {
    response.writeHead(200, { date: new Date(Date.now() - 90_000).toUTCString() }).end("{}")
  })
  const { found } = await doctor(["--endpoint", late.url])
  expect(found("clock")?.message).toMatch(/clock is (89|90|91|92) s ahead of/)

  await using secure = await serving(
    (_request, response) => response.end("{}"),
    certificate("doctor", { hosts: ["127.0.0.1"] }),
  )
  const tls = await doctor(["--endpoint", secure.url])
  expect(tls.found("tls")).toMatchObject({
    status: "failed",
    fix: expect.stringContaining("NODE_EXTRA_CA_CERTS"),
  })
})

test("the app: copies of the API, and how the SDK is loaded", async () => {
  const app = join(cwd, "app")
  const install = (path: string, name: string, version: string, dependencies = {}) => {
    mkdirSync(join(app, path), { recursive: true })
    writeFileSync(join(app, path, "package.json"), JSON.stringify({ name, version, dependencies }))
  }
  const api = { "@opentelemetry/api": "1" }
  const dependencies = { ...api, "@clickstack/node": "1", library: "1" }
  install("node_modules/@clickstack/node", "@clickstack/node", "1.0.0")
  install("node_modules/@opentelemetry/api", "@opentelemetry/api", "1.10.0")
  writeFileSync(
    join(app, "package.json"),
    JSON.stringify({ dependencies, scripts: { start: "node app.js" } }),
  )
  const args = ["--app", app, "--endpoint", "http://127.0.0.1:1"]
  const before = await doctor(args)
  expect(before.found("sdk")).toMatchObject({ status: "ok", message: "@clickstack/node 1.0.0" })
  expect(before.found("api copies")?.status).toBe("ok")
  expect(before.found("preload")?.status).toBe("warning")

  install("node_modules/library/node_modules/@opentelemetry/api", "@opentelemetry/api", "1.9.0")
  install("node_modules/library", "library", "1.0.0", api)
  const start = "node --import @clickstack/node/register app.js"
  writeFileSync(join(app, "package.json"), JSON.stringify({ dependencies, scripts: { start } }))
  const after = await doctor(args)
  expect(after.found("api copies")).toMatchObject({
    status: "warning",
    message: expect.stringContaining("1.9.0 in "),
  })
  expect(after.found("preload")?.status).toBe("ok")

  // A workspace keeps the packages of its apps above them.
  const member = join(app, "members", "one")
  mkdirSync(member, { recursive: true })
  writeFileSync(join(member, "package.json"), JSON.stringify({ dependencies: { "@clickstack/node": "1" } }))
  const { found } = await doctor(["--app", member, "--endpoint", "http://127.0.0.1:1"])
  expect(found("sdk")?.message).toBe("@clickstack/node 1.0.0")
  expect(found("api copies")?.status).toBe("skipped")
})

test("a port that speaks something else", async () => {
  await using page = await serving((_request, response) => response.writeHead(405).end("use GET"))
  const { found } = await doctor(["--endpoint", page.url])
  expect(found("key")).toMatchObject({
    status: "failed",
    message: "the collector answered 405: use GET",
    fix: expect.stringContaining("OTLP/HTTP endpoint?"),
  })
  await using local = await startLocal({ memory: true, httpPort: 0, grpcPort: 0, uiPort: false })
  const grpc = await doctor(["--endpoint", local.otlp.grpc ?? ""])
  expect(grpc.found("key")).toMatchObject({
    status: "failed",
    fix: expect.stringContaining("4317 is gRPC's"),
  })
})

test("for people it is a list with what to do under it", async () => {
  const { stdout, code } = await clickstack(["doctor", "--endpoint", "nonsense"], { cwd })
  expect(code).toBe(1)
  expect(stdout).toMatch(/failed {2}port .*nonsense is not a URL\n +-> give it as/)
  expect(stdout).toMatch(/1 failed\n$/)
})
