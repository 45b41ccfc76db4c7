// ClickHouse's own spans, from a log of exactly its shape in real ClickHouse: by the reader and by the view, which must
// give the same.
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import {
  type Ingest,
  clickhouse,
  createIngest,
  openSpanLog,
  spanLogShapeOf,
  spanLogView,
} from "@clickstack/ingest"
import type { SpanLogOptions } from "@clickstack/ingest"
import * as fc from "fast-check"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { createSpanLogTable, insertSpans, spanTrees, type LoggedSpan, type Shape } from "./span-log-rows.ts"

const root = mkdtempSync(join(tmpdir(), "clickstack-span-log-"))
const url = `chdb:${join(root, "data")}`
const server = createIngest(url)
let files = 0
const stateFile = () => join(root, "state", `${++files}`)

afterAll(async () => {
  await server.close()
  rmSync(root, { recursive: true, force: true })
})

/** An exporter that keeps what it is given. */
function collector() {
  const spans: { id: string; parent: string; name: string; start: number }[] = []
  return {
    spans,
    export(batch: any[], done: (result: { code: number }) => void) {
      for (const span of batch) {
        const { traceId, spanId } = span.spanContext()
        const [seconds, nanoseconds] = span.startTime
        spans.push({
          id: `${traceId}:${spanId}`,
          parent: span.parentSpanContext?.spanId ?? "",
          name: span.name,
          start: seconds * 1e6 + nanoseconds / 1000,
        })
      }
      done({ code: 0 })
    },
  }
}

const read = async (options: Partial<SpanLogOptions> & Pick<SpanLogOptions, "to">) => {
  await using log = openSpanLog({ from: server, since: 0, ...options })
  return await log.once(Date.now() + 86_400_000)
}

const expected = (spans: readonly LoggedSpan[]) =>
  spans
    .map(({ traceId, spanId, parentSpanId, name, startUs }) => ({
      id: `${traceId}:${spanId}`,
      parent: parentSpanId,
      name,
      start: startUs,
    }))
    .toSorted(byId)

const byId = (one: { id: string }, other: { id: string }) => (one.id < other.id ? -1 : 1)

const shapes: Shape[] = ["arrays", "map", "map with host", "newest"]

describe.each(shapes)("a log with %s", (shape) => {
  let viewed: Ingest
  let stored: Ingest

  beforeAll(async () => {
    const name = shape.replaceAll(" ", "_")
    viewed = clickhouse({ url, database: `viewed_${name}` })
    stored = clickhouse({ url, database: `read_${name}` })
    await viewed.ensureSchema()
    await stored.ensureSchema()
    await server.command("DROP TABLE IF EXISTS system.opentelemetry_span_log")
    await createSpanLogTable(server, shape)
    const columns = await server.query<{ name: string }>("DESCRIBE TABLE system.opentelemetry_span_log")
    const found = spanLogShapeOf(
      columns.map((column) => column.name),
      "here",
    )
    await server.command(spanLogView({ database: `viewed_${name}`, shape: found }))
  })

  afterAll(async () => {
    await viewed.command(`DROP TABLE viewed_${shape.replaceAll(" ", "_")}.otel_traces_span_log`)
    await viewed.close()
    await stored.close()
  })

  test(
    "gives the same trees by the reader and the view: late, twice, out of order, over midnight, restarted",
    { timeout: 240_000 },
    async () => {
      await fc.assert(
        fc.asyncProperty(spanTrees, async ({ flushes, pageSize, restarts }) => {
          await server.command("TRUNCATE TABLE system.opentelemetry_span_log")
          await viewed.command("TRUNCATE TABLE otel_traces")
          await stored.command("TRUNCATE TABLE otel_traces")
          const to = collector()
          const both = {
            export(batch: any[], done: (result: { code: number }) => void) {
              to.export(batch, () => stored.spans.export(batch, done))
            },
          }
          const state = stateFile()
          const options = { to: both, state, pageSize, overlapMs: 4 * 86_400_000 }
          let log = openSpanLog({ from: server, since: 0, ...options })
          for (const [index, spans] of flushes.entries()) {
            await insertSpans(server, shape, spans)
            await log.once(Date.now() + 86_400_000)
            if (restarts[index % restarts.length] === true) {
              await log.close()
              log = openSpanLog({ from: server, since: 0, ...options })
            }
          }
          await log.close()
          const all = new Map(flushes.flat().map((span) => [span.traceId + span.spanId, span]))
          expect(to.spans.toSorted(byId)).toEqual(expected([...all.values()]))
          const rows = (ingest: Ingest) =>
            ingest.query("SELECT DISTINCT * FROM otel_traces ORDER BY TraceId, SpanId")
          expect(await rows(viewed)).toEqual(await rows(stored))
          expect(await stored.query("SELECT count() AS n FROM otel_traces")).toEqual([{ n: all.size }])
        }),
        { numRuns: shape === "newest" ? 8 : 3 },
      )
    },
  )
})

