// What goes wrong on the way to a server, driven through a real ClickHouse that is told to fail: every failure is told
// apart, nothing is lost, nothing is stored twice that could be stored once, and nobody sees the password.
import { type Server, createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { inspect } from "node:util"
import { type Ingest, IngestError, type IngestOptions, createIngest } from "@clickstack/ingest"
import { type ClickHouseFault, startClickHouse } from "@clickstack/testing"
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest"
import { exported } from "./store.ts"
import { log3, now, someSpans, span3 } from "./telemetry.ts"

const password = "s3cr:et/@%40"
const server = await startClickHouse({
  database: "otel",
  password,
  users: { reader: { password: "other s3cret", readonly: true } },
})
const admin = createIngest(server.url)
const opened: Ingest[] = []

// One attempt, so that what a test sees is the server's first answer. Waiting is a matter of the unit tests.
const open = (options: Partial<IngestOptions> = {}): Ingest => {
  const ingest = createIngest({ url: server.url, retryForMs: 0, ...options })
  opened.push(ingest)
  return ingest
}
const patient = { retryForMs: 20_000 }

// Requests before this one belong to other tests.
let first = 0
const inserts = async () =>
  (await server.requests()).slice(first).filter(({ parameters }) => parameters["query"]?.startsWith("INSERT"))

const countOf = async (table: string): Promise<unknown> => {
  const [row] = await admin.query<{ count: number }>(`SELECT count() AS count FROM ${table}`)
  return row?.count
}

beforeAll(async () => {
  await admin.ensureSchema()
  // Without a TTL, and with so few columns that hundreds of partitions cost little.
  await admin.command(
    "CREATE TABLE small (Timestamp DateTime64(9), Body String) ENGINE = MergeTree PARTITION BY toDate(Timestamp) ORDER BY ()",
  )
  await admin.command(
    "CREATE TABLE remembering AS otel_traces ENGINE = MergeTree ORDER BY () SETTINGS non_replicated_deduplication_window = 100",
  )
})
afterEach(async () => {
  await server.heal()
  await Promise.all(opened.map((ingest) => ingest.close()))
  opened.splice(0)
  const filled = await admin.query<{ name: string }>(
    "SELECT name FROM system.tables WHERE database = 'otel' AND total_rows > 0",
  )
  for (const { name } of filled) await admin.command(`TRUNCATE TABLE ${name}`)
  first = (await server.requests()).length
})
afterAll(async () => {
  await admin.close()
  await server.close()
})

const meanings: [exception: number, code: string, retryable: boolean, retryAfterMs: number | undefined][] = [
  ...[159, 202, 209, 210, 236, 242, 319, 439, 999].map((exception): [number, string, boolean, undefined] => [
    exception,
    "OVERLOADED",
    true,
    undefined,
  ]),
  [252, "TOO_MANY_PARTS", true, 5_000],
  [241, "OUT_OF_MEMORY", true, undefined],
  [16, "SCHEMA_MISMATCH", true, 60_000],
  [115, "BAD_OPTION", true, 60_000],
  [60, "TABLE_MISSING", true, 60_000],
  [81, "DATABASE_MISSING", true, 60_000],
  ...[192, 193, 194, 516].map((exception): [number, string, boolean, number] => [
    exception,
    "AUTHENTICATION",
    true,
    60_000,
  ]),
  [497, "PERMISSION", true, 60_000],
  [164, "READ_ONLY", true, 60_000],
  // Not in any list: better kept than thrown away.
  [1002, "SERVER", true, undefined],
]

describe("an exception in answer to an insert", () => {
  test.each(meanings)("%i is %s", async (exception, code, retryable, retryAfterMs) => {
    const ingest = open()
    await server.fail({ on: "insert", exception, times: Infinity })
    const result = await exported(ingest.spans, someSpans(1))
    expect(result).toMatchObject({
      code: 1,
      error: { code, retryable, retryAfterMs, exceptionCode: exception },
    })
    expect(oneLine(result.error)).toContain(`(code ${exception})`)
    expect(ingest.stats()).toEqual({ otel_traces: { stored: 0, rejected: 0 } })
  })

  test.each([25, 26, 27, 38, 41, 53, 72, 117, 190, 469])(
    "%i means a bad row: it alone is left out, and counted",
    async (exception) => {
      const ingest = open()
      // The batch is refused, and the first of its halves.
      await server.fail({ on: "insert", exception, times: 2 })
      expect(await exported(ingest.spans, someSpans(2))).toEqual({ code: 0, rejected: 1 })
      expect(ingest.stats()).toEqual({ otel_traces: { stored: 1, rejected: 1 } })
      expect(await countOf("otel_traces")).toBe(1)
    },
  )

  test.each([159, 202, 209, 210, 236, 242, 319, 439, 999])(
    "%i is tried again with the same bytes",
    async (exception) => {
      const ingest = open(patient)
      await server.fail({ on: "insert", exception })
      expect(await exported(ingest.spans, someSpans(3))).toEqual({ code: 0 })
      const [failed, second, ...more] = await inserts()
      expect(more).toEqual([])
      expect(second?.bytes).toBe(failed?.bytes)
      expect(second?.parameters["insert_deduplication_token"]).toBe(
        failed?.parameters["insert_deduplication_token"],
      )
      expect(await countOf("otel_traces")).toBe(3)
    },
  )

  test("too many parts: no second attempt when there are not five seconds left", async () => {
    const ingest = open({ retryForMs: 4_000 })
    await server.fail({ on: "insert", exception: 252, times: Infinity })
    expect(await exported(ingest.spans, someSpans(3))).toMatchObject({
      code: 1,
      error: { code: "TOO_MANY_PARTS", retryAfterMs: 5_000, retryable: true },
    })
    expect(await inserts()).toHaveLength(1)
  })

  test("a memory limit halves the batch until it fits, and loses nothing", async () => {
    const ingest = open(patient)
    await server.fail({ on: "insert", exception: 241, times: 3 })
    expect(await exported(ingest.spans, someSpans(64))).toEqual({ code: 0 })
    const sent = await inserts()
    expect(sent.map(({ writtenRows }) => writtenRows)).toEqual([0, 0, 0, 8, 8, 16, 32])
    expect(await countOf("otel_traces")).toBe(64)
  })

  test("under status 200, in the body", async () => {
    const ingest = open()
    await server.fail({ on: "insert", exception: 241, status: 200, times: Infinity })
    expect(await exported(ingest.spans, someSpans(1))).toMatchObject({
      code: 1,
      error: { code: "OUT_OF_MEMORY" },
    })
    await server.heal()
    await server.fail({ on: "insert", exception: 210, midway: true })
    expect(await exported(ingest.spans, someSpans(1))).toMatchObject({
      code: 1,
      error: { code: "OVERLOADED" },
    })
  })
})

describe("bad rows", () => {
  test("that the table itself refuses are found by halving; all others are stored, once", async () => {
    await admin.command("CREATE TABLE checked AS small")
    await admin.command("ALTER TABLE checked ADD CONSTRAINT no_secrets CHECK Body NOT LIKE '%card%'")
    const ingest = open({ tableNames: { otel_logs: "checked" } })
    const bad = new Set([0, 13, 14, 39])
    const records = Array.from({ length: 40 }, (_, index) =>
      log3({ body: bad.has(index) ? `card ${index}` : `log ${index}`, hrTime: [now, index] }),
    )
    expect(await exported(ingest.logs, records)).toEqual({ code: 0, rejected: 4 })
    expect(ingest.stats()).toEqual({ otel_logs: { stored: 36, rejected: 4 } })
    const [row] = await ingest.query("SELECT count() AS rows, uniqExact(Body) AS bodies FROM checked")
    expect(row).toEqual({ rows: 36, bodies: 36 })

    await expect(
      ingest.insert(
        "otel_logs",
        records.map((_, index) => ({ Timestamp: [now, index], Body: index === 2 ? "card" : "log" })),
      ),
    ).rejects.toMatchObject({ code: "BAD_ROW", exceptionCode: 469, unstored: [{ Body: "card" }] })
  })

  test("a table that refuses every row is wrong itself: the rows are kept", async () => {
    await admin.command("CREATE TABLE refusing AS small")
    await admin.command("ALTER TABLE refusing ADD CONSTRAINT nothing CHECK Body = ''")
    const ingest = open({ tableNames: { otel_logs: "refusing" } })
    const records = Array.from({ length: 40 }, (_, index) => log3({ body: `log ${index}` }))
    expect(await exported(ingest.logs, records)).toMatchObject({
      code: 1,
      error: { code: "SCHEMA_MISMATCH", retryable: true, retryAfterMs: 60_000 },
    })
    expect(ingest.stats()).toEqual({ otel_logs: { stored: 0, rejected: 0 } })
    await admin.command("ALTER TABLE refusing DROP CONSTRAINT nothing")
    expect(await exported(ingest.logs, records)).toEqual({ code: 0 })
    expect(await countOf("refusing")).toBe(40)
  })
})

describe("old data", () => {
  const ofDays = (days: number) =>
    Array.from({ length: days * 2 }, (_, index) => log3({ hrTime: [now - (index % days) * 86_400, index] }))

  test("of 400 days is split by partition, and all of it stored", async () => {
    const ingest = open({ tableNames: { otel_logs: "small" } })
    expect(await exported(ingest.logs, ofDays(400))).toEqual({ code: 0 })
    expect(await countOf("small")).toBe(800)
    expect(await inserts()).toHaveLength(5)
  })

  test("is sent in smaller pieces to a server that allows fewer partitions than usual", async () => {
    const settings = { max_partitions_per_insert_block: 20 }
    const ingest = open({ tableNames: { otel_logs: "small" }, settings })
    expect(await exported(ingest.logs, ofDays(60))).toEqual({ code: 0 })
    expect(await countOf("small")).toBe(120)
    expect(ingest.stats()).toEqual({ otel_logs: { stored: 120, rejected: 0 } })
  })
})

describe("a connection that is reset", () => {
  // Whether the rows were stored by then: a server that remembers tokens stores them once in any case.
  const resets: [reset: "before" | "inside" | "after" | "done" | "answer", isStored: boolean][] = [
    ["before", false],
    ["inside", false],
    ["after", false],
    ["done", true],
    ["answer", true],
  ]

  test.each(resets)("%s: the insert is repeated and nothing is lost", async (reset, isStored) => {
    const ingest = open(patient)
    await server.fail({ on: "insert", reset })
    expect(await exported(ingest.spans, someSpans(5))).toEqual({ code: 0 })
    expect(await inserts()).toHaveLength(2)
    expect(await countOf("otel_traces")).toBe(isStored ? 10 : 5)
  })

  test.each(resets)("%s: a table with a deduplication window has every row once", async (reset) => {
    const ingest = open({ ...patient, tableNames: { otel_traces: "remembering" } })
    await server.fail({ on: "insert", reset })
    expect(await exported(ingest.spans, someSpans(5))).toEqual({ code: 0 })
    expect(await inserts()).toHaveLength(2)
    expect(await countOf("remembering")).toBe(5)
    // The same rows, meant twice, are stored twice.
    expect(await exported(ingest.spans, someSpans(5))).toEqual({ code: 0 })
    expect(await countOf("remembering")).toBe(10)
  })

  test("a batch that is exported again stores only what is not stored yet", async () => {
    const ingest = open({ maxRows: 10 })
    const spans = someSpans(30)
    expect(await exported(ingest.spans, someSpans(1))).toEqual({ code: 0 })
    await server.fail({ on: "insert", delay: 0, times: 2 })
    await server.fail({ on: "insert", exception: 202 })
    expect(await exported(ingest.spans, spans)).toMatchObject({ code: 1, error: { code: "OVERLOADED" } })
    expect(await countOf("otel_traces")).toBe(21)
    expect(await exported(ingest.spans, spans)).toEqual({ code: 0 })
    expect(await countOf("otel_traces")).toBe(31)
    expect(ingest.stats()).toEqual({ otel_traces: { stored: 31, rejected: 0 } })
  })

  test("insert() hands back the rows that are not stored", async () => {
    const ingest = open({ maxRows: 2 })
    const rows = Array.from({ length: 5 }, (_, index) => ({ Timestamp: new Date(), Body: `log ${index}` }))
    await server.fail({ on: "insert", delay: 0 })
    await server.fail({ on: "insert", reset: "inside" })
    const error = await ingest.insert("otel_logs", rows).catch((caught: unknown) => caught as IngestError)
    expect(error).toMatchObject({ code: "UNREACHABLE", retryable: true, unstored: rows.slice(2) })
    await ingest.insert("otel_logs", ((error as IngestError).unstored ?? []) as typeof rows)
    expect(await countOf("otel_logs")).toBe(5)
  })
})

describe("wrong configuration", () => {
  const at = (path: string, user = "default", word = password): string =>
    `http://${encodeURIComponent(user)}:${encodeURIComponent(word)}@127.0.0.1:${server.port}/${path}`

  test.each<[string, Partial<IngestOptions>, string, RegExp]>([
    ["a wrong password", { password: "wr0ng" }, "AUTHENTICATION", /check the user name and the password/],
    ["an unknown user", { username: "nobody" }, "AUTHENTICATION", /check the user name/],
    ["no such database", { database: "nowhere" }, "DATABASE_MISSING", /nowhere.*ensureSchema\(\)/],
    [
      "no such table",
      { tableNames: { otel_traces: "missing" } },
      "TABLE_MISSING",
      /missing.*ensureSchema\(\)/,
    ],
    ["a user who may only read", { username: "reader", password: "other s3cret" }, "READ_ONLY", /may write/],
    ["an unknown setting", { settings: { no_such_setting: 1 } }, "BAD_OPTION", /no_such_setting/],
  ])("%s", async (_, options, code, message) => {
    const ingest = open(options)
    const result = await exported(ingest.spans, someSpans(1))
    expect(result).toMatchObject({ code: 1, error: { code, retryable: true, retryAfterMs: 60_000 } })
    expect(oneLine(result.error)).toMatch(message)
    expect(oneLine(result.error)).toContain(`http://127.0.0.1:${server.port}`)
    expect(secretsIn(result.error)).toEqual([])
  })

  test("a table that is made later is found", async () => {
    const ingest = open({ tableNames: { otel_traces: "later" } })
    expect(await exported(ingest.spans, someSpans(1))).toMatchObject({ code: 1 })
    await open({ tableNames: { otel_traces: "later" } }).ensureSchema()
    expect(await exported(ingest.spans, someSpans(1))).toEqual({ code: 0 })
  })

  test("refused connections", async () => {
    const ingest = open()
    await server.refuse()
    const result = await exported(ingest.spans, someSpans(1))
    expect(result).toMatchObject({
      code: 1,
      error: { code: "UNREACHABLE", retryable: true, retryAfterMs: undefined },
    })
    expect(oneLine(result.error)).toMatch(/ECONNREFUSED.*check host and port, and that the server runs/)
    await server.accept()
    expect(await exported(ingest.spans, someSpans(1))).toEqual({ code: 0 })
  })

  test("a host that does not exist", async () => {
    const ingest = open({ url: "http://nowhere.invalid:8123", username: "app", password })
    const result = await exported(ingest.spans, someSpans(1))
    expect(result).toMatchObject({ code: 1, error: { code: "UNREACHABLE" } })
    expect(oneLine(result.error)).toMatch(/nowhere\.invalid.*check host and port/)
  })

  test("https where http is spoken", async () => {
    const ingest = open({ url: at("otel").replace("http:", "https:") })
    const result = await exported(ingest.spans, someSpans(1))
    expect(result).toMatchObject({ code: 1, error: { code: "UNREACHABLE", retryAfterMs: 60_000 } })
    expect(oneLine(result.error)).toMatch(/check http and https, and the port/)
    expect(secretsIn(result.error)).toEqual([])
  })

  test.each([404, 200])("something else that answers on the port, with status %i", async (status) => {
    const other = createServer((request, response) => {
      request.resume()
      response.writeHead(status).end("<html>\n<p>no ClickHouse here</p>\n</html>\n")
    })
    const url = await listening(other)
    const ingest = open({ url })
    const result = await exported(ingest.spans, someSpans(1))
    expect(result).toMatchObject({ code: 1, error: { code: "UNREACHABLE", retryable: true } })
    expect(oneLine(result.error)).toContain(url)
    await ingest.close()
    other.close()
  })
})

describe("a server that is slow ends at timeoutMs", () => {
  test("never answers to an insert", async () => {
    const ingest = open({ timeoutMs: 2_000 })
    // Reads the columns, and on a machine with much else to do that takes a while.
    await ingest.insert("otel_logs", [{ Timestamp: new Date() }])
    await server.fail({ on: "insert", hang: true, times: Infinity })
    const result = await exported(ingest.logs, [log3()])
    expect(result).toMatchObject({ code: 1, error: { code: "TIMEOUT", retryable: true } })
    expect(oneLine(result.error)).toMatch(/timeoutMs/)
  })

  test.each<[string, ClickHouseFault]>([
    ["never answers", { on: "query", hang: true, times: Infinity }],
    ["drips its answer", { on: "query", drip: 5, times: Infinity }],
  ])("%s to a query", async (_, fault) => {
    const ingest = open({ timeoutMs: 300 })
    await server.fail(fault)
    const sql = "SELECT number, repeat('x', 100) AS text FROM numbers(10)"
    await expect(ingest.query(sql)).rejects.toMatchObject({ code: "TIMEOUT", retryable: true })
    await expect(ingest.command("SELECT 1")).rejects.toMatchObject({ code: "TIMEOUT" })
    await expect(ingest.insert("otel_logs", [{ Timestamp: new Date() }])).rejects.toMatchObject({
      code: "TIMEOUT",
    })
  })

  test("drips its answer to an insert or a command, and never ends it", async () => {
    const dripping = createServer((request, response) => {
      request.resume()
      response.writeHead(200)
      // Columns are asked for before the first insert.
      if (request.url?.includes("DESCRIBE") === true) {
        response.end('["name","type","default_type"]\n["String","String","String"]\n["Body","String",""]\n')
        return
      }
      const timer = setInterval(() => response.write(" "), 20)
      response.on("close", () => clearInterval(timer))
    })
    const ingest = open({ url: await listening(dripping), timeoutMs: 300 })
    await expect(ingest.command("SELECT 1")).rejects.toMatchObject({ code: "TIMEOUT", retryable: true })
    expect(await exported(ingest.logs, [log3()])).toMatchObject({ code: 1, error: { code: "TIMEOUT" } })
    await ingest.close()
    dripping.closeAllConnections()
    dripping.close()
  })
})

async function listening(other: Server): Promise<string> {
  await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve))
  return `http://127.0.0.1:${(other.address() as AddressInfo).port}`
}

