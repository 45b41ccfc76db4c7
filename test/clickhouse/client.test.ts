// The official client against startClickHouse(): it must not notice a difference in what is supported.
import { Readable } from "node:stream"
import { buffer } from "node:stream/consumers"
import {
  ClickHouseLogLevel,
  createClient,
  type ClickHouseClient,
  type ClickHouseSettings,
  TupleParam,
} from "@clickhouse/client"
import { type ClickHouse, startClickHouse } from "@clickstack/testing"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { failure } from "./failure.ts"
import { until } from "./until.ts"

let server: ClickHouse
let client: ClickHouseClient

const connect = (options: object = {}): ClickHouseClient =>
  createClient({ url: server.url, log: { level: ClickHouseLogLevel.OFF }, ...options })

beforeAll(async () => {
  server = await startClickHouse({ database: "shop" })
  client = connect()
})

afterAll(async () => {
  await client.close()
  await server.close()
})

async function rowsOf<T>(query: string, parameters: Record<string, unknown> = {}): Promise<T[]> {
  const result = await client.query({ query, format: "JSONEachRow", query_params: parameters })
  return result.json<T>()
}

describe("queries", () => {
  test("answers a ping, plain and with a query", async () => {
    expect(await client.ping()).toEqual({ success: true })
    expect(await client.ping({ select: true })).toEqual({ success: true })
  })

  test("answers in the formats that the client knows", async () => {
    const query = "SELECT number AS n, toString(number) AS s FROM numbers(2)"
    const json = async (format: "JSON" | "JSONCompact" | "JSONEachRow" | "JSONCompactEachRow") =>
      (await client.query({ query, format })).json()
    expect(await json("JSON")).toMatchObject({
      data: [
        { n: 0, s: "0" },
        { n: 1, s: "1" },
      ],
      rows: 2,
    })
    expect(await json("JSONCompact")).toMatchObject({
      data: [
        [0, "0"],
        [1, "1"],
      ],
    })
    expect(await json("JSONEachRow")).toEqual([
      { n: 0, s: "0" },
      { n: 1, s: "1" },
    ])
    expect(await json("JSONCompactEachRow")).toEqual([
      [0, "0"],
      [1, "1"],
    ])
    const text = async (format: "CSV" | "CSVWithNames" | "TabSeparated" | "TabSeparatedWithNamesAndTypes") =>
      (await client.query({ query, format })).text()
    expect(await text("CSV")).toBe('0,"0"\n1,"1"\n')
    expect(await text("CSVWithNames")).toBe('"n","s"\n0,"0"\n1,"1"\n')
    expect(await text("TabSeparated")).toBe("0\t0\n1\t1\n")
    expect(await text("TabSeparatedWithNamesAndTypes")).toBe("n\ts\nUInt64\tString\n0\t0\n1\t1\n")
  })

  test("keeps one head in a result of many blocks, in every format", async () => {
    const query = "SELECT number AS n FROM numbers(200000) SETTINGS max_block_size = 1000"
    const csv = await (await client.query({ query, format: "CSVWithNames" })).text()
    expect(csv.match(/"n"/g)).toHaveLength(1)
    expect(csv.split("\n")).toHaveLength(200_002)
    const json = await (await client.query({ query, format: "JSON" })).json<{ n: string }>()
    expect(json.data).toHaveLength(200_000)
  })

  test("streams a large result, in order and whole", async () => {
    const result = await client.query({
      query: "SELECT number AS n FROM numbers(500000)",
      format: "JSONEachRow",
    })
    let expected = 0
    for await (const rows of result.stream<{ n: number }>()) {
      for (const row of rows) if (row.json<{ n: number }>().n === expected) expected++
    }
    expect(expected).toBe(500_000)
  })

  test("gives a client headers about the query", async () => {
    const result = await client.query({
      query: "SELECT 1 AS x",
      format: "JSONEachRow",
      query_id: "the-id-of-it",
    })
    expect(await result.json()).toEqual([{ x: 1 }])
    expect(result.query_id).toBe("the-id-of-it")
    expect(result.response_headers).toMatchObject({
      "x-clickhouse-query-id": "the-id-of-it",
      "x-clickhouse-format": "JSONEachRow",
      "x-clickhouse-timezone": expect.stringMatching(/\w/),
      "x-clickhouse-server-display-name": expect.stringMatching(/\w/),
      "content-type": "application/x-ndjson; charset=UTF-8",
    })
    const summary = JSON.parse(String(result.response_headers["x-clickhouse-summary"]))
    expect(summary).toMatchObject({ read_rows: "1", result_rows: "1", written_rows: "0" })
  })

  test("compresses the answer with gzip", async () => {
    const compressed = connect({ compression: { response: true, request: true } })
    const result = await compressed.query({
      query: "SELECT number AS n FROM numbers(100000)",
      format: "JSONEachRow",
    })
    expect(result.response_headers["content-encoding"]).toBe("gzip")
    expect(await result.json()).toHaveLength(100_000)
    const refused = await failure(compressed.query({ query: "SELECT nope", format: "JSONEachRow" }))
    expect(refused.code).toBe("47")
    await compressed.close()
  })

  test("holds everything back with wait_end_of_query, so that a late exception is an error", async () => {
    const query = "SELECT number, throwIf(number = 40000) FROM numbers(50000) SETTINGS max_block_size = 1000"
    const settings = { wait_end_of_query: 1 } as const
    const error = await failure(client.query({ query, format: "JSONEachRow", clickhouse_settings: settings }))
    expect(error.code).toBe("395")
  })

  test("tells an exception in a result that has begun, so that the client finds it", async () => {
    const query =
      "SELECT number, repeat('x', 100), throwIf(number = 40000) FROM numbers(50000) SETTINGS max_block_size = 1000"
    const result = await client.query({ query, format: "JSONEachRow" })
    const error = await failure(result.json())
    expect(error).toMatchObject({ code: "395", type: "FUNCTION_THROW_IF_VALUE_IS_NON_ZERO" })
    // The server closes that connection; the client opens another one.
    expect(await rowsOf("SELECT 1 AS x")).toEqual([{ x: 1 }])
  })

  test("stops a query that the client aborts", async () => {
    const abort = new AbortController()
    const query = "SELECT count(), sum(cityHash64(number)) FROM numbers(1000000000000)"
    const aborted = client.query({ query, abort_signal: abort.signal, query_id: "to-be-aborted" })
    await until(async () => (await running("to-be-aborted")) === 1)
    abort.abort()
    await expect(aborted).rejects.toThrow(/abort/)
    await until(async () => (await running("to-be-aborted")) === 0)
  })

  test("stops an endless result when the client has read enough of it", async () => {
    const query = "SELECT number AS n FROM system.numbers"
    const result = await client.query({ query, format: "JSONEachRow", query_id: "endless" })
    expect(await running("endless")).toBe(1)
    result.close()
    await until(async () => (await running("endless")) === 0)
  })

  test("stops a query with KILL QUERY, by the id that its client gave", async () => {
    const query = "SELECT count(), sum(cityHash64(number)) FROM numbers(1000000000000)"
    const killed = failure(client.query({ query, query_id: "to-be-killed" }))
    await until(async () => (await running("to-be-killed")) === 1)
    const twice = await failure(client.query({ query: "SELECT 1", query_id: "to-be-killed" }))
    expect(twice).toMatchObject({ code: "216", type: "QUERY_WITH_SAME_ID_IS_ALREADY_RUNNING" })
    const answer = await client.query({
      query: "KILL QUERY WHERE query_id = 'to-be-killed'",
      format: "JSONEachRow",
    })
    expect(await answer.json()).toEqual([
      expect.objectContaining({ query_id: "to-be-killed", user: "default" }),
    ])
    expect(await killed).toMatchObject({ code: "394", type: "QUERY_WAS_CANCELLED" })
  })
})

