// The engine for servers: what both engines promise, and what is a matter of HTTP.
import { AsyncLocalStorage } from "node:async_hooks"
import diagnostics from "node:diagnostics_channel"
import { readFileSync } from "node:fs"
import { type Server, createServer } from "node:https"
import type { AddressInfo } from "node:net"
import { type Context, type ContextManager, ROOT_CONTEXT, context } from "@opentelemetry/api"
import { isTracingSuppressed } from "@opentelemetry/core"
import { type Ingest, type IngestOptions, createIngest } from "@clickstack/ingest"
import { startClickHouse } from "@clickstack/testing"
import { afterAll, afterEach, describe, expect, test, vi } from "vitest"
import { describeEngine, runProgram } from "./engines.ts"
import { exported } from "./store.ts"
import { someSpans } from "./telemetry.ts"

const server = await startClickHouse({ database: "otel" })
const opened: Ingest[] = []

const open = (options: Partial<IngestOptions> = {}): Ingest => {
  const ingest = createIngest({ url: server.url, retryForMs: 0, ...options })
  opened.push(ingest)
  return ingest
}

await open().ensureSchema()

let first = 0
const requests = async () => (await server.requests()).slice(first)

afterEach(async () => {
  await Promise.all(opened.splice(0).map((ingest) => ingest.close()))
  await server.heal()
  first = (await server.requests()).length
})
afterAll(() => server.close())

describeEngine(open)

describe("requests", () => {
  test.each([true, false])("are compressed both ways or not at all: %s", async (compression) => {
    const ingest = open({ compression })
    expect(await exported(ingest.spans, someSpans(200))).toEqual({ code: 0 })
    const rows = await ingest.query(
      "SELECT count() AS count, sum(length(SpanName)) AS length FROM otel_traces",
    )
    expect(rows).toEqual([{ count: 200, length: 200 * 8 - 100 - 10 }])
    await ingest.command("TRUNCATE TABLE otel_traces")
    const insert = (await requests()).find(({ kind }) => kind === "insert")
    expect(insert?.headers["content-encoding"]).toBe(compression ? "gzip" : undefined)
    expect(insert?.writtenRows).toBe(200)
    const query = (await requests()).find(({ sql }) => sql.includes("sum(length"))
    expect(query?.parameters["enable_http_compression"]).toBe(compression ? "1" : undefined)
    expect(insert?.bytes).toBeGreaterThan(0)
    if (compression) expect(insert?.bytes).toBeLessThan(10_000)
    else expect(insert?.bytes).toBeGreaterThan(20_000)
  })

  test("insert as CONTRACT says: synchronous, with a token, answered when stored", async () => {
    await open().insert("otel_logs", [{ Timestamp: new Date() }])
    await open({ asyncInsert: true }).insert("otel_logs", [{ Timestamp: new Date() }])
    const [plain, gathered] = (await requests()).filter(({ kind }) => kind === "insert")
    expect(plain?.parameters).toMatchObject({ async_insert: "0", wait_end_of_query: "1" })
    expect(plain?.parameters["insert_deduplication_token"]).toMatch(/^[\w-]{36}$/)
    expect(gathered?.parameters).toMatchObject({ async_insert: "1", wait_for_async_insert: "1" })
  })

  test("carry the user's own headers and settings", async () => {
    const ingest = open({ headers: { "x-tenant": "shop" }, settings: { max_threads: 1 } })
    expect(await ingest.query("SELECT getSetting('max_threads') AS threads")).toEqual([{ threads: 1 }])
    await ingest.command("SELECT 1")
    for (const { headers } of await requests()) expect(headers["x-tenant"]).toBe("shop")
  })

  test("use one connection again and again", async () => {
    const ingest = open()
    for (let time = 0; time < 5; time++) {
      await ingest.query("SELECT 1")
      await ingest.command("SELECT 1")
      await ingest.insert("otel_logs", [{ Timestamp: new Date() }])
    }
    expect(new Set((await requests()).map(({ connection }) => connection)).size).toBe(1)
  })

  test("of queries that are left half-way do not keep their connection", async () => {
    const ingest = open()
    for (let time = 0; time < 15; time++) {
      for await (const _ of ingest.stream("SELECT number FROM numbers(1000000)")) break
    }
    // The client has ten at most: the next would wait for ever.
    expect(await ingest.query("SELECT 1 AS one")).toEqual([{ one: 1 }])
  })

  test("are outside of any trace", async () => {
    const storage = new AsyncLocalStorage<Context>()
    const manager: ContextManager = {
      active: () => storage.getStore() ?? ROOT_CONTEXT,
      with: (active, work, thisArg, ...args) =>
        storage.run(active, () => work.call(thisArg as never, ...args)),
      bind: (active, target) =>
        typeof target === "function"
          ? (((...args: unknown[]) =>
              storage.run(active, () =>
                (target as (...all: unknown[]) => unknown)(...args),
              )) as unknown as typeof target)
          : target,
      enable: () => manager,
      disable: () => manager,
    }
    context.setGlobalContextManager(manager)
    const suppressed: boolean[] = []
    const note = () => suppressed.push(isTracingSuppressed(context.active()))
    diagnostics.subscribe("http.client.request.start", note)
    try {
      const ingest = open()
      await ingest.ensureSchema()
      expect(await exported(ingest.spans, someSpans(1))).toEqual({ code: 0 })
      await ingest.insert("otel_logs", [{ Timestamp: new Date() }])
      await ingest.query("SELECT 1")
      await ingest.command("SELECT 1")
      for await (const _ of ingest.stream("SELECT number FROM numbers(1000000)")) break
      await vi.waitFor(async () =>
        expect((await requests()).some(({ sql }) => sql.startsWith("KILL"))).toBe(true),
      )
    } finally {
      diagnostics.unsubscribe("http.client.request.start", note)
      context.disable()
    }
    expect(suppressed.length).toBeGreaterThan(6)
    expect(suppressed).not.toContain(false)
  })
})