describe("a query's span", () => {
  const startUs = Date.now() * 1000 - 60_000_000
  const base = {
    traceId: "0af7651916cd43dd8448eb211c80319c",
    spanId: "00000000000000ff",
    parentSpanId: "b7ad6b7169203331",
    name: "query",
    kind: "SERVER",
    startUs,
    finishUs: startUs + 1500,
    host: "ch-1",
    status: "UNSET",
    message: "",
    attributes: {},
  } as const satisfies LoggedSpan

  beforeAll(async () => {
    await server.command("DROP TABLE IF EXISTS system.opentelemetry_span_log")
    await createSpanLogTable(server, "newest")
  })

  const rowOf = async (span: Partial<LoggedSpan>, options: Partial<SpanLogOptions> = {}) => {
    await server.command("TRUNCATE TABLE system.opentelemetry_span_log")
    await insertSpans(server, "newest", [{ ...base, ...span }])
    await using stored = clickhouse({ url, database: "one" })
    await stored.ensureSchema()
    await stored.command("TRUNCATE TABLE otel_traces")
    await read({ to: stored.spans, ...options })
    const [row] = await stored.query("SELECT * FROM otel_traces")
    return row
  }

  test("has service, host, kind, times and ids as otel_traces has them", async () => {
    expect(await rowOf({ attributes: { "clickhouse.query_id": "q1" } })).toMatchObject({
      TraceId: base.traceId,
      SpanId: base.spanId,
      ParentSpanId: base.parentSpanId,
      SpanName: "query",
      SpanKind: "Server",
      ServiceName: "clickhouse",
      ResourceAttributes: { "host.name": "ch-1", "service.name": "clickhouse" },
      ScopeName: "system.opentelemetry_span_log",
      SpanAttributes: { "clickhouse.query_id": "q1" },
      Duration: 1_500_000,
      StatusCode: "Unset",
      StatusMessage: "",
    })
  })

  test("tells the query without its literals, and the state that came with it", async () => {
    const attributes = {
      "db.statement": "SELECT * FROM users WHERE mail = 'ann@example.com' AND age > 42",
      "clickhouse.uri": "/?user=ann&password=hunter2&query=SELECT+%27ann%27",
      "clickhouse.tracestate": "vendor=1",
      "clickhouse.exception": "Cannot parse 'hunter2'",
      "clickhouse.exception_code": "60",
    }
    expect(
      await rowOf({ attributes, status: "ERROR", message: "Cannot parse 'hunter2' (UNKNOWN_TABLE)" }),
    ).toMatchObject({
      TraceState: "vendor=1",
      StatusCode: "Error",
      StatusMessage: "UNKNOWN_TABLE",
      SpanAttributes: {
        "clickhouse.exception_code": "60",
        "clickhouse.uri": "/",
        "db.query.text": "SELECT * FROM users WHERE mail = ? AND age > ?",
        "db.system.name": "clickhouse",
      },
    })
  })

  test("tells everything when asked", async () => {
    const statement = "SELECT 'ann'"
    const attributes = { "db.statement": statement, "clickhouse.exception": "no 'ann'" }
    const row = await rowOf({ attributes, status: "ERROR", message: "no 'ann'" }, { queryText: "raw" })
    expect(row).toMatchObject({
      StatusMessage: "no 'ann'",
      SpanAttributes: {
        "clickhouse.exception": "no 'ann'",
        "db.query.text": statement,
        "db.system.name": "clickhouse",
      },
    })
  })

  test("tells nothing of the query when that is asked", async () => {
    const row = await rowOf({ attributes: { "db.statement": "SELECT 1", a: "b" } }, { queryText: "none" })
    expect(row).toMatchObject({ SpanAttributes: { a: "b" } })
  })
})