describe("bound parameters", () => {
  test.each([
    ["String", 'it\'s "quoted" \\ `x`\n\n\ttab \r \u0000 ü 😀', undefined],
    ["String", "'; DROP TABLE t; --", undefined],
    ["String", "", undefined],
    ["String", "\\N", undefined],
    ["UInt8", 255, undefined],
    ["Int64", -9007199254740991, undefined],
    ["Float64", -1.5, undefined],
    ["Bool", true, undefined],
    ["Nullable(String)", null, undefined],
    ["Nullable(String)", "text", undefined],
    ["Nullable(Int32)", null, undefined],
    ["Array(String)", ["a'b", "c\nd", "", "]"], undefined],
    ["Array(UInt32)", [1, 2, 3], undefined],
    ["Array(Nullable(Int32))", [1, null], undefined],
    ["Map(String, String)", { "k'1": "v\n1" }, undefined],
    ["Date", "2026-11-20", undefined],
    ["DateTime64(9, 'UTC')", "2026-11-20 12:00:00.123456789", undefined],
    ["DateTime64(3, 'UTC')", new Date("2026-11-20T12:00:00.123Z"), "2026-11-20 12:00:00.123"],
    ["UUID", "61f0c404-5cb3-11e7-907b-a6006ad3dba0", undefined],
    ["Tuple(UInt8, String)", new TupleParam([1, "x'y"]), [1, "x'y"]],
    ["LowCardinality(String)", "low", undefined],
    ["Decimal(18, 4)", "12.3456", 12.3456],
  ])("%s: %j", async (type, value, expected) => {
    expect(await rowsOf(`SELECT {v:${type}} AS v`, { v: value })).toEqual([{ v: expected ?? value }])
  })

  test("Identifier, for tables and columns", async () => {
    const query = "SELECT {column:Identifier} AS x FROM {database:Identifier}.{table:Identifier}"
    expect(await rowsOf(query, { column: "dummy", database: "system", table: "one" })).toEqual([{ x: 0 }])
  })

  test("of a megabyte, which the client sends as a form", async () => {
    const v = "x'\n".repeat(350_000)
    const result = await client.query({
      query: "SELECT length({v:String}) AS n, {w:String} AS w",
      query_params: { v, w: "second" },
      use_multipart_params: true,
      format: "JSONEachRow",
    })
    expect(await result.json()).toEqual([{ n: v.length, w: "second" }])
  })

  test("of 100 KB, in the URL", async () => {
    const v = "é ".repeat(20_000)
    expect(await rowsOf("SELECT {v:String} AS v", { v })).toEqual([{ v }])
  })

  test("that is missing or malformed is an exception", async () => {
    expect(await failure(rowsOf("SELECT {v:UInt8}"))).toMatchObject({ code: "456" })
    expect((await failure(rowsOf("SELECT {v:UInt8}", { v: "x" }))).code).toBe("457")
  })

  test("of concurrent requests never meet", async () => {
    const values = Array.from({ length: 50 }, (_, i) => `value ${i}`)
    const rows = await Promise.all(
      values.map((v) => rowsOf("SELECT {v:String} AS v, sleep(0.01) AS s", { v })),
    )
    expect(rows).toEqual(values.map((v) => [{ v, s: 0 }]))
  })
})

