// ClickHouse's HTTP interface as other clients use it: what is sent and answered, byte for byte.
import { gzipSync } from "node:zlib"
import { once } from "node:events"
import { readdirSync, statSync } from "node:fs"
import { connect } from "node:net"
import { type ClickHouse, startClickHouse } from "@clickstack/testing"
import { afterAll, beforeAll, describe, expect, test } from "vitest"

let server: ClickHouse
let origin: string

beforeAll(async () => {
  server = await startClickHouse({ users: { reader: { password: "r", readonly: true } } })
  origin = `http://127.0.0.1:${server.port}`
})

afterAll(() => server.close())

interface Sent {
  method?: string
  path?: string
  parameters?: Record<string, string>
  headers?: Record<string, string>
  body?: string | Uint8Array<ArrayBuffer>
}

const get = (query: string) => send({ method: "GET", parameters: { query, max_threads: "1" } })

/** For an answer that breaks off, of which `fetch` would give nothing. */
async function sendAndBreak(body: string) {
  const response = await fetch(origin, { method: "POST", headers: key(), body })
  const pieces: Uint8Array[] = []
  let isWhole = false
  try {
    for await (const piece of response.body ?? []) pieces.push(piece)
    isWhole = true
  } catch {
    // As it should be.
  }
  return {
    status: response.status,
    headers: response.headers,
    text: Buffer.concat(pieces).toString(),
    isWhole,
  }
}

/** By the headers that load balancers use; `fetch` itself may not carry credentials in its URL. */
const key = () => ({ "X-ClickHouse-User": server.username, "X-ClickHouse-Key": server.password })

async function send({ method = "POST", path = "/", parameters = {}, headers = key(), body }: Sent) {
  const url = new URL(path, origin)
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value)
  const response = await fetch(url, { method, headers, ...(body === undefined ? {} : { body }) })
  return { status: response.status, headers: response.headers, text: await response.text() }
}

describe("probes", () => {
  test.each(["/", "/ping", "/replicas_status"])("GET %s needs no user", async (path) => {
    expect(await send({ method: "GET", path, headers: {} })).toMatchObject({ status: 200, text: "Ok.\n" })
  })

  test("other paths do not exist", async () => {
    const answer = await send({ method: "GET", path: "/nowhere", headers: {} })
    expect(answer.status).toBe(404)
    expect(answer.text).toContain("There is no handle /nowhere")
  })

  test("idle connections live for 10 seconds, and say so", async () => {
    const { headers } = await send({ method: "GET", path: "/ping" })
    expect(headers.get("keep-alive")).toBe("timeout=10")
  })
})

