// `clickstack spanlog` as a process: from the log of a server that traces, into the tables and to OTLP endpoints.
import { createIngest } from "@clickstack/ingest"
import { startLocal } from "@clickstack/local"
import { startClickHouse } from "@clickstack/testing"
import { afterAll, beforeAll, expect, test } from "vitest"
import { clickstack, startCommand } from "./run-clickstack.ts"
import { temporaryDirectory } from "./temporary.ts"
import { type TracingClickHouse, startTracingClickHouse } from "./tracing-clickhouse.ts"

const cwd = temporaryDirectory()
let server: TracingClickHouse
beforeAll(async () => {
  server = await startTracingClickHouse()
  const tables = createIngest(server.clickHouse.url)
  await tables.ensureSchema()
  await tables.close()
})
afterAll(() => server[Symbol.asyncDispose]())

let traces = 0
/** A query as part of a trace, and the id of that trace. */
async function ask(sql: string): Promise<string> {
  const traceId = `${++traces}`.padStart(32, "0")
  const { origin, username, password } = new URL(server.url)
  const response = await fetch(`${origin}/`, {
    method: "POST",
    body: sql,
    headers: {
      traceparent: `00-${traceId}-b7ad6b7169203331-01`,
      "x-clickhouse-user": username,
      "x-clickhouse-key": password,
    },
  })
  expect(await response.text()).not.toContain("Exception")
  return traceId
}

const names = async (traceId: string) => {
  const tables = createIngest(server.clickHouse.url)
  const rows = await tables.query<{ SpanName: string }>(
    "SELECT SpanName FROM otel_traces WHERE TraceId = {traceId:String} ORDER BY SpanName",
    { traceId },
  )
  await tables.close()
  return rows.map(({ SpanName }) => SpanName)
}

const all = ["HTTPHandler", "MergeTreeSelect(pool: ReadPool, algorithm: Thread)", "query"]

test("brings what is there into the tables, once", async () => {
  const traceId = await ask("SELECT 'secret', 1")
  const { code, stdout, stderr } = await clickstack(["spanlog", "--clickhouse", server.url, "--once"], {
    cwd,
  })
  expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: "3 spans of ClickHouse\n", stderr: "" })
  expect(await names(traceId)).toEqual(all)
  const tables = createIngest(server.clickHouse.url)
  const [row] = await tables.query("SELECT SpanAttributes FROM otel_traces WHERE SpanName = 'query'")
  await tables.close()
  expect(row).toMatchObject({ SpanAttributes: { "db.query.text": "SELECT ?.." } })
})

test("follows the log, and goes on after a restart without repeating a span", async () => {
  const follow = () => startCommand(["spanlog", "--clickhouse", server.url], "following", { cwd })
  const first = await ask("SELECT 2")
  const before = await follow()
  await expect.poll(() => names(first), { timeout: 10_000 }).toEqual(all)
  const ended = await before.end()
  expect(ended).toMatchObject({ code: 0, stderr: "" })
  const second = await ask("SELECT 3")
  const after = await follow()
  await expect.poll(() => names(second), { timeout: 10_000 }).toEqual(all)
  expect((await after.end("SIGTERM")).stdout).toContain("stopped; in all: 3 spans of ClickHouse\n")
  expect(await names(first)).toEqual(all)
})

test("keeps to traces of the app", async () => {
  const ours = await ask("SELECT 4")
  const others = await ask("SELECT 5")
  const tables = createIngest(server.clickHouse.url)
  await tables.insert("otel_traces", [
    {
      Timestamp: new Date(),
      TraceId: ours,
      SpanId: "00000000000000aa",
      SpanName: "GET /",
      ServiceName: "shop",
    },
  ])
  await tables.close()
  const args = ["spanlog", "--clickhouse", server.url, "--once", "--service", "shop"]
  expect(await clickstack(args, { cwd })).toMatchObject({ code: 0, stdout: "3 spans of ClickHouse\n" })
  expect(await names(ours)).toEqual(["GET /", ...all])
  expect(await names(others)).toEqual([])
})

test("sends them to an OTLP endpoint, where they stand in the waterfall", async () => {
  await using local = await startLocal({
    memory: true,
    httpPort: 0,
    grpcPort: false,
    uiPort: 0,
    token: "token-of-a-test",
  })
  const traceId = await ask("SELECT 6")
  const args = ["spanlog", "--clickhouse", server.url, "--to", local.otlp.http, "--once"]
  const sent = await clickstack(args, { cwd, env: { CLICKSTACK_API_KEY: "token-of-a-test" } })
  expect(sent).toMatchObject({ code: 0, stderr: "" })
  const { stdout } = await clickstack(["trace", traceId, "--url", local.url ?? ""], {
    cwd,
    env: { CLICKSTACK_LOCAL_TOKEN: "token-of-a-test" },
  })
  expect(stdout).toContain(`trace ${traceId}`)
  expect(stdout).toMatch(/^HTTPHandler +clickhouse .*\n {2}query +clickhouse .*\n {4}MergeTreeSelect/m)
})

test("says what is wrong", async () => {
  const run = (...args: string[]) => clickstack(["spanlog", ...args], { cwd })
  expect((await run()).stderr).toContain("name the server whose log is to be read: --clickhouse URL")
  expect((await run("--clickhouse", server.url, "--until", "1h")).stderr).toContain(
    "--until goes with --once",
  )
  expect((await run("--clickhouse", server.url, "--once", "--to", "nowhere")).stderr).toContain(
    '--to must be an OTLP/HTTP endpoint such as http://localhost:4318, not "nowhere"',
  )
  expect((await run("--clickhouse", server.url, "--query-text", "x", "--once")).stderr).toContain(
    "--query-text must be normalized, raw or none",
  )
  await using bare = await startClickHouse()
  for (const how of ["--once", "--ddl"]) {
    const { code, stderr } = await run("--clickhouse", bare.url, how)
    expect(code).toBe(1)
    expect(stderr).toMatch(/^clickstack: the server keeps no system\.opentelemetry_span_log: add .*\n$/)
  }
})

test("prints the view for today's servers, and for the one that is named", async () => {
  const { stdout } = await clickstack(["spanlog", "--ddl"], { cwd })
  expect(stdout).toContain("CREATE MATERIALIZED VIEW IF NOT EXISTS `default`.`otel_traces_span_log`")
  const named = await clickstack(["spanlog", "--ddl", "--clickhouse", server.url], { cwd })
  expect(named).toMatchObject({ code: 0, stdout, stderr: "" })
})

test("the doctor sees a query of its own come out of the log", async () => {
  await using local = await startLocal({
    clickhouse: server.clickHouse.url,
    httpPort: 0,
    grpcPort: false,
    uiPort: false,
  })
  const args = ["doctor", "--json", "--endpoint", local.otlp.http, "--clickhouse", server.url]
  const { checks } = JSON.parse((await clickstack(args, { cwd })).stdout) as { checks: object[] }
  expect(checks).toContainEqual({
    name: "span log",
    status: "ok",
    message: "3 spans of ClickHouse's own for a query of ours; clickstack spanlog brings them in",
  })
})