describe("inserts", () => {
  test("stores rows and tells how many, in JSONEachRow, compressed or not", async () => {
    await client.command({ query: "CREATE TABLE rows (x Int32, s String) ENGINE = MergeTree ORDER BY x" })
    const values = [
      { x: 1, s: "a\n\nb; DROP TABLE rows" },
      { x: 2, s: "ü 😀 \u0000 '" },
    ]
    const plain = await client.insert({ table: "rows", values, format: "JSONEachRow" })
    expect(plain).toMatchObject({
      executed: true,
      summary: { written_rows: "2", read_rows: "2", result_rows: "2" },
    })
    expect(Number(plain.summary?.written_bytes)).toBeGreaterThan(0)
    const compressed = connect({ compression: { request: true, response: true } })
    const second = await compressed.insert({ table: "rows", values, format: "JSONEachRow" })
    expect(second.summary?.written_rows).toBe("2")
    await compressed.close()
    expect(await rowsOf("SELECT x, s, count() AS c FROM rows GROUP BY x, s ORDER BY x")).toEqual(
      values.map(({ x, s }) => ({ x, s, c: 2 })),
    )
  })

  test("counts the rows of materialized views, as a server does, also of inserts at the same time", async () => {
    await client.command({ query: "CREATE TABLE viewed (x Int32) ENGINE = MergeTree ORDER BY x" })
    const view = "CREATE MATERIALIZED VIEW viewing ENGINE = MergeTree ORDER BY x AS SELECT x FROM viewed"
    await client.command({ query: view })
    const insert = async (rows: number) => {
      const values = Array.from({ length: rows }, (_, x) => ({ x }))
      return (await client.insert({ table: "viewed", values, format: "JSONEachRow" })).summary?.written_rows
    }
    expect(await Promise.all([3, 5, 7].map(insert))).toEqual(["6", "10", "14"])
  })

  test.each([
    ["CSV", '1,"a\n\nb"\n2,c\n'],
    ["TabSeparated", "1\ta\\n\\nb\n2\tc\n"],
  ] as const)("streams raw %s, blank lines and all", async (format, text) => {
    const table = `raw_${format}`
    await client.command({ query: `CREATE TABLE ${table} (x Int32, s String) ENGINE = Memory` })
    await client.insert({ table, values: Readable.from([text], { objectMode: false }), format })
    expect(await rowsOf(`SELECT * FROM ${table} ORDER BY x`)).toEqual([
      { x: 1, s: "a\n\nb" },
      { x: 2, s: "c" },
    ])
  })

  test.each([false, true])("takes Native by exec(), gzip: %s, byte for byte", async (gzip) => {
    const table = `native_${gzip}`
    const binary = connect({ compression: { request: gzip, response: gzip } })
    await binary.command({ query: `CREATE TABLE ${table} (a UInt16, b String) ENGINE = Memory` })
    // Bytes that chDB would take for the end of inline data and for SQL; and those that are not UTF-8.
    const values = ["\n\nDROP TABLE system.one;\n", Buffer.from([0xff, 0x00, 0x0a, 0x0a, 0xfe])].map((v) =>
      Buffer.from(v),
    )
    const block = nativeBlock([1, 0x0a0a], values)
    const { stream, summary } = await binary.exec({
      query: `INSERT INTO ${table} (a, b) FORMAT Native`,
      values: Readable.from([block.subarray(0, 7), block.subarray(7)], { objectMode: false }),
    })
    stream.resume()
    expect(summary?.written_rows).toBe("2")
    expect(await rowsOf(`SELECT a, hex(b) AS b FROM ${table}`)).toEqual([
      { a: 1, b: values[0]?.toString("hex").toUpperCase() },
      { a: 0x0a0a, b: "FF000A0AFE" },
    ])
    const back = await binary.exec({ query: `SELECT a, b FROM ${table} FORMAT Native` })
    expect((await buffer(back.stream)).toString("hex")).toBe(block.toString("hex"))
    await binary.close()
  })

  test("takes many inserts on one connection, and on many", async () => {
    await client.command({ query: "CREATE TABLE busy (x Int32) ENGINE = MergeTree ORDER BY x" })
    const values = [{ x: 1 }, { x: 2 }]
    for (let i = 0; i < 5; i++) await client.insert({ table: "busy", values, format: "JSONEachRow" })
    await Promise.all(
      values.concat(values).map(() => client.insert({ table: "busy", values, format: "JSONEachRow" })),
    )
    expect(await rowsOf("SELECT count() AS c FROM busy")).toEqual([{ c: 18 }])
  })

  test("takes asynchronous inserts, waiting for them", async () => {
    await client.command({ query: "CREATE TABLE later (x Int32) ENGINE = MergeTree ORDER BY x" })
    const settings = { async_insert: 1, wait_for_async_insert: 1 } as const
    await client.insert({
      table: "later",
      values: [{ x: 1 }],
      format: "JSONEachRow",
      clickhouse_settings: settings,
    })
    expect(await rowsOf("SELECT count() AS c FROM later")).toEqual([{ c: 1 }])
  })

  test("does asynchronous inserts at once, also for who would not wait, and tells what is wrong", async () => {
    await client.command({ query: "CREATE TABLE hidden (x UInt8) ENGINE = MergeTree ORDER BY x" })
    const settings = { async_insert: 1, wait_for_async_insert: 0 } as const
    const insert = (x: unknown) =>
      client.insert({
        table: "hidden",
        values: [{ x }],
        format: "JSONEachRow",
        clickhouse_settings: settings,
      })
    expect((await insert(1)).summary?.written_rows).toBe("1")
    expect(await rowsOf("SELECT x FROM hidden")).toEqual([{ x: 1 }])
    expect((await failure(insert("not a number"))).code).toBe("27")
  })

  test.each(["Parquet", "ArrowStream", "Avro", "RowBinaryWithNamesAndTypes", "JSON", "XML"])(
    "gives and takes %s",
    async (format) => {
      const rows = "SELECT number AS n, concat('é\\n', toString(number)) AS s FROM numbers(3)"
      const { stream } = await client.exec({ query: `${rows} FORMAT ${format}` })
      const bytes = await buffer(stream)
      expect(bytes.length).toBeGreaterThan(20)
      if (format === "XML") return // which is for output only
      const table = `as_${format}`
      await client.command({ query: `CREATE TABLE ${table} (n UInt64, s String) ENGINE = Memory` })
      const values = Readable.from([bytes], { objectMode: false })
      const { stream: drained } = await client.exec({
        query: `INSERT INTO ${table} FORMAT ${format}`,
        values,
      })
      drained.resume()
      expect(await rowsOf(`SELECT * FROM ${table} ORDER BY n`)).toEqual(await rowsOf(rows))
    },
  )

  test("runs INSERT ... VALUES and INSERT ... SELECT, and counts what they wrote", async () => {
    await client.command({ query: "CREATE TABLE plain (x Int32, s String) ENGINE = MergeTree ORDER BY x" })
    const byValues = await client.command({ query: "INSERT INTO plain VALUES (1, 'a;b'), (2, 'c')" })
    const bySelect = await client.command({ query: "INSERT INTO plain SELECT number, 'n' FROM numbers(10)" })
    expect([byValues.summary?.written_rows, bySelect.summary?.written_rows]).toEqual(["2", "10"])
  })

  test("refuses rows that do not fit, tells where, and stores none of them", async () => {
    await client.command({ query: "CREATE TABLE strict (x UInt8) ENGINE = MergeTree ORDER BY x" })
    const values = [{ x: 1 }, { x: "not a number" }]
    const error = await failure(client.insert({ table: "strict", values, format: "JSONEachRow" }))
    expect(error.code).toBe("27")
    expect(error.message).not.toContain("/")
    expect(await rowsOf("SELECT count() AS c FROM strict")).toEqual([{ c: 0 }])
  })
})