describe("statements", () => {
  test.each([
    ["in the body", { body: "SELECT 1" }],
    ["in the URL", { parameters: { query: "SELECT 1" } }],
    ["in the URL, by GET", { method: "GET", parameters: { query: "SELECT 1" } }],
    ["half in the URL, half in the body", { parameters: { query: "SELECT" }, body: "1" }],
    ["with a semicolon and a comment", { body: "SELECT 1; -- done\n" }],
  ])("%s", async (_where, sent) => {
    expect(await send(sent)).toMatchObject({ status: 200, text: "1\n" })
  })

  test.each([
    ["TabSeparated", "text/tab-separated-values; charset=UTF-8", "1\n"],
    ["JSONCompactEachRow", "application/x-ndjson; charset=UTF-8", "[1]\n"],
    ["CSVWithNames", "text/csv; charset=UTF-8; header=present", '"x"\n1\n'],
    ["RowBinary", "application/octet-stream", "\u0001"],
  ])(
    "answered in %s by default_format, by a header, or as they say themselves",
    async (format, type, text) => {
      const sql = "SELECT toUInt8(1) AS x"
      for (const sent of [
        { body: sql, parameters: { default_format: format } },
        { body: sql, headers: { ...key(), "X-ClickHouse-Format": format } },
        { body: `${sql} FORMAT ${format}`, parameters: { default_format: "XML" } },
      ]) {
        const answer = await send(sent)
        expect(answer.text).toBe(text)
        expect(answer.headers.get("x-clickhouse-format")).toBe(format)
        expect(answer.headers.get("content-type")).toBe(type)
      }
    },
  )

  test("with totals or extremes, which the end of a result tells", async () => {
    const totals = "SELECT number % 2 AS n, count() FROM numbers(4) GROUP BY n WITH TOTALS ORDER BY n"
    expect((await send({ body: totals })).text).toBe("0\t2\n1\t2\n\n0\t4\n")
    const extremes = { body: "SELECT number FROM numbers(3)", parameters: { extremes: "1" } }
    expect((await send(extremes)).text).toBe("0\n1\n2\n\n0\n2\n")
  })

  test("GET may read and set, but not write", async () => {
    expect(await get("SELECT getSetting('max_threads')")).toMatchObject({ status: 200, text: "1\n" })
    const stricter = { query: "SELECT getSetting('readonly')", readonly: "1" }
    expect((await send({ method: "GET", parameters: stricter })).text).toBe("1\n")
    const refused = await get("CREATE TABLE by_get (x Int32) ENGINE = Memory")
    expect(refused.status).toBe(500)
    expect(refused.text).toMatch(/^Code: 164\. .*use POST to write\. \(READONLY\) \(version 26\./)
  })

  test("one at a time", async () => {
    for (const body of ["SELECT 1; SELECT 2", "SELECT ';'; DROP TABLE x", "SELECT 1;;SELECT 2"]) {
      expect(await send({ body })).toMatchObject({
        status: 400,
        text: expect.stringContaining("Multi-statements"),
      })
    }
    expect(
      (await send({ body: 'SELECT \';\', "a;b".x, `c;d` /* ; */ FROM (SELECT 1 AS x) AS "a;b"' })).status,
    ).toBe(404)
    expect((await send({ body: "SELECT ';' -- ; SELECT" })).text).toBe(";\n")
  })
})

/** Creates a table, and returns what asks for its rows. */
async function table(name: string): Promise<() => Promise<string>> {
  await send({ body: `CREATE TABLE ${name} (x Int32, s String) ENGINE = Memory` })
  return async () => (await send({ body: `SELECT * FROM ${name} ORDER BY x` })).text
}

const insert = (format: string, body: string) =>
  send({ parameters: { query: `INSERT INTO b FORMAT ${format}` }, body })

describe("data of an INSERT", () => {
  test.each([
    [
      "the URL has the statement",
      { parameters: { query: "INSERT INTO a FORMAT TabSeparated" }, body: "1\tx\n2\ty\n" },
    ],
    [
      "the URL has a part of it",
      { parameters: { query: "INSERT INTO a" }, body: "FORMAT TSV\n1\tx\n2\ty\n" },
    ],
    ["the body has both", { body: "INSERT INTO a FORMAT TabSeparated\n1\tx\n2\ty\n" }],
    ["VALUES", { body: "INSERT INTO a (s, x) VALUES ('x', 1), ('y', 2)" }],
    ["VALUES in the URL", { parameters: { query: "INSERT INTO a VALUES" }, body: "(1, 'x'), (2, 'y')" }],
    ["after a comment", { body: "INSERT INTO a -- all of it\nFORMAT CSV\n1,x\n2,y\n" }],
    ["with settings", { body: "INSERT INTO a SETTINGS max_threads = 1 FORMAT CSV\n1,x\n2,y\n" }],
    [
      "compressed",
      { parameters: { query: "INSERT INTO a FORMAT CSV" }, body: gzipSync("1,x\n2,y\n"), gzip: true },
    ],
  ])("%s", async (_where, { gzip = false, ...sent }: Sent & { gzip?: boolean }) => {
    await send({ body: "DROP TABLE IF EXISTS a" })
    const rows = await table("a")
    const headers = gzip ? { ...key(), "Content-Encoding": "gzip" } : key()
    const answer = await send({ ...sent, headers })
    expect(answer).toMatchObject({ status: 200, text: "" })
    expect(JSON.parse(answer.headers.get("x-clickhouse-summary") ?? "")).toMatchObject({ written_rows: "2" })
    expect(await rows()).toBe("1\tx\n2\ty\n")
  })

  test("is never run as SQL, whatever it holds", async () => {
    const rows = await table("b")
    // Inline, chDB would take a blank line for the end of the data, and what follows for statements.
    expect((await insert("TabSeparated", "1\ta\n\n\n; DROP TABLE b; SELECT 1\n")).text).toMatch(/^Code: 27\./)
    expect((await insert("JSONEachRow", '{"x":1,"s":"a"}\n\nDROP TABLE b')).text).toMatch(/^Code: 27\./)
    expect((await insert("JSONEachRow", '{"x":1,"s":"a"}\n\n{"x":2,"s":"\\n\\nb"}\n')).status).toBe(200)
    expect(await rows()).toBe("1\ta\n2\t\\n\\nb\n")
  })

  test("leaves no file behind", () => {
    const directory = `${server.dir}/clickstack-incoming`
    expect(readdirSync(directory)).toEqual([])
    expect(statSync(directory).mode & 0o777).toBe(0o700)
  })

  test("that is not what its encoding says is refused", async () => {
    const headers = { ...key(), "Content-Encoding": "gzip" }
    const answer = await send({
      headers,
      parameters: { query: "INSERT INTO a FORMAT CSV" },
      body: "not gzip",
    })
    expect(answer).toMatchObject({ status: 500, text: expect.stringMatching(/^Code: 354\./) })
  })
})

describe("exceptions", () => {
  test.each([
    ["SELECT * FROM missing", 404, 60],
    ["SELECT missing()", 404, 46],
    ["SELECT 1 SETTINGS missing = 1", 404, 115],
    ["selec 1", 400, 62],
    ["SELECT toDate('x', 'y', 'z', 'z')", 500, 42],
    ["SELECT sleep(1) SETTINGS max_execution_time = 0.1", 408, 159],
  ])("%s: status %i, code %i", async (body, status, code) => {
    const answer = await send({ body, parameters: { query_id: `q-${code}` } })
    expect(answer.status).toBe(status)
    expect(answer.headers.get("x-clickhouse-exception-code")).toBe(String(code))
    expect(answer.headers.get("x-clickhouse-query-id")).toBe(`q-${code}`)
    expect(answer.headers.get("content-type")).toBe("text/plain; charset=UTF-8")
    expect(answer.text).toMatch(
      new RegExp(`^Code: ${code}\\. DB::Exception: .* \\([A-Z_]+\\) \\(version 26\\.[\\d.]+\\)\\n$`, "s"),
    )
  })

  test("in a result that has begun stand in a frame at its end, with the tag that the headers tell", async () => {
    const body =
      "SELECT repeat('x', 1000), throwIf(number = 4000) FROM numbers(5000) SETTINGS max_block_size = 100"
    const { status, headers, text, isWhole } = await sendAndBreak(body)
    expect(status).toBe(200)
    // No last chunk: what is not whole must not look so.
    expect(isWhole).toBe(false)
    expect(headers.get("x-clickhouse-exception-code")).toBe(null)
    const tag = headers.get("x-clickhouse-exception-tag") ?? ""
    expect(tag).toMatch(/^[a-z]{16}$/)
    const [, message = "", length] =
      new RegExp(
        `\\r\\n__exception__\\r\\n${tag}\\r\\n([^]*?\\n)(\\d+) ${tag}\\r\\n__exception__\\r\\n$`,
      ).exec(text) ?? []
    expect(message).toMatch(/^Code: 395\. /)
    expect(Buffer.byteLength(message)).toBe(Number(length))
  })
})

const basic = (user: string, password: string) => ({
  Authorization: `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`,
})

describe("users", () => {
  const body = "SELECT 1"

  test("by headers, by basic authentication, or by parameters", async () => {
    const { username: user, password } = server
    for (const sent of [
      {},
      { headers: basic(user, password) },
      { headers: {}, parameters: { user, password } },
    ]) {
      expect(await send({ body, ...sent })).toMatchObject({ status: 200, text: "1\n" })
    }
    expect((await send({ body, headers: basic("reader", "r") })).status).toBe(200)
  })

  test.each([
    ["a wrong password", () => ({ headers: basic("default", "wrong") })],
    ["an unknown user", () => ({ headers: basic("nobody", "x") })],
    ["no password", () => ({ headers: {} })],
    ["another's password", () => ({ headers: basic("default", "r") })],
    ["two ways at once", () => ({ parameters: { user: "default", password: server.password } })],
    ["a token", () => ({ headers: { Authorization: "Bearer x" } })],
  ])("%s is refused", async (_what, sent) => {
    const answer = await send({ body, ...sent() })
    expect(answer).toMatchObject({
      status: 403,
      text: expect.stringMatching(/^Code: 516\. .*\(AUTHENTICATION_FAILED\)/),
    })
    expect(answer.text).not.toContain(server.password)
  })
})

describe("what is not supported is refused", () => {
  test.each([
    ["session_id", { parameters: { session_id: "x" } }],
    ["Roles", { parameters: { role: "x" } }],
    ["compress", { parameters: { compress: "1" } }],
    ["decompress", { parameters: { decompress: "1" } }],
    ["http_write_exception_in_output_format", { parameters: { http_write_exception_in_output_format: "1" } }],
    ["Content-Encoding lz4", { encoding: "lz4" }],
    ["INSERT ... SELECT FROM input(", { body: "INSERT INTO t SELECT * FROM input('x Int32') FORMAT CSV\n1" }],
    ["KILL QUERY", { body: "KILL QUERY ON CLUSTER c WHERE 1" }],
  ])("%s", async (what, { encoding, ...sent }: Sent & { encoding?: string }) => {
    const headers = encoding === undefined ? key() : { ...key(), "Content-Encoding": encoding }
    const answer = await send({ body: "SELECT 1", ...sent, headers })
    expect(answer.status).toBe(501)
    expect(answer.text).toMatch(/^Code: 48\. .*supported by this test server.*\(NOT_IMPLEMENTED\)/)
    expect(answer.text).toContain(what)
  })

  test("external tables", async () => {
    const form = new FormData()
    form.set("query", "SELECT * FROM t")
    form.set("t", new Blob(["1"]), "t.tsv")
    const response = await fetch(origin, { method: "POST", headers: key(), body: form })
    expect(await response.text()).toContain("External tables are not supported")
  })
})

test("a client that breaks off inside of a body leaves nothing stored, and the server well", async () => {
  await send({ body: "CREATE TABLE broken (x Int32) ENGINE = Memory" })
  const socket = connect(server.port, "127.0.0.1")
  await once(socket, "connect")
  const authorization = Buffer.from(`${server.username}:${server.password}`).toString("base64")
  socket.write(
    `POST /?query=INSERT+INTO+broken+FORMAT+CSV HTTP/1.1\r\nHost: x\r\nAuthorization: Basic ${authorization}\r\nContent-Length: 100\r\n\r\n1\n2\n`,
  )
  socket.resume().end()
  await once(socket, "close")
  expect((await send({ body: "SELECT count() FROM broken" })).text).toBe("0\n")
})
