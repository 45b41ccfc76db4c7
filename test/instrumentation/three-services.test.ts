// One request of a browser's through three services, on express, fastify and hono, one of them CommonJS: one trace and one
// session on all of it, in ClickHouse, asked by SQL. The services are started with nothing but --import.
import { type ChildProcess, spawn } from "node:child_process"
import { randomBytes } from "node:crypto"
import { once } from "node:events"
import { fileURLToPath } from "node:url"
import { afterAll, expect, test } from "vitest"
import { useTables } from "../clickhouse/use-tables.ts"
import { until } from "../clickhouse/until.ts"

const directory = fileURLToPath(new URL("fixtures/three-services/", import.meta.url))

const tables = useTables()
const running: ChildProcess[] = []
afterAll(() => {
  for (const child of running) child.kill("SIGKILL")
})

/** Resolves to the URL that the service prints when it listens. */
async function start(service: string, script: string, nextUrl = ""): Promise<string> {
  const child = spawn(process.execPath, ["--import", "@clickstack/node/register", script], {
    cwd: directory,
    env: {
      PATH: process.env["PATH"],
      HOME: "",
      OTEL_SERVICE_NAME: service,
      CLICKSTACK_CLICKHOUSE_URL: tables.url,
      NEXT_URL: nextUrl,
    },
    stdio: ["ignore", "pipe", "inherit"],
  })
  running.push(child)
  const [line] = (await once(child.stdout, "data")) as [Buffer]
  return line.toString().trim()
}

async function stopAll(): Promise<void> {
  await Promise.all(
    running.splice(0).map(async (child) => {
      child.kill("SIGTERM")
      await once(child, "exit")
    }),
  )
}

async function stored(table: "otel_traces" | "otel_logs"): Promise<number> {
  const [row] = await tables.ingest.query<{ rows: number | string }>(`SELECT count() AS rows FROM ${table}`)
  return Number(row?.rows)
}

/** What a page of ClickStack's browser SDK sends along: its trace, and its session as a cookie. */
function visit(url: string, traceId: string, session: string): Promise<Response> {
  const cookie = encodeURIComponent(JSON.stringify({ id: session, startTime: Date.now() }))
  const traceparent = `00-${traceId}-${randomBytes(8).toString("hex")}-01`
  return fetch(url, { headers: { traceparent, cookie: `theme=dark; __rum_sid=${cookie}` } })
}

test("two visitors' requests are two traces of two sessions, each across all three services", async () => {
  const stock = await start("stock", "stock.mjs")
  const orders = await start("orders", "orders.mjs", stock)
  const checkout = await start("checkout", "checkout.cjs", orders)
  const visits = [
    { traceId: randomBytes(16).toString("hex"), session: randomBytes(16).toString("hex"), id: "7" },
    { traceId: randomBytes(16).toString("hex"), session: randomBytes(16).toString("hex"), id: "8" },
  ]
  const answers = await Promise.all(
    visits.map(async ({ traceId, session, id }) => {
      const answer = await visit(`${checkout}/checkout/${id}?from=page`, traceId, session)
      return answer.json()
    }),
  )
  expect(answers).toEqual(visits.map(({ id }) => ({ order: { id, item: { item: "book", left: 3 } } })))
  // On a busy machine ClickHouse may take longer to store them than ending services may wait.
  await until(async () => (await stored("otel_traces")) >= 10 && (await stored("otel_logs")) >= 6)
  await stopAll()

  // DISTINCT: what was under way as a service ended may be stored twice.
  for (const { traceId, session } of visits) {
    const spans = await tables.ingest.query(
      `SELECT DISTINCT span.ServiceName AS service, span.SpanName AS name, span.SpanKind AS kind,
         parent.ServiceName AS under
       FROM otel_traces AS span LEFT JOIN otel_traces AS parent
         ON parent.TraceId = span.TraceId AND parent.SpanId = span.ParentSpanId
       WHERE span.TraceId = {traceId:String} AND span.SpanAttributes['session.id'] = {session:String}
         AND span.ResourceAttributes['rum.sessionId'] = {session:String}
       ORDER BY indexOf(['checkout', 'orders', 'stock'], service), kind DESC`,
      { traceId, session },
    )
    expect(spans).toEqual([
      { service: "checkout", name: "GET /checkout/:id", kind: "Server", under: "" },
      { service: "checkout", name: "GET", kind: "Client", under: "checkout" },
      { service: "orders", name: "GET /orders/:id", kind: "Server", under: "checkout" },
      { service: "orders", name: "GET", kind: "Client", under: "orders" },
      { service: "stock", name: "GET /stock/:item", kind: "Server", under: "orders" },
    ])
    const logs = await tables.ingest.query(
      `SELECT DISTINCT ServiceName AS service, LogAttributes['session.id'] AS session FROM otel_logs
       WHERE TraceId = {traceId:String} ORDER BY service`,
      { traceId },
    )
    expect(logs).toEqual(["checkout", "orders", "stock"].map((service) => ({ service, session })))
  }
  // Nothing else was traced: neither what writes to ClickHouse nor anything without a session.
  const [total] = await tables.ingest.query(
    "SELECT uniq(SpanId) AS spans, uniq(TraceId) AS traces FROM otel_traces",
  )
  expect(total).toMatchObject({ spans: 10, traces: 2 })
})