describe("settings", () => {
  test("count for their request alone", async () => {
    const query = "SELECT getSetting('max_block_size') AS a, getSetting('final') AS b"
    const settings = { max_block_size: "77", final: 1 } as const
    const result = await client.query({ query, format: "JSONEachRow", clickhouse_settings: settings })
    expect(await result.json()).toEqual([{ a: 77, b: true }])
    expect(await rowsOf(query)).toEqual([{ a: 65409, b: false }])
  })

  test("of SET, of USE and temporary tables end with their request", async () => {
    await client.command({ query: "SET max_block_size = 78" })
    await client.command({ query: "USE system" })
    await client.command({ query: "CREATE TEMPORARY TABLE brief (x Int32)" })
    expect(await rowsOf("SELECT getSetting('max_block_size') AS a, currentDatabase() AS d")).toEqual([
      { a: 65409, d: "shop" },
    ])
    expect((await failure(rowsOf("SELECT * FROM brief"))).code).toBe("60")
  })

  test("that do not exist, or have a wrong value, are exceptions", async () => {
    expect(await failure(withSettings({ no_such_setting: "1" }))).toMatchObject({
      code: "115",
      type: "UNKNOWN_SETTING",
    })
    expect((await failure(withSettings({ max_block_size: "many" }))).code).toBe("27")
  })

  test("limit a query's time", async () => {
    const query = "SELECT count(), sum(cityHash64(number)) FROM numbers(1000000000000)"
    const error = await failure(client.query({ query, clickhouse_settings: { max_execution_time: 1 } }))
    expect(error.code).toBe("159")
  })

  test("behave as on a server where chDB has others", async () => {
    expect((await failure(client.command({ query: "1 + 1" }))).code).toBe("62")
    expect((await failure(client.query({ query: "SELECT addressToLine(1)" }))).code).toBe("446")
  })
})

