// startLocal as a library: what goes in, where it ends, and what is said when it cannot start.
import { existsSync, mkdirSync, statSync, symlinkSync } from "node:fs"
import { createServer } from "node:net"
import { join } from "node:path"
import { startLocal } from "@clickstack/local"
import { expect, test } from "vitest"
import { gauge, logs, post, spans } from "./otlp.ts"
import { freePorts, temporaryDirectory } from "./temporary.ts"

const directory = temporaryDirectory()
const traceId = "0af7651916cd43dd8448eb211c80319c"
const spanId = "b7ad6b7169203331"

test("stores traces, logs, metrics and session replay in ClickStack's own tables", async () => {
  await using local = await startLocal({ memory: true, ...freePorts })
  const answers = [
    await post(local.otlp.http, "traces", spans([{ name: "GET /", traceId, spanId, ms: 12 }])),
    await post(local.otlp.http, "logs", logs([{ body: 'ready {"port":80}', traceId, spanId }])),
    await post(local.otlp.http, "metrics", gauge("temperature", 21.5)),
    await post(
      local.otlp.http,
      "logs",
      logs([{ body: '{"level":"error"}', attributes: { "rr-web.event": 1 } }], "web", {
        "rum.sessionId": "s1",
      }),
    ),
  ]
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200])

  expect(await local.query("SELECT SpanName, Duration, ServiceName FROM otel_traces")).toEqual([
    { SpanName: "GET /", Duration: 12_000_000, ServiceName: "test" },
  ])
  expect(
    await local.query("SELECT Body, SeverityText, SeverityNumber, LogAttributes FROM otel_logs"),
  ).toEqual([
    { Body: 'ready {"port":80}', SeverityText: "info", SeverityNumber: 9, LogAttributes: { port: "80" } },
  ])
  expect(await local.query("SELECT MetricName, Value FROM otel_metrics_gauge")).toEqual([
    { MetricName: "temperature", Value: 21.5 },
  ])
  // The rules are not for recordings.
  expect(await local.query("SELECT Body, SeverityText, LogAttributes FROM hyperdx_sessions")).toEqual([
    { Body: '{"level":"error"}', SeverityText: "", LogAttributes: { "rr-web.event": "1" } },
  ])
  expect(local.stats()).toMatchObject({ spans: 1, logs: 1, points: 1, sessions: 1, failed: 0 })
})

test("what comes without any time is of now, and so is found and kept", async () => {
  await using local = await startLocal({ memory: true, ...freePorts })
  const span = { traceId: "5".repeat(32), spanId: "6".repeat(16), name: "timeless" }
  const metric = { name: "timeless", gauge: { dataPoints: [{ asDouble: 1 }] } }
  const sent = {
    logs: { resourceLogs: [{ scopeLogs: [{ logRecords: [{ body: { stringValue: "timeless" } }] }] }] },
    traces: { resourceSpans: [{ scopeSpans: [{ spans: [span] }] }] },
    metrics: { resourceMetrics: [{ scopeMetrics: [{ metrics: [metric] }] }] },
  }
  for (const signal of ["logs", "traces", "metrics"] as const) {
    expect((await post(local.otlp.http, signal, sent[signal])).status).toBe(200)
  }
  const rows = await local.query(
    `SELECT abs(dateDiff('minute', Timestamp, now())) < 5 AS isNow FROM otel_logs
     UNION ALL SELECT abs(dateDiff('minute', Timestamp, now())) < 5 AND Duration = 0 FROM otel_traces
     UNION ALL SELECT abs(dateDiff('minute', TimeUnix, now())) < 5 FROM otel_metrics_gauge`,
  )
  expect(rows).toEqual([{ isNow: 1 }, { isNow: 1 }, { isNow: 1 }])
})

test("answers queries with parameters, as rows or as text", async () => {
  await using local = await startLocal({ memory: true, ...freePorts })
  const text = "it's {x:String}; `quoted` \\ \n\n DROP"
  expect(await local.query("SELECT {text:String} AS text", { params: { text } })).toEqual([{ text }])
  expect(await local.query("SELECT 1 AS a, 'x,y' AS b -- end", { format: "csv" })).toBe('a,b\n1,"x,y"\n')
  await local.query("CREATE TABLE mine (a Int64) ENGINE = Memory")
  await local.query("INSERT INTO mine VALUES (9007199254740993)")
  expect(await local.query("SELECT a FROM mine", { format: "json" })).toBe('{"a":"9007199254740993"}\n')
  await expect(local.query("SELECT 1 FORMAT JSON")).rejects.toThrow("leave FORMAT")
})

