// The read-only API over HTTP, and the same as functions: what it finds, and what it never does.
import { request } from "node:http"
import { type Local, startLocal } from "@clickstack/local"
import { afterAll, beforeAll, expect, test } from "vitest"
import { gauge, logs, post, spans } from "./otlp.ts"
import { freePorts } from "./temporary.ts"

const traceId = "0af7651916cd43dd8448eb211c80319c"
const other = "11111111111111111111111111111111"
const now = Date.now()

let local: Local

beforeAll(async () => {
  local = await startLocal({ memory: true, ...freePorts })
  const { http } = local.otlp
  await post(
    http,
    "traces",
    spans(
      [
        { name: "GET /cart", traceId, spanId: "aaaaaaaaaaaaaaaa", kind: 2, at: now, ms: 120 },
        {
          name: "SELECT",
          traceId,
          spanId: "bbbbbbbbbbbbbbbb",
          parentSpanId: "aaaaaaaaaaaaaaaa",
          kind: 3,
          at: now + 10,
          ms: 30,
          error: "deadlock found",
          attributes: { "db.system": "postgresql" },
        },
      ],
      "shop",
    ),
  )
  await post(
    http,
    "traces",
    spans(
      [{ name: "poll", traceId: other, spanId: "cccccccccccccccc", at: now - 86_400_000, ms: 5 }],
      "worker",
      {
        "host.name": "node-1",
      },
    ),
  )
  await post(
    http,
    "logs",
    logs(
      [
        { body: "Connection TIMEOUT to db-1", severity: 17, traceId, spanId: "bbbbbbbbbbbbbbbb", at: now },
        {
          body: 'it\'s 100% {x:String} `quoted` \\ and "more"; DROP TABLE otel_logs --',
          severity: 9,
          at: now - 1000,
        },
        { body: "größer als Ümläute", severity: 5, at: now - 2000, attributes: { "weird'key`": "o'val" } },
      ],
      "shop",
    ),
  )
  await post(
    http,
    "logs",
    logs([{ body: "tick", severity: 13, at: now - 3000 }], "worker", { "host.name": "node-1" }),
  )
  await post(http, "metrics", gauge("queue.length", 7, "worker"))
  const chunk = (event: number, of: string, number: number, total: number) => ({
    body: of,
    at: now,
    attributes: {
      "rr-web.event": event,
      "rr-web.chunk": number,
      "rr-web.total-chunks": total,
      "rr-web.offset": 0,
    },
  })
  // The second chunk arrives first, and the first event twice.
  const recorded = [
    chunk(1, '{"type":4}', 1, 1),
    chunk(2, "b]", 2, 2),
    chunk(2, "[a", 1, 2),
    chunk(1, '{"type":4}', 1, 1),
  ]
  await post(http, "logs", logs(recorded, "web", { "rum.sessionId": "session-1" }))
})

afterAll(() => local.close())

async function get(path: string, headers: Record<string, string> = {}) {
  const response = await fetch(`${local.url}${path}`, { headers })
  return { status: response.status, headers: response.headers, body: (await response.json()) as any }
}

const bodies = async (query: string) =>
  ((await get(`/api/logs?${query}`)).body.logs as { body: string }[]).map(({ body }) => body.slice(0, 10))

const timeout = "Connection"
const quoted = "it's 100% "
const umlaut = "größer als"

test.each<[string, string[]]>([
  ["", [timeout, quoted, umlaut, "tick"]],
  ["text=timeout", [timeout]],
  ["text=on+timeout+to+d", [timeout]],
  ["text=imeo", [timeout]],
  ["text=ÜMLÄUTE", [umlaut]],
  ["service=worker", ["tick"]],
  ["service=worker&service=shop&limit=2", [timeout, quoted]],
  ["level=error", [timeout]],
  ["level=warn&level=debug", [umlaut, "tick"]],
  [`trace=${traceId.toUpperCase()}`, [timeout]],
  ["span=bbbbbbbbbbbbbbbb", [timeout]],
  ["resource.host.name=node-1", ["tick"]],
  [`from=${now - 2500}&to=${now - 500}`, [quoted, umlaut]],
  [`to=${encodeURIComponent(new Date(now - 1500).toISOString())}`, [umlaut, "tick"]],
  ["from=1h&text=tick", ["tick"]],
  ["service=nobody", []],
])("logs: %s", async (query, expected) => {
  expect(await bodies(query)).toEqual(expected)
})