describe("reading", () => {
  const now = Date.now()
  const span = (number: number, more: Partial<LoggedSpan> = {}): LoggedSpan => ({
    traceId: number.toString(16).padStart(32, "0"),
    spanId: number.toString(16).padStart(16, "0"),
    parentSpanId: "",
    name: `query ${number}`,
    kind: "SERVER",
    startUs: now * 1000 - 10_000,
    finishUs: now * 1000 - 5_000 + number,
    host: "ch",
    status: "UNSET",
    message: "",
    attributes: {},
    ...more,
  })

  const fill = async (spans: LoggedSpan[]) => {
    await server.command("TRUNCATE TABLE system.opentelemetry_span_log")
    await insertSpans(server, "newest", spans)
  }

  test("waits for an exporter that is away, and then hands on each span once", async () => {
    await fill([span(1), span(2)])
    const to = collector()
    let tries = 0
    const warnings: string[] = []
    const away = {
      export(batch: any[], done: (result: { code: number; error?: Error }) => void) {
        if (++tries < 3) done({ code: 1, error: new Error("connection refused") })
        else to.export(batch, done)
      },
    }
    await using log = openSpanLog({
      from: server,
      to: away,
      since: 0,
      retryMs: 5,
      onWarning: (one) => warnings.push(one),
    })
    expect(await log.once()).toEqual({ sent: 2, refused: 0 })
    expect(tries).toBe(3)
    expect(to.spans.map(({ name }) => name)).toEqual(["query 1", "query 2"])
    expect(warnings).toEqual([`span log of ${server.endpoint}: its spans are not taken: connection refused`])
  })

  test("leaves out what an exporter refuses for ever, and says how many", async () => {
    await fill([span(1), span(2), span(3)])
    const refusing = {
      export(_batch: unknown, done: (result: { code: number; error?: Error }) => void) {
        done({ code: 1, error: Object.assign(new Error("too large"), { retryable: false }) })
      },
    }
    const warnings: string[] = []
    await using log = openSpanLog({
      from: server,
      to: refusing,
      since: 0,
      onWarning: (one) => warnings.push(one),
    })
    expect(await log.once()).toEqual({ sent: 0, refused: 3 })
    expect(warnings.at(-1)).toContain("3 of 3 spans")
  })

  test("keeps to the traces of the app, also those whose spans appear later", async () => {
    await using tables = clickhouse({ url, database: "app" })
    await tables.ensureSchema()
    await fill([span(1), span(2), span(3)])
    const to = collector()
    const state = stateFile()
    const only = { to, state, onlyTracesOf: { tables, services: ["shop"] } }
    await tables.insert("otel_traces", [appSpan(span(1), "shop"), appSpan(span(2), "other")])
    await read(only)
    expect(to.spans.map(({ name }) => name)).toEqual(["query 1"])
    await tables.insert("otel_traces", [appSpan(span(3), "shop")])
    await read(only)
    expect(to.spans.map(({ name }) => name)).toEqual(["query 1", "query 3"])
  })

  const appSpan = ({ traceId }: LoggedSpan, service: string) => ({
    Timestamp: new Date(),
    TraceId: traceId,
    SpanId: "00000000000000aa",
    SpanName: "GET /",
    ServiceName: service,
  })

  test("follows what appears until it is closed", async () => {
    await fill([span(1)])
    const to = collector()
    const log = openSpanLog({ from: server, to, since: 0, intervalMs: 5 })
    const following = log.follow()
    await expect.poll(() => to.spans.length).toBe(1)
    await insertSpans(server, "newest", [span(2)])
    await expect.poll(() => to.spans.length).toBe(2)
    await log.close()
    await expect(following).resolves.toBeUndefined()
  })

  test("reads on when the server was away", async () => {
    await fill([span(1)])
    const to = collector()
    let away = 2
    const warnings: string[] = []
    const from = {
      endpoint: "http://ch:8123/default",
      query: (sql: string, params?: Record<string, unknown>) =>
        away-- > 0 ? Promise.reject(new Error("connection refused")) : server.query<object>(sql, params),
    }
    await using log = openSpanLog({
      from,
      to,
      since: 0,
      intervalMs: 5,
      onWarning: (one) => warnings.push(one),
    })
    void log.follow()
    await expect.poll(() => to.spans.length).toBe(1)
    expect(warnings).toEqual(["span log of http://ch:8123/default: it cannot be read: connection refused"])
  })

  test("says what is missing when a server keeps no such log", async () => {
    await server.command("DROP TABLE system.opentelemetry_span_log")
    await expect(read({ to: collector() })).rejects.toMatchObject({ code: "TABLE_MISSING" })
    await server.command("CREATE TABLE system.opentelemetry_span_log (x UInt8) ENGINE = Memory")
    await expect(read({ to: collector() })).rejects.toThrow(/has no column trace_id, .* attribute/)
    await server.command("DROP TABLE system.opentelemetry_span_log")
    await createSpanLogTable(server, "newest")
  })

  describe("the state", () => {
    test("is only for this user, and for one reader at a time", async () => {
      const state = stateFile()
      await using log = openSpanLog({ from: server, to: collector(), state })
      expect(statSync(state).mode & 0o777).toBe(0o600)
      expect(() => openSpanLog({ from: server, to: collector(), state })).toThrow(
        `option state: ${state} is in use by process ${process.pid}`,
      )
      await log.close()
      await openSpanLog({ from: server, to: collector(), state }).close()
    })

    test("of another server is refused", async () => {
      const state = stateFile()
      await openSpanLog({ from: server, to: collector(), state }).close()
      const from = { endpoint: "http://other:8123/default", query: () => Promise.resolve([]) }
      expect(() => openSpanLog({ from, to: collector(), state })).toThrow(
        /is not the state of http:\/\/other/,
      )
    })

    test("that a crash cut short sends again only what its last line told", async () => {
      await fill([span(1), span(2), span(3)])
      const state = stateFile()
      await read({ to: collector(), state, pageSize: 3 })
      const lines = readFileSync(state, "utf8").split("\n")
      // The reach, and a half of the last span's line, are gone.
      writeFileSync(state, `${lines.slice(0, 3).join("\n")}\n${lines[3]?.slice(0, 20)}`)
      const to = collector()
      await read({ to, state })
      expect(to.spans.map(({ name }) => name)).toEqual(["query 3"])
      const none = collector()
      await read({ to: none, state })
      expect(none.spans).toEqual([])
    })
  })
})