test("keeps the data over a restart, in a private directory", async () => {
  const dir = join(directory, "kept")
  const first = await startLocal({ dir, ...freePorts })
  await post(first.otlp.http, "logs", logs([{ body: "before" }]))
  expect(statSync(dir).mode & 0o777).toBe(0o700)
  expect(statSync(join(dir, "running.json")).mode & 0o777).toBe(0o600)
  expect(statSync(join(dir, "sql.sock")).mode & 0o777).toBe(0o600)
  await first.close()
  expect(existsSync(join(dir, "running.json"))).toBe(false)

  await using second = await startLocal({ dir, ...freePorts })
  expect(await second.query("SELECT Body FROM otel_logs")).toEqual([{ Body: "before" }])
})

test("refuses a directory that is a link, or open in this process", async () => {
  const dir = join(directory, "real")
  await using local = await startLocal({ dir, ...freePorts })
  await expect(startLocal({ dir, ...freePorts })).rejects.toMatchObject({ code: "DIRECTORY_HELD" })
  const link = join(directory, "link")
  symlinkSync(dir, link)
  await expect(startLocal({ dir: link, ...freePorts })).rejects.toMatchObject({ code: "DIRECTORY_UNSAFE" })
  expect(local.dir).toBe(dir)
})

test("a directory that cannot be written into is named, with what to do", async () => {
  const dir = join(directory, "full")
  mkdirSync(join(dir, ".gitignore"), { recursive: true })
  await expect(startLocal({ dir, ...freePorts })).rejects.toThrow(
    /cannot write into .*full: EISDIR.*; see that it can be written to, or use another directory/,
  )
})

test("a port that is taken is named, and nothing is left open", async () => {
  const other = createServer()
  await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve))
  const { port } = other.address() as { port: number }
  const dir = join(directory, "port")
  for (const option of ["httpPort", "grpcPort", "uiPort"] as const) {
    await expect(startLocal({ dir, ...freePorts, [option]: port })).rejects.toThrow(
      `port ${port} (${option})`,
    )
  }
  await new Promise((resolve) => other.close(resolve))
  await using local = await startLocal({ dir, ...freePorts, httpPort: port })
  expect(local.otlp.http).toBe(`http://127.0.0.1:${port}`)
})

test.each([
  [{ host: "0.0.0.0" }, "set a token"],
  [{ host: "192.0.2.1", token: "short" }, "at least 8 characters"],
  [{ memory: true, dir: "x" }, "leave out `dir`"],
  [{ retention: { age: "soon" } }, "retention.age"],
  [{ retention: { bytes: -1 } }, "retention.bytes"],
  [{ httpPort: 70_000 }, "httpPort"],
  [{ prot: 1 }, 'unknown option "prot"'],
  [{ forward: "gateway:4318" }, "forward"],
  [{ forward: "http://localhost:4318" }, "leads to this ClickStack itself"],
  [
    { host: "0.0.0.0", token: "long-enough", forward: "http://127.0.0.1:4318" },
    "leads to this ClickStack itself",
  ],
  [{ forward: "http://a", clickhouse: "http://b" }, "give one of them"],
])("refuses %j", async (options, message) => {
  await expect(startLocal(options as object)).rejects.toThrow(message)
})

test("asks senders and readers for the token, with or without Bearer", async () => {
  const token = "a-long-enough-token"
  await using local = await startLocal({ memory: true, ...freePorts, token })
  const payload = logs([{ body: "x" }])
  const statuses = []
  for (const authorization of ["", "wrong-token-here", token, `Bearer ${token}`]) {
    const headers = { authorization }
    statuses.push((await post(local.otlp.http, "logs", payload, headers)).status)
    statuses.push((await fetch(`${local.url}/api/logs`, { headers })).status)
  }
  expect(statuses).toEqual([401, 401, 401, 401, 200, 200, 200, 200])
})