test.each([
  "it's",
  "100%",
  "{x:String}",
  "`quoted`",
  "\\ and",
  '"more"',
  "; DROP TABLE otel_logs --",
  'it\'s 100% {x:String} `quoted` \\ and "more"; DROP TABLE otel_logs --',
])("S3: %s is found literally", async (text) => {
  expect(await bodies(`text=${encodeURIComponent(text)}`)).toEqual([quoted])
})

const hostile = [
  "'",
  "' OR 1=1 --",
  "`",
  "\\",
  "\\'",
  "{x:String}",
  "{text:String}",
  "; SELECT 1",
  "file('/etc/passwd')",
  "%",
  "_",
  "\u0000",
  "\n\n",
  "')) UNION ALL SELECT * FROM file('/etc/passwd', 'LineAsString') --",
]

test.each(hostile)("S3: %j in every field is a value and nothing else", async (text) => {
  const value = encodeURIComponent(text)
  for (const field of ["service", "trace", "span", "attr.key", "resource.key", `attr.${value}`]) {
    expect(await bodies(`${field}=${value}`)).toEqual([])
  }
  for (const field of ["service", "trace", "name", "attr.key", "resource.key"]) {
    expect((await get(`/api/traces?${field}=${value}`)).body).toEqual({ traces: [] })
  }
  expect((await get(`/api/traces/${value}`)).status).toBe(404)
  expect((await get(`/api/metrics/${value}?kind=gauge`)).body).toEqual({ points: [] })
  expect((await get(`/api/sessions/${value}`)).body).toEqual({ events: [] })
  for (const path of [
    `/api/logs?level=${value}`,
    `/api/logs?from=${value}`,
    `/api/logs?limit=${value}`,
    `/api/traces?status=${value}`,
    `/api/traces?minDurationMs=${value}`,
    `/api/histogram/logs?by=${value}`,
    `/api/metrics/x?kind=${value}`,
    `/api/logs?${value}=1`,
  ]) {
    expect([path, (await get(path)).status]).toEqual([path, 400])
  }
  expect(await local.query("SELECT count() AS rows FROM otel_logs")).toEqual([{ rows: 4 }])
})

test("attributes are filtered by key and value, whatever is in them", async () => {
  expect(await bodies(`${encodeURIComponent("attr.weird'key`")}=${encodeURIComponent("o'val")}`)).toEqual([
    umlaut,
  ])
})

test("an attribute is not taken for another whose text is the same", async () => {
  const at = now - 60 * 3_600_000
  const sent = [
    { body: "key a", at, attributes: { a: "b=c" } },
    { body: "key a=b", at: at - 1, attributes: { "a=b": "c" } },
    { body: "no a", at: at - 2 },
  ]
  await post(local.otlp.http, "logs", logs(sent, "items"))
  expect(await bodies("service=items&attr.a=b%3Dc")).toEqual(["key a"])
  expect(await bodies("service=items&attr.a%3Db=c")).toEqual(["key a=b"])
  await local.query("DELETE FROM otel_logs WHERE ServiceName = 'items'")
})

test("logs are read page by page", async () => {
  const first = (await get("/api/logs?limit=3")).body
  const second = (await get(`/api/logs?limit=3&to=${first.next}`)).body
  expect([first.logs.length, second.logs.length, second.next]).toEqual([3, 1, undefined])
  expect(first.logs[0]).toMatchObject({ service: "shop", level: "", levelNumber: 17, traceId })
  expect(first.logs[0].time).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z$/)
})

test("logs of one moment stay on one page: none is skipped between pages", async () => {
  const at = now - 50 * 3_600_000
  const sent = Array.from({ length: 7 }, (_, index) => ({
    body: `same ${index}`,
    at: at + (index === 6 ? 1 : 0),
  }))
  await post(local.otlp.http, "logs", logs(sent, "same"))
  const first = (await get("/api/logs?service=same&limit=3")).body
  const second = (await get(`/api/logs?service=same&limit=3&to=${first.next}`)).body
  const seen = [...first.logs, ...second.logs].map(({ body }: { body: string }) => body)
  expect(seen.toSorted((one, two) => one.localeCompare(two))).toEqual(sent.map(({ body }) => body))
  await local.query("DELETE FROM otel_logs WHERE ServiceName = 'same'")
})

