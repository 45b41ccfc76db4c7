// What startClickHouse() can be told to do wrong, seen by the official client.
import { type ClickHouseClient, ClickHouseError, ClickHouseLogLevel, createClient } from "@clickhouse/client"
import { type ClickHouse, startClickHouse } from "@clickstack/testing"
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest"
import { failure } from "./failure.ts"
import { until } from "./until.ts"

let server: ClickHouse
let client: ClickHouseClient

beforeAll(async () => {
  server = await startClickHouse()
  client = createClient({ url: server.url, log: { level: ClickHouseLogLevel.OFF } })
})

afterAll(async () => {
  await client.close()
  await server.close()
})

beforeEach(async () => {
  await client.command({ query: "CREATE OR REPLACE TABLE t (x Int32) ENGINE = MergeTree ORDER BY x" })
  await server.forgetRequests()
})

afterEach(() => server.heal())

const insert = (rows = 1) =>
  client.insert({
    table: "t",
    values: Array.from({ length: rows }, (_, x) => ({ x })),
    format: "JSONEachRow",
  })

async function stored(): Promise<number> {
  const result = await client.query({ query: "SELECT count() AS c FROM t", format: "JSONEachRow" })
  const [row] = await result.json<{ c: number }>()
  return row?.c ?? Number.NaN
}

// Every code that a writer has to tell apart, by what it should do about it.
const RETRIED = [159, 202, 209, 210, 236, 241, 242, 252, 319, 439, 999]
const BAD_ROWS = [25, 26, 27, 38, 41, 53, 72, 117, 190]
const CONFIGURATION = [16, 60, 81, 115, 192, 193, 194, 497, 516]

test.each([...RETRIED, ...BAD_ROWS, ...CONFIGURATION])(
  "answers exception %i, once, and nothing is stored",
  async (code) => {
    const fault = await server.fail({ exception: code, on: "insert" })
    const error = await failure(insert())
    expect(error.code).toBe(String(code))
    expect(error.type).toMatch(/^[A-Z_]+$/)
    expect(error.type).not.toBe("UNKNOWN_EXCEPTION")
    expect(await stored()).toBe(0)
    await insert()
    expect(await stored()).toBe(1)
    expect(await fault.hits()).toBe(1)
  },
)

test("answers an exception n times, only for what it is for", async () => {
  const many = await server.fail({ exception: 252, on: "insert", times: 3 })
  expect(await stored()).toBe(0)
  for (let i = 0; i < 3; i++) expect((await failure(insert())).code).toBe("252")
  await insert()
  expect(await many.hits()).toBe(3)
})

test("answers an exception for statements that match, until it is cleared", async () => {
  const fault = await server.fail({ exception: 241, match: /count\(\)/, times: Number.POSITIVE_INFINITY })
  await insert()
  expect((await failure(stored())).code).toBe("241")
  expect((await failure(stored())).code).toBe("241")
  await fault.clear()
  expect(await stored()).toBe(1)
})

test("answers an exception after the insert was done", async () => {
  await server.fail({ exception: 319, on: "insert", afterwards: true, message: "Nobody knows." })
  const error = await failure(insert(3))
  expect(error).toMatchObject({ code: "319", type: "UNKNOWN_STATUS_OF_INSERT", message: "Nobody knows. " })
  expect(await stored()).toBe(3)
  const [request] = await server.requests()
  expect(request).toMatchObject({
    kind: "insert",
    writtenRows: 3,
    status: 500,
    exception: 319,
    fault: expect.any(Number),
  })
})