test("logs are found before a merge has made their indexes, after it, and where some are merged and some not", async () => {
  await using local = await startLocal({ memory: true, ...freePorts })
  const attributes = { order: "7" }
  const store = async (id: string) => {
    await post(local.otlp.http, "logs", logs([{ body: "the payment timed out", attributes }]))
    await post(
      local.otlp.http,
      "traces",
      spans([{ name: "pay", traceId: id.repeat(2), spanId: id, attributes }]),
    )
  }
  await store("aaaaaaaaaaaaaaaa")
  const indexes = () =>
    local.query(
      "SELECT secondary_indices_compressed_bytes > 0 AS made FROM system.parts WHERE table = 'otel_logs' AND active",
    )
  const found = async () => {
    const pages = [{ text: "paymen" }, { text: "the payment timed" }, { attributes }]
    const pagesOfLogs = await Promise.all(pages.map((page) => local.read.logs(page)))
    const { buckets } = await local.read.histogram({ signal: "logs", attributes, from: "1h" })
    return [
      ...pagesOfLogs.map((page) => page.logs.length),
      (await local.read.traces({ attributes })).length,
      buckets.reduce((sum, { count }) => sum + count, 0),
    ]
  }
  expect(await indexes()).toEqual([{ made: 0 }])
  expect(await found()).toEqual([1, 1, 1, 1, 1])
  await local.query("OPTIMIZE TABLE otel_logs FINAL")
  await local.query("OPTIMIZE TABLE otel_traces FINAL")
  expect(await indexes()).toEqual([{ made: 1 }])
  expect(await found()).toEqual([1, 1, 1, 1, 1])
  await local.query("SYSTEM STOP MERGES")
  await store("bbbbbbbbbbbbbbbb")
  expect(await found()).toEqual([2, 2, 2, 2, 2])
  await local.query("SYSTEM START MERGES")
})

test("ClickHouse merges one thing at a time, and new tables have small granules", async () => {
  await using local = await startLocal({ memory: true, ...freePorts })
  const settings = await local.query(
    "SELECT toUInt32(value) AS value FROM system.server_settings WHERE name LIKE 'background%merges%ratio' OR name = 'background_pool_size'",
  )
  expect(settings).toEqual([{ value: 1 }, { value: 1 }])
  const tables = await local.query<{ engine: string }>(
    "SELECT engine_full AS engine FROM system.tables WHERE database = currentDatabase() AND name IN ('otel_logs', 'otel_traces')",
  )
  expect(tables.map(({ engine }) => /index_granularity = (\d+)/.exec(engine)?.[1])).toEqual(["2048", "2048"])
})

test("an engine that cannot keep up: 503 with Retry-After at once, and no success that is not true", async () => {
  await using local = await startLocal({ memory: true, ...freePorts })
  await post(local.otlp.http, "logs", logs([{ body: "first: tables are there" }]))
  // chDB answers one statement after the other, so this one holds up what comes.
  const slow = local.query("SELECT sleepEachRow(1) FROM numbers(6) SETTINGS max_block_size = 1")
  let over = false
  void slow.finally(() => (over = true))
  const sent = Array.from({ length: 12 }, async (_, index) => {
    const body = `request ${index}`
    const answer = await post(local.otlp.http, "logs", logs(Array.from({ length: 15_000 }, () => ({ body }))))
    return { body, status: answer.status, retryAfter: Number(answer.headers.get("retry-after")), over }
  })
  const answers = await Promise.all(sent)
  await slow

  const refused = answers.filter(({ status }) => status === 503)
  expect(refused.length).toBeGreaterThan(0)
  expect(refused.every(({ retryAfter }) => retryAfter > 0)).toBe(true)
  expect(refused.every((answer) => !answer.over)).toBe(true)
  const taken = answers.filter(({ status }) => status === 200)
  expect(taken.length + refused.length).toBe(12)
  const stored = await local.query(
    "SELECT Body, count() AS rows FROM otel_logs WHERE Body LIKE 'request%' GROUP BY Body",
  )
  const byBody = (one: { Body: string }, two: { Body: string }) => (one.Body < two.Body ? -1 : 1)
  expect((stored as { Body: string }[]).sort(byBody)).toEqual(
    taken.map(({ body }) => ({ Body: body, rows: 15_000 })).sort(byBody),
  )
})
