// Wrong options, URLs, tables and rows: each is one error that says what, where and the next step, and nothing is sent.
import { IngestError, type IngestOptions, clickhouse, createIngest } from "@clickstack/ingest"
import { startClickHouse } from "@clickstack/testing"
import { afterAll, describe, expect, test } from "vitest"

const server = await startClickHouse()
const ingest = createIngest(server.url)
await ingest.ensureSchema()
afterAll(async () => {
  await ingest.close()
  await server.close()
})

const Timestamp = new Date()

function thrownBy(work: () => unknown): unknown {
  try {
    return work()
  } catch (error) {
    return error
  }
}

describe("createIngest and clickhouse", () => {
  test.each<[string, object | string | undefined, string, RegExp]>([
    ["no options", undefined, "BAD_OPTION", /must be a URL/],
    ["no url", {}, "BAD_OPTION", /option url must be a URL such as/],
    ["an empty url", "", "BAD_OPTION", /option url is "", and must be/],
    [
      "an unknown option",
      { url: server.url, usrname: "x" },
      "BAD_OPTION",
      /usrname: did you mean "username"\?/,
    ],
    [
      "an option of another kind",
      { url: server.url, maxRows: "many" },
      "BAD_OPTION",
      /maxRows is "many", and must be a whole/,
    ],
    [
      "a format that we do not write",
      { url: server.url, format: "CSV" },
      "BAD_OPTION",
      /"Native" or "JSONEachRow"/,
    ],
    ["no URL", "localhost", "BAD_URL", /localhost is not a URL; write http:\/\/host:8123/],
    ["another scheme", "tcp://localhost:9000", "BAD_URL", /scheme "tcp:"; write http:\/\//],
    ["chdb without a directory", "chdb:", "BAD_URL", /chdb: has no directory; write chdb:\.\/data/],
    ["parameters in the URL", "http://localhost:8123/?user=x", "BAD_URL", /give them as options/],
    ["a path of several parts", "http://localhost:8123/a/b", "BAD_URL", /the path is the database's name/],
    [
      "a server's option with chdb",
      { url: "chdb:./x", username: "x" },
      "BAD_OPTION",
      /username.*for servers/,
    ],
    [
      "a table that is not ClickStack's",
      { url: server.url, tableNames: { otel_trace: "x" } },
      "BAD_OPTION",
      /did you mean "otel_traces"/,
    ],
    [
      "a retention that is none",
      { url: server.url, retention: { logs: "soon" } },
      "BAD_OPTION",
      /retention\.logs/,
    ],
    [
      "a certificate that is not there",
      { url: server.url, tls: { caCert: "/no/such.pem" } },
      "BAD_OPTION",
      /cannot read the file \/no\/such\.pem/,
    ],
  ])("refuse %s", (_, options, code, message) => {
    for (const create of [createIngest, clickhouse]) {
      const error = thrownBy(() => create(options as IngestOptions))
      expect(error).toBeInstanceOf(IngestError)
      expect(error).toMatchObject({ name: "IngestError", code, retryable: false })
      expect((error as Error).message).toMatch(message)
      expect((error as Error).message).not.toContain("\n")
    }
  })

  test.each([
    "http://app:hunter2/@localhost:x",
    "htp://app:hunter2@localhost",
    "http://app:hunter2@localhost:8123/a/b",
    "http://app:hunter2@localhost:8123/?x=1",
    "http://app:hunter2%@localhost:8123",
    "app:hunter2@localhost:8123",
  ])("do not repeat the password of %s", (url) => {
    const error = thrownBy(() => createIngest(url)) as Error
    expect(error).toMatchObject({ code: "BAD_URL" })
    expect(`${error.message} ${error.stack} ${JSON.stringify(error)}`).not.toContain("hunter2")
  })
})

describe("insert", () => {
  const span = { Timestamp, TraceId: "a".repeat(32), SpanId: "b".repeat(16), SpanName: "GET /" }

  test.each<[string, string, unknown, string, RegExp]>([
    [
      "an unknown table",
      "otel_log",
      [],
      "UNKNOWN_TABLE",
      /no table "otel_log" in ClickStack: did you mean "otel_logs"\?/,
    ],
    ["a name of every object", "toString", [], "UNKNOWN_TABLE", /toString/],
    ["rows that are no array", "otel_logs", { Timestamp }, "BAD_ROW", /the rows must be an array/],
    [
      "a row that is no object",
      "otel_logs",
      [{ Timestamp }, null],
      "BAD_ROW",
      /row 1 is null instead of an object/,
    ],
    ["a missing field", "otel_logs", [{ Timestamp }, { Body: "x" }], "BAD_ROW", /row 1 has no Timestamp/],
    ["a missing name", "otel_traces", [{ ...span, SpanName: undefined }], "BAD_ROW", /row 0 has no SpanName/],
    [
      "an unknown field",
      "otel_logs",
      [{ Timestamp, Bodyy: "x" }],
      "BAD_ROW",
      /unknown field Bodyy; did you mean Body\?/,
    ],
    [
      "text for a time",
      "otel_logs",
      [{ Timestamp: "today" }],
      "BAD_ROW",
      /field Timestamp is "today"; it must be a time/,
    ],
    ["an invalid Date", "otel_logs", [{ Timestamp: new Date(NaN) }], "BAD_ROW", /field Timestamp is a Date/],
    [
      "a number for text",
      "otel_logs",
      [{ Timestamp, Body: 5 }],
      "BAD_ROW",
      /field Body is 5; it must be a string/,
    ],
    ["null for text", "otel_logs", [{ Timestamp, Body: null }], "BAD_ROW", /field Body is null/],
    [
      "a number that wraps",
      "otel_logs",
      [{ Timestamp, SeverityNumber: 300 }],
      "BAD_ROW",
      /SeverityNumber is 300; .* from 0 to 255/,
    ],
    [
      "an array for attributes",
      "otel_logs",
      [{ Timestamp, LogAttributes: [] }],
      "BAD_ROW",
      /LogAttributes is an array; it must be an object/,
    ],
    ["a negative duration", "otel_traces", [{ ...span, Duration: -1 }], "BAD_ROW", /Duration is -1/],
    [
      "uneven arrays",
      "otel_traces",
      [{ ...span, "Events.Name": ["a"], "Events.Timestamp": [] }],
      "BAD_ROW",
      /arrays Events\.\* differ in length/,
    ],
    ["a wrong item", "otel_traces", [{ ...span, "Events.Name": [1] }], "BAD_ROW", /Events\.Name is an array/],
  ])("refuses %s, and sends nothing", async (_, table, rows, code, message) => {
    const before = (await server.requests()).length
    const good =
      Array.isArray(rows) && table === "otel_logs"
        ? Array.from({ length: 20_000 }, () => ({ Timestamp }))
        : []
    const all = Array.isArray(rows) ? [...rows, ...good] : rows
    const error: unknown = await ingest
      .insert(table as "otel_logs", all as [])
      .catch((caught: unknown) => caught)
    expect(error).toBeInstanceOf(IngestError)
    expect(error).toMatchObject({ code, retryable: false })
    expect((error as Error).message).toMatch(message)
    expect((error as Error).message).not.toContain("\n")
    expect((await server.requests()).length).toBe(before)
  })

  test("finds a bad row behind thousands of good ones before it sends any", async () => {
    const before = (await server.requests()).length
    const rows = Array.from({ length: 25_000 }, (_, index) => (index === 24_999 ? {} : { Timestamp }))
    await expect(ingest.insert("otel_logs", rows as [])).rejects.toMatchObject({
      code: "BAD_ROW",
      message: "insert into otel_logs: row 24999 has no Timestamp; no row was sent",
    })
    expect((await server.requests()).length).toBe(before)
  })

  test("of no rows does nothing", async () => {
    const before = (await server.requests()).length
    await ingest.insert("otel_logs", [])
    expect((await server.requests()).length).toBe(before)
  })
})

test("wrong SQL is one clear error, and so is a parameter that is missing", async () => {
  await expect(ingest.query("SELEC 1")).rejects.toMatchObject({
    code: "BAD_QUERY",
    retryable: false,
    exceptionCode: 62,
    message: expect.stringMatching(
      /^http:\/\/127\.0\.0\.1:\d+, database default: Syntax error.*; correct the SQL$/,
    ) as string,
  })
  await expect(ingest.query("SELECT {missing:String}")).rejects.toMatchObject({
    code: "BAD_QUERY",
    message: expect.stringContaining("missing") as string,
  })
  await expect(ingest.query("SELECT * FROM nowhere")).rejects.toMatchObject({ code: "TABLE_MISSING" })
})

test("after close() everything says that it is closed", async () => {
  const closed = createIngest(server.url)
  await closed.close()
  await closed.close()
  const result = await new Promise((resolve) => closed.spans.export([], resolve))
  expect(result).toMatchObject({ code: 1, error: { code: "CLOSED", retryable: false } })
  await expect(closed.query("SELECT 1")).rejects.toMatchObject({ code: "CLOSED" })
  await expect(closed.insert("otel_logs", [])).rejects.toMatchObject({ code: "CLOSED" })
  await expect(closed.ensureSchema()).rejects.toMatchObject({ code: "CLOSED" })
})