test("traces are summed up, newest first, and filtered by any of their spans", async () => {
  const { traces } = (await get("/api/traces")).body
  expect(traces).toMatchObject([
    { traceId, name: "GET /cart", service: "shop", services: ["shop"], spans: 2, errors: 1, durationMs: 120 },
    { traceId: other, name: "poll", service: "worker", spans: 1, errors: 0, durationMs: 5 },
  ])
  const ids = async (query: string) =>
    ((await get(`/api/traces?${query}`)).body.traces as { traceId: string }[]).map((one) => one.traceId)
  expect(await ids("status=error")).toEqual([traceId])
  expect(await ids("minDurationMs=100")).toEqual([traceId])
  expect(await ids("text=deadlock")).toEqual([traceId])
  expect(await ids("text=postgres")).toEqual([traceId])
  expect(await ids("attr.db.system=postgresql")).toEqual([traceId])
  expect(await ids("resource.host.name=node-1")).toEqual([other])
  expect(await ids("name=poll&limit=1")).toEqual([other])
})

test("one trace has its spans in order, and its logs", async () => {
  const { body } = await get(`/api/traces/${traceId}`)
  expect(body.spans).toMatchObject([
    { name: "GET /cart", kind: "Server", parentSpanId: "", durationMs: 120, status: "Unset" },
    {
      name: "SELECT",
      kind: "Client",
      parentSpanId: "aaaaaaaaaaaaaaaa",
      status: "Error",
      statusMessage: "deadlock found",
    },
  ])
  expect(body.logs).toMatchObject([{ body: "Connection TIMEOUT to db-1" }])
})

test("histograms count by what is asked for", async () => {
  const logCounts = (await get("/api/histogram/logs?from=1h&by=service&buckets=1")).body
  expect(logCounts.stepSeconds).toBe(3600)
  const total = (buckets: { group: string; count: number }[], group: string) =>
    buckets.filter((bucket) => bucket.group === group).reduce((sum, { count }) => sum + count, 0)
  expect(["shop", "worker"].map((service) => total(logCounts.buckets, service))).toEqual([3, 1])
  const spanCounts = (await get("/api/histogram/traces?from=2d&by=status")).body
  expect(["Error", "Unset"].map((status) => total(spanCounts.buckets, status))).toEqual([1, 2])
})

test("levels are counted by their number, durations between powers of two", async () => {
  const { buckets } = (await get("/api/histogram/logs?from=1h&by=level&buckets=1&service=shop")).body
  const counts = new Map<string, number>()
  for (const { group, count } of buckets) counts.set(group, (counts.get(group) ?? 0) + count)
  expect(Object.fromEntries(counts)).toEqual({ error: 1, info: 1, debug: 1 })
  expect((await get("/api/histogram/durations?from=2d")).body.buckets).toEqual([
    { fromMs: 4.194304, toMs: 8.388608, count: 1, errors: 0 },
    { fromMs: 16.777216, toMs: 33.554432, count: 1, errors: 1 },
    { fromMs: 67.108864, toMs: 134.217728, count: 1, errors: 0 },
  ])
  expect((await get("/api/traces?maxDurationMs=30")).body.traces).toMatchObject([{ traceId: other }])
  expect((await get("/api/traces?maxDurationMs=30.001&minDurationMs=30")).body.traces).toMatchObject([
    { traceId },
  ])
})

test("services, metrics and sessions", async () => {
  expect((await get("/api/services?from=2d")).body.services).toMatchObject([
    { name: "shop", requests: 1, errors: 0, p50Ms: 120, spans: 2, logs: 3 },
    { name: "worker", requests: 0, spans: 1, logs: 1 },
  ])
  expect((await get("/api/metrics")).body.metrics).toEqual([
    { name: "queue.length", kind: "gauge", unit: "1", description: "", services: ["worker"] },
  ])
  expect((await get("/api/metrics/queue.length?kind=gauge")).body.points).toMatchObject([
    { service: "worker", value: 7, attributes: {} },
  ])
  expect((await get("/api/sessions")).body.sessions).toMatchObject([
    { id: "session-1", service: "web", events: 2 },
  ])
  expect((await get("/api/sessions/session-1")).body.events).toMatchObject([
    { number: 1, json: '{"type":4}', complete: true },
    { number: 2, json: "[ab]", complete: true },
  ])
})

test("the same functions in the process", async () => {
  expect((await local.read.logs({ text: "timeout" })).logs).toHaveLength(1)
  expect(await local.read.trace("00")).toBeUndefined()
  await expect(local.read.logs({ limit: 0 })).rejects.toThrow("limit must be a whole number from 1 to 1000")
  await expect(local.read.histogram({ signal: "logs", by: "constructor" as "level" })).rejects.toThrow(
    "by must be",
  )
})