describe("databases, users, exceptions", () => {
  test("uses the database that the client names", async () => {
    await client.command({ query: "CREATE DATABASE other" })
    const url = `http://${server.username}:${server.password}@127.0.0.1:${server.port}`
    const other = connect({ url, database: "other" })
    const result = await other.query({ query: "SELECT currentDatabase() AS d", format: "JSONEachRow" })
    expect(await result.json()).toEqual([{ d: "other" }])
    await other.close()
    const missing = connect({ url, database: "missing" })
    expect(await failure(missing.query({ query: "SELECT 1" }))).toMatchObject({
      code: "81",
      type: "UNKNOWN_DATABASE",
    })
    await missing.close()
  })

  test("refuses a wrong password and an unknown user alike", async () => {
    for (const wrong of [{ password: "wrong" }, { username: "nobody" }]) {
      const { port, username, password } = server
      const url = `http://127.0.0.1:${port}`
      const refused = createClient({
        url,
        username,
        password,
        ...wrong,
        log: { level: ClickHouseLogLevel.OFF },
      })
      expect(await failure(refused.query({ query: "SELECT 1" }))).toMatchObject({
        code: "516",
        type: "AUTHENTICATION_FAILED",
      })
      await refused.close()
    }
  })

  test.each([
    ["SELECT * FROM missing", "60", "UNKNOWN_TABLE"],
    ["selec 1", "62", "SYNTAX_ERROR"],
    ["SELECT 1; SELECT 2", "62", "SYNTAX_ERROR"],
    ["", "62", "SYNTAX_ERROR"],
    ["SELECT missing", "47", "UNKNOWN_IDENTIFIER"],
    ["SELECT 1 FORMAT Missing", "73", "UNKNOWN_FORMAT"],
    ["SELECT 1 INTO OUTFILE '/tmp/x'", "358", "INTO_OUTFILE_NOT_ALLOWED"],
    ["INSERT INTO missing FORMAT JSONEachRow {}", "60", "UNKNOWN_TABLE"],
    ["INSERT INTO shop.x FROM INFILE '/etc/passwd' FORMAT CSV", "78", "UNKNOWN_TYPE_OF_QUERY"],
  ])("%s: exception %s", async (query, code, type) => {
    expect(await failure(client.command({ query }))).toMatchObject({ code, type })
  })

  test("refuses sessions and roles in so many words", async () => {
    const session = await failure(client.query({ query: "SELECT 1", session_id: "mine" }))
    expect(session).toMatchObject({ code: "48", type: "NOT_IMPLEMENTED" })
    expect(session.message).toContain("session_id")
    expect((await failure(client.query({ query: "SELECT 1", role: "admin" }))).message).toContain("Roles")
  })
})

const withSettings = (settings: ClickHouseSettings & Record<string, string>): Promise<unknown> =>
  client.query({ query: "SELECT 1", clickhouse_settings: settings })

/** How many queries with this id are running: those that KILL QUERY would stop. */
async function running(id: string): Promise<number> {
  const result = await client.query({
    query: `KILL QUERY WHERE query_id = '${id}' TEST`,
    format: "JSONEachRow",
  })
  return (await result.json()).length
}

/** A block of two columns, UInt16 and String, as ClickHouse's Native format has it. */
function nativeBlock(a: readonly number[], b: readonly Buffer[]): Buffer {
  const numbers = a.map((n) => Buffer.from(Uint16Array.of(n).buffer))
  const head = [Buffer.from([2, a.length]), text("a"), text("UInt16"), ...numbers]
  return Buffer.concat([...head, text("b"), text("String"), ...b.map(text)])
}

const text = (value: string | Buffer): Buffer =>
  Buffer.concat([Buffer.from([value.length]), Buffer.from(value)])
