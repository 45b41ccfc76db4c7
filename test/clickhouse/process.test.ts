// The process of startClickHouse(): how it starts, what it leaves behind, and how it ends with its parent.
import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from "node:fs"
import { createServer } from "node:net"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { ClickHouseLogLevel, type ClickHouseSettings, createClient } from "@clickhouse/client"
import { startClickHouse, TestingError } from "@clickstack/testing"
import { afterEach, beforeEach, describe, expect, test } from "vitest"
import { until } from "./until.ts"

const PACKAGE = fileURLToPath(new URL("../../packages/testing/dist/index.js", import.meta.url))

let scratch: string

beforeEach(() => {
  scratch = mkdtempSync(join(tmpdir(), "clickstack-test-"))
})

afterEach(() => rmSync(scratch, { recursive: true, force: true }))

const errorOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => "it did not fail",
    (error: unknown) => error,
  )

async function ask(url: string, query: string): Promise<string> {
  const client = createClient({ url })
  const result = await client.query({ query, format: "TabSeparated" })
  const text = await result.text()
  await client.close()
  return text.trim()
}

async function tell(url: string, query: string, settings: ClickHouseSettings = {}): Promise<void> {
  const client = createClient({ url, log: { level: ClickHouseLogLevel.OFF } })
  await client.command({ query, clickhouse_settings: settings })
  await client.close()
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

describe("a server", () => {
  test("says what it is, and leaves nothing behind", async () => {
    const server = await startClickHouse()
    expect(server.url).toBe(`http://default:${server.password}@127.0.0.1:${server.port}/`)
    expect(server).toMatchObject({ username: "default", database: "default" })
    expect(server.password).toMatch(/^[\w-]{16}$/)
    expect(await ask(server.url, "SELECT version()")).toBe(server.version)
    expect(readdirSync(server.dir)).not.toEqual([])
    await server.close()
    await server.close()
    expect(isAlive(server.pid)).toBe(false)
    expect(existsSync(server.dir)).toBe(false)
    expect(await errorOf(server.requests())).toMatchObject({ name: "TestingError", code: "CLOSED" })
  })

  test("closes at the end of `await using`", async () => {
    let pid = 0
    {
      await using server = await startClickHouse()
      pid = server.pid
      expect(isAlive(pid)).toBe(true)
    }
    expect(isAlive(pid)).toBe(false)
  })

  test("runs beside others, each with its own data and password", async () => {
    const servers = await Promise.all([1, 2, 3].map(() => startClickHouse({ database: "mine" })))
    await Promise.all(
      servers.map(({ url }, i) => tell(url, `CREATE TABLE t ENGINE = Memory AS SELECT ${i} AS i`)),
    )
    expect(await Promise.all(servers.map(({ url }) => ask(url, "SELECT i FROM t")))).toEqual(["0", "1", "2"])
    expect(new Set(servers.map(({ password }) => password)).size).toBe(3)
    await Promise.all(servers.map((server) => server.close()))
  })

  test("keeps its data in a directory that it was given", async () => {
    const dir = join(scratch, "new", "data")
    {
      await using server = await startClickHouse({ dir, database: "kept" })
      await tell(server.url, "CREATE TABLE t (x Int32) ENGINE = MergeTree ORDER BY x")
      await tell(server.url, "INSERT INTO t VALUES (42)")
    }
    await using server = await startClickHouse({ dir, database: "kept" })
    expect(server.dir).toBe(dir)
    expect(await ask(server.url, "SELECT x FROM t")).toBe("42")
  })

  test("knows its users; read-only ones may neither write nor change settings", async () => {
    await using server = await startClickHouse({
      username: "writer",
      password: "w@:/ ü",
      users: { reader: { password: "r", readonly: true } },
    })
    await tell(server.url, "CREATE TABLE t (x Int32) ENGINE = MergeTree ORDER BY x")
    const reader = server.urlOf("reader")
    expect(await ask(reader, "SELECT count() FROM t")).toBe("0")
    expect(await errorOf(tell(reader, "INSERT INTO t VALUES (1)"))).toMatchObject({
      code: "164",
      type: "READONLY",
    })
    expect(await errorOf(tell(reader, "DROP TABLE t"))).toMatchObject({ code: "164" })
    expect(await errorOf(tell(reader, "SELECT 1", { max_threads: 1 }))).toMatchObject({ code: "164" })
    expect(() => server.urlOf("nobody")).toThrow('no user "nobody" here; there are: writer, reader')
  })

  test("stops what is running when it is closed", async () => {
    const server = await startClickHouse()
    const client = createClient({ url: server.url })
    const failed = errorOf(
      client.query({ query: "SELECT sum(cityHash64(number)) FROM numbers(1000000000000)" }),
    )
    const started = performance.now()
    await until(async () => (await server.requests()).some(({ sql }) => sql.includes("cityHash64")))
    await server.close()
    expect(performance.now() - started).toBeLessThan(4_000)
    expect(await failed).toBeInstanceOf(Error)
    await client.close()
    expect(existsSync(server.dir)).toBe(false)
  })

  test("is missed in a clear line when its process was killed", async () => {
    const server = await startClickHouse()
    process.kill(server.pid, "SIGKILL")
    await until(() => !isAlive(server.pid))
    const error = await errorOf(server.requests())
    expect(error).toBeInstanceOf(TestingError)
    expect(error).toMatchObject({
      code: "SERVER_FAILED",
      message: expect.stringContaining("has ended by SIGKILL"),
    })
    await server.close()
    expect(existsSync(server.dir)).toBe(false)
  })
})

describe("a start that cannot be", () => {
  test("names a directory that another server has open", async () => {
    const dir = join(scratch, "data")
    await using server = await startClickHouse({ dir })
    expect(await errorOf(startClickHouse({ dir }))).toMatchObject({
      code: "DIRECTORY_IN_USE",
      retryable: true,
      message: expect.stringContaining(dir),
    })
    expect(await ask(server.url, "SELECT 1")).toBe("1")
  })

  test("names a directory that is none", async () => {
    const dir = join(scratch, "file")
    writeFileSync(dir, "")
    const error = await errorOf(startClickHouse({ dir }))
    expect(error).toMatchObject({ code: "DIRECTORY_UNUSABLE", message: expect.stringContaining(dir) })
  })

  test.skipIf(process.getuid?.() === 0)("names a directory that cannot be written", async () => {
    chmodSync(scratch, 0o500)
    const error = await errorOf(startClickHouse({ dir: join(scratch, "data") }))
    expect(error).toMatchObject({ code: "DIRECTORY_UNUSABLE" })
    chmodSync(scratch, 0o700)
  })

  test("names a port that is taken", async () => {
    const taken = createServer().listen(0, "127.0.0.1")
    await once(taken, "listening")
    const address = taken.address()
    const port = typeof address === "object" ? (address?.port ?? 0) : 0
    const error = await errorOf(startClickHouse({ port }))
    expect(error).toMatchObject({
      code: "PORT_IN_USE",
      message: expect.stringContaining(`127.0.0.1:${port}`),
    })
    taken.close()
  })

  test("says what to install when chdb is missing", async () => {
    // The package alone, in a place from where no chdb can be found.
    const alone = join(scratch, "node_modules", "@clickstack", "testing")
    cpSync(dirname(PACKAGE), join(alone, "dist"), { recursive: true })
    writeFileSync(join(alone, "package.json"), '{"type":"module"}')
    const imported: typeof import("@clickstack/testing") = await import(join(alone, "dist", "index.js"))
    expect(await errorOf(imported.startClickHouse())).toMatchObject({
      code: "CHDB_MISSING",
      message: expect.stringContaining("npm install --save-dev chdb"),
    })
  })

  test.each([
    [{ directory: "x" }, 'startClickHouse: unknown option "directory"; there are: dir, username'],
    [{ dir: "" }, 'startClickHouse: dir is "", but must be a non-empty string'],
    [{ port: "8123" }, "port is"],
    [{ users: { a: {} } }, "users.a.password is undefined, but must be a string"],
    [{ users: { default: { password: "x" } } }, "another name than username"],
  ])("refuses the options %j", async (options, message) => {
    // @ts-expect-error: wrong on purpose
    const error = await errorOf(startClickHouse(options))
    expect(error).toMatchObject({ code: "WRONG_OPTION", message: expect.stringContaining(message) })
  })
})

/** A process that starts a server, prints its handle's numbers, and then does what `rest` says. */
function parent(
  rest: string,
  nodeOptions: readonly string[] = [],
  env: NodeJS.ProcessEnv = {},
): ChildProcess {
  const script = join(scratch, "parent.mjs")
  writeFileSync(
    script,
    `import { startClickHouse } from ${JSON.stringify(PACKAGE)}
     const server = await startClickHouse()
     console.log(JSON.stringify({ pid: server.pid, dir: server.dir, url: server.url }))
     ${rest}`,
  )
  return spawn(process.execPath, [...nodeOptions, script], {
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "inherit"],
  })
}

