// The official client under `--import @clickstack/node/register`: its spans, and what it sends to the server.
import { createServer } from "node:http"
import { fileURLToPath } from "node:url"
import { createIngest } from "@clickstack/ingest"
import { startReceiver } from "@clickstack/receiver"
import type { ReadableSpan } from "@opentelemetry/sdk-trace-base"
import { afterAll, beforeAll, expect, test } from "vitest"
import { type TracingClickHouse, startTracingClickHouse } from "../local/tracing-clickhouse.ts"
import { runApp } from "../node/run-app.ts"

let server: TracingClickHouse
beforeAll(async () => {
  server = await startTracingClickHouse()
})
afterAll(() => server[Symbol.asyncDispose]())

const fixture = (name: string) => fileURLToPath(new URL(`fixtures/${name}`, import.meta.url))

async function run(app: string, scene: string, env: Record<string, string> = {}) {
  const spans: ReadableSpan[] = []
  const receiver = await startReceiver({ httpPort: 0, traces: (some) => void spans.push(...some) })
  try {
    const ended = await runApp(fixture(app), [scene], {
      nodeOptions: ["--import", "@clickstack/node/register"],
      env: {
        CLICKSTACK_ENDPOINT: receiver.url!,
        CLICKSTACK_SERVICE: "shop",
        CLICKSTACK_LOGS_EXPORTER: "none",
        CLICKSTACK_METRICS_EXPORTER: "none",
        CLICKHOUSE_URL: server.url,
        ...env,
      },
      timeout: 110_000,
    })
    expect(ended).toMatchObject({ code: 0, stderr: "" })
    return { spans, stdout: ended.stdout.trim() }
  } finally {
    await receiver.close()
  }
}

const told = ({ name, kind, status, attributes, parentSpanContext }: ReadableSpan) => ({
  name,
  kind,
  status: status.code,
  attributes,
  isRoot: parentSpanContext === undefined,
})
const named = (spans: readonly ReadableSpan[], name: string) =>
  spans.filter((span) => span.name === name).map(told)

test.each(["app.mjs", "app.cjs"])(
  "%s: one span for each query, with what the server says of it",
  async (app) => {
    const log = createIngest(server.clickHouse.url)
    await log.command("DROP TABLE IF EXISTS orders")
    await log.close()
    const { spans, stdout } = await run(app, "everything")
    expect(stdout).toBe('[{"id":1,"country":"nl"}]\nexec\n60 UNKNOWN_TABLE')
    expect(spans.map(({ name }) => name).toSorted()).toEqual(
      // "GET" is the ping, which is no query.
      [
        "CREATE TABLE orders",
        "GET",
        "INSERT orders",
        "SELECT",
        "SELECT nowhere",
        "SELECT orders",
        "job",
      ].toSorted(),
    )
    const job = spans.find(({ name }) => name === "job")
    for (const span of spans.filter((one) => one !== job && one.name !== "GET")) {
      expect(span.parentSpanContext?.spanId).toBe(job?.spanContext().spanId)
      expect(told(span)).toMatchObject({
        kind: 2,
        attributes: {
          "db.system.name": "clickhouse",
          "db.namespace": "default",
          "server.address": "127.0.0.1",
          "server.port": Number(new URL(server.url).port),
        },
      })
    }
    const [select] = named(spans, "SELECT orders")
    expect(select).toMatchObject({
      status: 0,
      attributes: {
        "db.operation.name": "SELECT",
        "db.collection.name": "orders",
        "db.query.summary": "SELECT orders",
        "db.response.returned_rows": 1,
        "clickhouse.query_id": expect.stringMatching(/^[0-9a-f-]{36}$/),
      },
    })
    expect(JSON.stringify(spans.map(told))).not.toMatch(/'nl'|secret/)
    const [failed] = named(spans, "SELECT nowhere")
    expect(failed).toMatchObject({
      status: 2,
      attributes: { "db.response.status_code": "60", "error.type": "UNKNOWN_TABLE" },
    })
  },
)

test("the client on fetch", async () => {
  const { spans, stdout } = await run("app-web.mjs", "")
  expect(stdout).toBe('[{"number":0},{"number":1},{"number":2}]')
  expect(spans.map(({ name }) => name).toSorted()).toEqual(["SELECT numbers", "job"])
  const [select] = named(spans, "SELECT numbers")
  expect(select).toMatchObject({ kind: 2, status: 0, isRoot: false })
  const [sent] = server.traceparents.slice(-1)
  expect(sent).toContain(spans[0]?.spanContext().traceId)
})

test("the span lasts until the result is read or closed", async () => {
  const { spans, stdout } = await run("app.mjs", "streams")
  expect(stdout).toBe("1000")
  const [read, closed] = named(spans, "SELECT numbers")
  expect(read?.attributes["db.response.returned_rows"]).toBe(1000)
  expect(closed).toBeDefined()
})

test("the text of queries, on demand, without literals", async () => {
  const log = createIngest(server.clickHouse.url)
  await log.command("DROP TABLE IF EXISTS orders")
  await log.close()
  const { spans } = await run("app.mjs", "everything", {
    CLICKSTACK_INSTRUMENTATION_CLICKHOUSE_QUERY_TEXT: "true",
  })
  expect(named(spans, "SELECT orders")[0]?.attributes["db.query.text"]).toBe(
    "SELECT * FROM orders WHERE country = ? AND id = {id:UInt64}",
  )
})