test("answers an exception under status 200, in the body alone", async () => {
  await server.fail({ exception: 252, on: "insert", status: 200 })
  const { stream, response_headers } = await client.exec({ query: "INSERT INTO t VALUES (1)" })
  let body = ""
  for await (const piece of stream) body += String(piece)
  expect(body).toMatch(/^Code: 252\. DB::Exception: Injected by the test\. \(TOO_MANY_PARTS\) \(version 26\./)
  expect(response_headers["x-clickhouse-exception-code"]).toBeUndefined()
  expect(await stored()).toBe(0)
})

test("breaks a result off half-way, as a server does", async () => {
  await server.fail({ exception: 241, on: "query", midway: true })
  const result = await client.query({ query: "SELECT number FROM numbers(3)", format: "JSONEachRow" })
  expect((await failure(result.json())).code).toBe("241")
})

test.each([
  ["before", 0],
  ["inside", 0],
  ["after", 0],
  ["done", 2],
  ["answer", 2],
] as const)("resets the connection %s, with %i rows stored", async (moment, rows) => {
  await server.fail({ reset: moment, on: "insert" })
  const error = await insert(2).then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  expect(error).toMatchObject({ code: expect.stringMatching(/^(ECONNRESET|EPIPE)$/) })
  expect(await stored()).toBe(rows)
  const [request] = await server.requests()
  expect(request).toMatchObject({ kind: "insert", writtenRows: rows, fault: expect.any(Number) })
})

test("hangs until the fault is cleared", async () => {
  const fault = await server.fail({ hang: true, on: "insert" })
  const hanging = insert()
  await until(async () => (await fault.hits()) === 1)
  expect(await stored()).toBe(0)
  await fault.clear()
  await hanging
  expect(await stored()).toBe(1)
})

test.each([
  [false, 0],
  [true, 1],
])("leaves a hanging client to its own time limit; afterwards: %s, %i stored", async (afterwards, rows) => {
  const fault = await server.fail({ hang: true, on: "insert", afterwards })
  const impatient = createClient({
    url: server.url,
    request_timeout: 100,
    log: { level: ClickHouseLogLevel.OFF },
  })
  await expect(impatient.insert({ table: "t", values: [{ x: 1 }], format: "JSONEachRow" })).rejects.toThrow(
    "Timeout",
  )
  await impatient.close()
  expect(await stored()).toBe(rows)
  await fault.clear()
  expect(await stored()).toBe(rows)
})

test("is slow: before it looks at a request, and with its answer", async () => {
  await server.fail({ delay: 150, on: "query" })
  const started = performance.now()
  await stored()
  expect(performance.now() - started).toBeGreaterThan(140)

  await server.fail({ drip: 100, on: "query" })
  const dripped = performance.now()
  const result = await client.query({ query: "SELECT repeat('x', 30) AS x", format: "TabSeparated" })
  expect(await result.text()).toBe(`${"x".repeat(30)}\n`)
  expect(performance.now() - dripped).toBeGreaterThan(250)
})

test("refuses connections, also on those that were open, until it accepts them again", async () => {
  await insert()
  await server.refuse()
  await expect(insert()).rejects.toMatchObject({ code: expect.stringMatching(/^(ECONNREFUSED|ECONNRESET)$/) })
  await expect(insert()).rejects.toMatchObject({ code: "ECONNREFUSED" })
  expect(await client.ping()).toMatchObject({ success: false })
  await server.accept()
  await insert()
  expect(await stored()).toBe(2)
})

test("fails pings, and nothing else", async () => {
  await server.fail({ exception: 999, on: "ping", status: 503 })
  await insert()
  const ping = await client.ping()
  expect(ping.success).toBe(false)
  expect(ping.success ? undefined : ping.error).toBeInstanceOf(ClickHouseError)
  expect(await client.ping()).toEqual({ success: true })
})

test("uses faults one after another, in their order", async () => {
  await server.fail({ exception: 252, on: "insert" })
  await server.fail({ exception: 241, on: "insert" })
  expect([(await failure(insert())).code, (await failure(insert())).code]).toEqual(["252", "241"])
  await insert()
})

test("tells what arrived, without its secrets", async () => {
  await insert(10)
  await client.query({ query: "SELECT 1", query_id: "mine", clickhouse_settings: { max_threads: 1 } })
  const [first, second, ...rest] = await server.requests()
  expect(rest).toEqual([])
  expect(first).toMatchObject({
    method: "POST",
    path: "/",
    kind: "insert",
    sql: "INSERT INTO t FORMAT JSONEachRow",
    parameters: { query: "INSERT INTO t FORMAT JSONEachRow" },
    headers: { authorization: "***" },
    bytes: '{"x":0}\n'.length * 10,
    writtenRows: 10,
    status: 200,
    exception: undefined,
    fault: undefined,
  })
  expect(second).toMatchObject({ kind: "query", queryId: "mine", parameters: { max_threads: "1" } })
  expect(second?.connection).toBe(first?.connection)
  expect(JSON.stringify(await server.requests())).not.toContain(server.password)
})

test.each([
  [{ exeption: 1 }, 'fail: unknown option "exeption"'],
  [{}, "exactly one of exception, reset, delay, drip, hang"],
  [{ hang: true, delay: 1 }, "exactly one of"],
  [{ exception: "252" }, "the number of an exception"],
  [{ reset: "sometimes" }, "before, inside, after, done, answer"],
  [{ hang: true, on: "inserts" }, '"insert", "query" or "ping"'],
  [{ reset: "done", afterwards: true }, "a reset has its own moments"],
  [{ hang: true, times: 0 }, "a number above 0"],
  [{ hang: true, match: "INSERT" }, "a regular expression"],
])("refuses the fault %j", async (fault, message) => {
  // @ts-expect-error: wrong on purpose
  await expect(server.fail(fault)).rejects.toThrow(message)
})