test("the live stream tells of what was stored, filtered", async () => {
  const stop = new AbortController()
  const stream = await fetch(`${local.url}/api/live?kind=log&text=needle`, { signal: stop.signal })
  expect(stream.headers.get("content-type")).toBe("text/event-stream")
  const reader = stream.body!.pipeThrough(new TextDecoderStream()).getReader()
  let text = (await reader.read()).value ?? ""
  const at = now - 3 * 3_600_000
  await post(
    local.otlp.http,
    "logs",
    logs(
      [
        { body: "hay", at },
        { body: "a Needle\n\nevent: x", at },
      ],
      "live",
    ),
  )
  while (!text.includes("Needle")) text += (await reader.read()).value ?? ""
  stop.abort()
  const events = text.split("\n\n").filter((part) => part.startsWith("event:"))
  expect(events).toHaveLength(1)
  const [event, data = ""] = events[0]?.split("\n") ?? []
  expect(event).toBe("event: log")
  expect(JSON.parse(data.slice("data: ".length))).toMatchObject({
    service: "live",
    body: "a Needle\n\nevent: x",
  })
  await local.query("DELETE FROM otel_logs WHERE ServiceName = 'live'")
})

/** fetch refuses to send some of these headers. */
function raw(method: string, path: string, headers: Record<string, string>, body = ""): Promise<number> {
  const { hostname, port } = new URL(local.url ?? "")
  return new Promise((resolve, reject) => {
    const sent = request({ hostname, port, method, path, headers }, (response) => {
      response.resume()
      resolve(response.statusCode ?? 0)
    })
    sent.on("error", reject)
    sent.end(body)
  })
}

test("S1: pages from elsewhere get nothing", async () => {
  const own = new URL(local.url ?? "").host
  const tries: [number, Record<string, string>][] = [
    [200, { host: own }],
    [200, { host: "localhost:1" }],
    [200, { host: own, origin: `http://${own}` }],
    [200, { host: own, "sec-fetch-site": "same-origin" }],
    [200, { host: own, "sec-fetch-site": "none" }],
    [403, { host: own, origin: "http://evil.example" }],
    [403, { host: own, origin: "null" }],
    [403, { host: own, origin: "http://localhost:3000" }],
    [403, { host: "evil.example" }],
    [403, { host: `evil.example:${new URL(local.url ?? "").port}`, origin: "http://evil.example" }],
    [403, { host: own, "sec-fetch-site": "cross-site" }],
    [403, { host: own, "sec-fetch-site": "same-site" }],
  ]
  for (const [expected, headers] of tries) {
    for (const path of ["/api/logs", "/api/live", "/health", "/"]) {
      if (expected === 200 && path !== "/api/logs") continue
      expect([headers, await raw("GET", path, headers)]).toEqual([headers, expected])
    }
  }
})

test("S1: a page's POST stores nothing, and the API takes none", async () => {
  const payload = JSON.stringify(logs([{ body: "forged" }]))
  const { hostname, port } = new URL(local.otlp.http)
  const send = (headers: Record<string, string>) =>
    new Promise<number>((resolve, reject) => {
      const sent = request({ hostname, port, method: "POST", path: "/v1/logs", headers }, (response) => {
        response.resume()
        resolve(response.statusCode ?? 0)
      })
      sent.on("error", reject)
      sent.end(payload)
    })
  const json = { "content-type": "application/json" }
  expect(await send({ ...json, origin: "http://evil.example" })).toBe(403)
  expect(await send({ ...json, host: "evil.example" })).toBe(403)
  expect(await send({ "content-type": "text/plain" })).toBe(415)
  for (const method of ["POST", "PUT", "DELETE", "OPTIONS"])
    expect(await raw(method, "/api/logs", {})).toBe(405)
  expect(await bodies("text=forged")).toEqual([])
})

test("answers carry headers under which nothing in them can act", async () => {
  const { headers, status } = await get("/api/logs")
  expect(status).toBe(200)
  expect(headers.get("content-security-policy")).toBe("default-src 'none'; frame-ancestors 'none'")
  expect(headers.get("x-content-type-options")).toBe("nosniff")
  expect(headers.get("cross-origin-resource-policy")).toBe("same-origin")
  expect(headers.get("access-control-allow-origin")).toBeNull()
})

test("what is not there says what is", async () => {
  expect((await get("/api/log")).body.error).toContain("/api/logs")
  expect((await get("/api/logs?sevice=x")).body.error).toContain('there is no parameter "sevice"')
})