describe("a query", () => {
  const running = async (marker: string): Promise<boolean> => {
    const [row] = await open().query<{ count: number }>(
      "SELECT count() AS count FROM system.processes WHERE position(query, {marker:String}) > 0 AND position(query, 'system.processes') = 0",
      { marker },
    )
    return row?.count !== 0
  }

  test("is stopped on the server by its signal", async () => {
    const stop = new AbortController()
    const marker = "marker_of_the_endless_query"
    const work = open().query(`SELECT count() AS ${marker} FROM system.numbers`, {}, { signal: stop.signal })
    const ended = expect(work).rejects.toMatchObject({ code: "ABORTED", retryable: false })
    await vi.waitFor(async () => expect(await running(marker)).toBe(true))
    stop.abort(new Error("the user has left"))
    await ended
    await vi.waitFor(async () => expect(await running(marker)).toBe(false))
    const asked = await requests()
    const query = asked.find(({ sql }) => sql.includes(marker))
    const kill = asked.find(({ sql }) => sql.startsWith("KILL QUERY"))
    expect(kill?.parameters["param_id"]).toBe(query?.queryId)
  })

  test("is stopped in the middle of its rows", async () => {
    const stop = new AbortController()
    const rows = open().stream("SELECT number FROM numbers(1000000)", {}, { signal: stop.signal })
    const read = async () => {
      for await (const _ of rows) stop.abort()
    }
    await expect(read()).rejects.toMatchObject({ code: "ABORTED" })
  })

  test("that fails after its answer has begun, under status 200, is an error all the same", async () => {
    const ingest = open()
    await server.fail({ on: "query", exception: 241, midway: true, message: "Memory limit exceeded" })
    await expect(ingest.query("SELECT number FROM numbers(10)")).rejects.toMatchObject({
      code: "OUT_OF_MEMORY",
      exceptionCode: 241,
      message: expect.stringContaining("Memory limit exceeded") as string,
    })
    await server.fail({ on: "query", exception: 241, status: 200 })
    await expect(ingest.command("SELECT 1")).rejects.toMatchObject({ code: "OUT_OF_MEMORY" })
  })

  test("whose connection breaks half-way is an error", async () => {
    await server.fail({ on: "query", reset: "answer" })
    await expect(open().query("SELECT number FROM numbers(10)")).rejects.toMatchObject({
      code: "UNREACHABLE",
      retryable: true,
    })
  })
})

describe("TLS", () => {
  const pem = (name: string): string => readFileSync(new URL(`fixtures/${name}.pem`, import.meta.url), "utf8")
  const secure: Server[] = []
  afterAll(() => {
    for (const one of secure) {
      one.closeAllConnections()
      one.close()
    }
  })

  async function secureServer(certificate: string): Promise<string> {
    const one = createServer(
      { cert: pem(`${certificate}.cert`), key: pem(`${certificate}.key`) },
      (request, response) => {
        request.resume()
        response.setHeader("content-type", "application/x-ndjson")
        response.end('["one"]\n["UInt8"]\n[1]\n')
      },
    )
    secure.push(one)
    await new Promise<void>((resolve) => one.listen(0, "127.0.0.1", resolve))
    return `https://127.0.0.1:${(one.address() as AddressInfo).port}`
  }

  test("works with an authority of one's own, given as PEM or as a file", async () => {
    const url = await secureServer("good")
    const file = new URL("fixtures/good.cert.pem", import.meta.url).pathname
    for (const caCert of [pem("good.cert"), file]) {
      expect(await open({ url, tls: { caCert } }).query("SELECT 1 AS one")).toEqual([{ one: 1 }])
    }
  })

  test.each([
    ["self-signed", "good", undefined, /self-signed certificate/],
    ["expired", "expired", "expired", /certificate has expired/],
  ] as const)("says that a certificate is %s, and what to do", async (_, certificate, trusted, message) => {
    const url = await secureServer(certificate)
    const ingest = open({
      url,
      ...(trusted === undefined ? {} : { tls: { caCert: pem(`${trusted}.cert`) } }),
    })
    const { code, error } = await exported(ingest.spans, someSpans(1))
    expect(code).toBe(1)
    expect(error).toMatchObject({ code: "CERTIFICATE", retryable: true, retryAfterMs: 60_000 })
    expect(error?.message).toMatch(message)
    expect(error?.message).toMatch(/tls\.caCert/)
    expect(error?.message).toContain(url)
  })
})

describe("a process that has used it", () => {
  const program = (end: string) => `
    import { createIngest } from "@clickstack/ingest"
    const ingest = createIngest(process.env.TEST_URL)
    await ingest.insert("otel_logs", [{ Timestamp: new Date(), Body: "from a program" }])
    console.log(JSON.stringify(await ingest.query("SELECT 1 AS one")))
    ${end}
    const left = Date.now()
    process.on("exit", () => console.log(Date.now() - left < 4_000 ? "promptly" : "late"))`

  test.each([
    ["with close()", "await ingest.close()"],
    ["without", ""],
  ])("ends by itself, %s", async (_, end) => {
    const { code, output, error } = await runProgram(program(end), { env: { TEST_URL: server.url } })
    expect(error).toBe("")
    expect(output).toBe('[{"one":1}]\npromptly')
    expect(code).toBe(0)
  })
})