test("the server's spans hang below the query's span", async () => {
  const { spans } = await run("app.mjs", "streams")
  const log = createIngest(server.clickHouse.url)
  for (const span of spans.filter(({ name }) => name === "SELECT numbers")) {
    const { traceId, spanId } = span.spanContext()
    const rows = await log.query(
      `SELECT operation_name AS name FROM system.opentelemetry_span_log
       WHERE lower(replaceAll(toString(trace_id), '-', '')) = {traceId:String}
         AND leftPad(lower(hex(parent_span_id)), 16, '0') = {spanId:String}`,
      { traceId, spanId },
    )
    expect(rows).toEqual([{ name: "HTTPHandler" }])
  }
  await log.close()
})

test("trace, span and service as the query's comment, when asked", async () => {
  const asked = await recording(async (url, requests) => {
    await run("app.mjs", "own", {
      CLICKHOUSE_URL: url,
      CLICKSTACK_INSTRUMENTATION_CLICKHOUSE_LOG_COMMENT: "true",
    })
    return requests
  })
  const comment = JSON.parse(new URL(asked[0]?.url ?? "", "http://x").searchParams.get("log_comment") ?? "")
  expect(comment).toEqual({
    trace_id: expect.stringMatching(/^[0-9a-f]{32}$/),
    span_id: expect.stringMatching(/^[0-9a-f]{16}$/),
    service: "shop",
  })
})

test("a client with a tracer of the app's own has that one's spans alone", async () => {
  const { requests, spans } = await recording(async (url, seen) => ({
    ...(await run("app.mjs", "tracer", { CLICKHOUSE_URL: url })),
    requests: seen,
  }))
  expect(spans.map(({ name }) => name).toSorted()).toEqual(["POST", "clickhouse.command", "job"])
  const request = spans.find(({ name }) => name === "POST")?.spanContext()
  expect(requests.map(({ traceparent }) => traceparent?.slice(3, 52))).toEqual([
    `${request?.traceId}-${request?.spanId}`,
  ])
})

test("what the app sends by itself wins", async () => {
  const requests = await recording(async (url, seen) => {
    await run("app.mjs", "own", { CLICKHOUSE_URL: url })
    return seen
  })
  expect(requests.map(({ traceparent }) => traceparent)).toEqual([
    "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
  ])
})

// 10,000 once; the rest shows that it does not depend on their number.
test.each([
  { queries: 10_000, http: "true" },
  { queries: 200, http: "false" },
])(
  "$queries queries at once, each in its trace: each carries its own traceparent (instrumentation of http: $http)",
  { timeout: 120_000 },
  async ({ queries, http }) => {
    const { requests, stdout } = await many(queries, { CLICKSTACK_INSTRUMENTATION_HTTP: http })
    expect(requests).toHaveLength(queries)
    const traces = new Map(
      stdout
        .split("\n")
        .map((line) => line.split(" "))
        .map(([number, id]) => [number, id]),
    )
    for (const { sql, traceparent } of requests) {
      expect(traceparent).toHaveLength(55)
      expect(traceparent).toMatch(new RegExp(`^00-${traces.get(sql.replace(/\D/g, ""))}-[0-9a-f]{16}-0[13]$`))
    }
    expect(new Set(requests.map(({ traceparent }) => traceparent)).size).toBe(queries)
  },
)

const unsampled = {
  "left out": { CLICKSTACK_SAMPLER: "always_off" },
  "recorded, in case of an error": {
    CLICKSTACK_SAMPLING_RATIO: "0",
    CLICKSTACK_SAMPLING_KEEP_ERRORS: "true",
  },
}
test.each([
  ["true", "left out"],
  ["false", "left out"],
  ["true", "recorded, in case of an error"],
] as const)(
  "a trace that is not sampled sends no traceparent: the server would record it (instrumentation of http: %s; %s)",
  async (http, how) => {
    const { requests, spans } = await many(20, {
      ...unsampled[how],
      CLICKSTACK_INSTRUMENTATION_HTTP: http,
    })
    expect(requests).toHaveLength(20)
    expect(requests.filter(({ traceparent }) => traceparent !== undefined)).toEqual([])
    expect(spans).toEqual([])
  },
)

test("plain HTTP to a ClickHouse carries a traceparent when its trace is sampled, and none else", async () => {
  const sent = (sampler: string) =>
    recording(async (url, requests) => {
      await run("app.mjs", "plain", { CLICKHOUSE_URL: url, CLICKSTACK_SAMPLER: sampler })
      return requests.map(({ traceparent }) => traceparent?.slice(-2))
    })
  expect(await sent("always_on")).toEqual(["03", "03", "03"])
  expect(await sent("always_off")).toEqual([undefined, undefined, "00"])
})

const many = (count: number, env: Record<string, string>) =>
  recording(async (url, requests) => {
    const ran = await run("app.mjs", "many", { CLICKHOUSE_URL: url, COUNT: String(count), ...env })
    return { ...ran, requests }
  })

interface Recorded {
  readonly url: string
  readonly sql: string
  readonly traceparent: string | undefined
}

/** A server that answers every query with nothing, and keeps what came. */
async function recording<T>(fn: (url: string, requests: readonly Recorded[]) => Promise<T>): Promise<T> {
  const requests: Recorded[] = []
  const recorder = createServer((incoming, outgoing) => {
    let sql = ""
    incoming.setEncoding("utf8").on("data", (chunk: string) => (sql += chunk))
    incoming.on("end", () => {
      const { traceparent } = incoming.headers
      requests.push({ url: incoming.url ?? "", sql, traceparent: traceparent as string | undefined })
      outgoing.end()
    })
  })
  await new Promise<void>((resolve) => recorder.listen(0, "127.0.0.1", resolve))
  try {
    const { port } = recorder.address() as { port: number }
    return await fn(`http://127.0.0.1:${port}`, requests)
  } finally {
    recorder.closeAllConnections()
    await new Promise((resolve) => recorder.close(resolve))
  }
}