async function handle(child: ChildProcess): Promise<{ pid: number; dir: string; url: string }> {
  const [line]: unknown[] = await once(child.stdout ?? child, "data")
  return JSON.parse(String(line))
}

describe("the parent", () => {
  test("that is killed takes its server with it", async () => {
    const child = parent("setInterval(() => undefined, 1000)")
    const { pid, dir, url } = await handle(child)
    expect(await ask(url, "SELECT 1")).toBe("1")
    child.kill("SIGKILL")
    await until(() => !isAlive(pid))
    expect(existsSync(dir)).toBe(false)
  })

  test("that forgets to close ends all the same, and its server too", async () => {
    const child = parent("")
    const { pid, dir } = await handle(child)
    expect(await once(child, "exit")).toEqual([0, null])
    await until(() => !isAlive(pid))
    expect(existsSync(dir)).toBe(false)
  })

  test.each(["an option", "NODE_OPTIONS"])("keeps what %s preloads to itself", async (way) => {
    const preload = join(scratch, "preload.mjs")
    const seen = join(scratch, "seen")
    mkdirSync(seen)
    writeFileSync(
      preload,
      `import { writeFileSync } from "node:fs"
       writeFileSync(${JSON.stringify(seen)} + "/" + process.pid, "")`,
    )
    const child =
      way === "NODE_OPTIONS"
        ? parent("await server.close()", [], { NODE_OPTIONS: `--import ${preload}` })
        : parent("await server.close()", ["--import", preload])
    await handle(child)
    expect(await once(child, "exit")).toEqual([0, null])
    expect(readdirSync(seen)).toEqual([String(child.pid)])
  })
})