test("the password is in no error: neither in its message, stack and causes, nor in what is printed of it", async () => {
  const faults: ClickHouseFault[] = [
    { exception: 516, message: "no" },
    { reset: "inside" },
    { reset: "answer" },
    { exception: 241, status: 200 },
  ]
  const errors: unknown[] = []
  for (const fault of faults) {
    await server.fail({ ...fault, times: Infinity })
    const ingest = open()
    errors.push((await exported(ingest.spans, someSpans(1))).error)
    errors.push(await ingest.query("SELECT 1").catch((error: unknown) => error))
    errors.push(await ingest.command("SELECT 1").catch((error: unknown) => error))
    errors.push(
      await ingest.insert("otel_logs", [{ Timestamp: new Date() }]).catch((error: unknown) => error),
    )
    await server.heal()
  }
  await server.refuse()
  errors.push((await exported(open().spans, [span3()])).error)
  expect(errors).toHaveLength(17)
  for (const error of errors) {
    expect(error).toBeInstanceOf(IngestError)
    oneLine(error)
    expect(secretsIn(error)).toEqual([])
  }
})

function oneLine(error: unknown): string {
  const { message } = error as Error
  expect(message).not.toContain("\n")
  expect(message).not.toMatch(/DB::Exception|version \d/)
  return message
}

/** Everything that a logger may print of an error, searched for the password in its usual spellings. */
function secretsIn(error: unknown): string[] {
  const seen: string[] = []
  for (let one = error as Error | undefined; one !== undefined; one = one.cause as Error | undefined) {
    const names = Object.getOwnPropertyNames(one).filter((name) => name !== "cause")
    seen.push(one.message, String(one.stack), JSON.stringify(one), JSON.stringify(one, names))
  }
  seen.push(inspect(error, { depth: 20, showHidden: true, maxStringLength: null }))
  const spellings = [
    password,
    encodeURIComponent(password),
    Buffer.from(`default:${password}`).toString("base64"),
    "other s3cret",
    "wr0ng",
  ]
  return spellings.filter((spelling) => seen.some((text) => text.includes(spelling)))
}
