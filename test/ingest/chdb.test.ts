// The engine in this process: what both engines promise, and what is a matter of chDB.
import { spawn } from "node:child_process"
import { once } from "node:events"
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { IngestError, createIngest } from "@clickstack/ingest"
import { afterAll, describe, expect, test } from "vitest"
import { describeEngine, runProgram } from "./engines.ts"
import { exported } from "./store.ts"
import { log3, someSpans } from "./telemetry.ts"

// What the engine makes for itself is made here, where it can be seen.
const root = mkdtempSync(join(tmpdir(), "clickstack-test-"))
const scratch = join(root, "scratch")
mkdirSync(scratch)
process.env["TMPDIR"] = scratch
const url = `chdb:${join(root, "data")}`

// Keeps the engine open while tests open and close theirs.
const kept = createIngest({ url, serverSettings: { mark_cache_size: 12_345_678 } })
await kept.ensureSchema()
afterAll(async () => {
  await kept.close()
  rmSync(root, { recursive: true, force: true })
})

describeEngine(() => kept)

const filesIn = (directory: string): string[] =>
  readdirSync(directory, { recursive: true, encoding: "utf8" }).filter(
    (name) => !statSync(join(directory, name)).isDirectory(),
  )

const mode = (path: string): string => (statSync(path).mode & 0o777).toString(8)

describe("files", () => {
  test("pass through a directory that only this user may enter, and none is left", async () => {
    expect(mode(join(root, "data"))).toBe("700")
    const [own = ""] = readdirSync(scratch)
    expect(mode(join(scratch, own))).toBe("700")
    expect(await exported(kept.spans, someSpans(100))).toEqual({ code: 0 })
    await kept.query("SELECT count() FROM otel_traces")
    for await (const _ of kept.stream("SELECT number FROM numbers(100000)")) break
    await expect(kept.query("SELECT throwIf(number = 5) FROM numbers(10)")).rejects.toThrow(IngestError)
    await expect(kept.insert("otel_logs", [{ Timestamp: new Date() }])).resolves.toBeUndefined()
    await expect.poll(() => filesIn(scratch)).toEqual([])
  })

  test("an insert that fails leaves none either", async () => {
    const bad = createIngest({ url, tableNames: { otel_logs: "refusing" }, retryForMs: 0 })
    await bad.command("CREATE TABLE refusing AS otel_logs")
    await bad.command("ALTER TABLE refusing ADD CONSTRAINT nothing CHECK Body = ''")
    expect(await exported(bad.logs, [log3({ body: "x" }), log3({ body: "" })])).toEqual({
      code: 0,
      rejected: 1,
    })
    await bad.close()
    await expect.poll(() => filesIn(scratch)).toEqual([])
  })
})

describe("one engine", () => {
  test("is shared by all that name the same directory, however they spell it", async () => {
    const other = createIngest(`chdb:${join(root, "data", "..", "data")}`)
    await other.insert("otel_logs", [{ Timestamp: new Date(), Body: "shared" }])
    expect(await kept.query("SELECT Body FROM otel_logs WHERE Body = 'shared'")).toEqual([{ Body: "shared" }])
    await other.close()
    expect(await kept.query("SELECT 1 AS one")).toEqual([{ one: 1 }])
    await other.close()
    expect(await kept.query("SELECT 1 AS one")).toEqual([{ one: 1 }])
  })

  test("has one directory: another is a clear error, and works when the first is closed", async () => {
    const other = createIngest(`chdb:${join(root, "other")}`)
    const result = await exported(other.logs, [log3()])
    expect(result).toMatchObject({ code: 1, error: { code: "CHDB_BUSY" } })
    expect(result.error?.message).toContain(join(root, "other"))
    expect(result.error?.message).toContain(`${url} open`)
    expect(result.error?.message).toMatch(/close that one first, or use the same directory/)
    await other.close()
    expect(await kept.query("SELECT 1 AS one")).toEqual([{ one: 1 }])
  })

  test("settings of one do not reach the other", async () => {
    const one = createIngest({ url, settings: { max_threads: 1 }, database: "one" })
    await one.ensureSchema()
    expect(await one.query("SELECT getSetting('max_threads') AS threads, currentDatabase() AS name")).toEqual(
      [{ threads: 1, name: "one" }],
    )
    const [row] = await kept.query(
      "SELECT currentDatabase() AS name, getSetting('max_threads') = 1 AS leaked",
    )
    expect(row).toEqual({ name: "default", leaked: 0 })
    await one.close()
  })

  test("rows that are meant twice are stored twice, also where the table remembers inserts", async () => {
    await kept.command(
      "CREATE TABLE remembering AS otel_logs ENGINE = MergeTree ORDER BY () SETTINGS non_replicated_deduplication_window = 10",
    )
    const ingest = createIngest({ url, tableNames: { otel_logs: "remembering" } })
    expect(await exported(ingest.logs, [log3({ body: "same" })])).toEqual({ code: 0 })
    expect(await exported(ingest.logs, [log3({ body: "same" })])).toEqual({ code: 0 })
    expect(await ingest.query("SELECT count() AS count FROM remembering")).toEqual([{ count: 2 }])
    await ingest.close()
  })
})

describe("a query", () => {
  test("is stopped by its signal, and so is one that waits for its turn", async () => {
    const stop = new AbortController()
    // Half an hour of work.
    const long = "SELECT sleepEachRow(0.1) FROM numbers(18000) SETTINGS max_block_size = 1"
    const work = kept.query(long, {}, { signal: stop.signal })
    const waiting = kept.query(long, {}, { signal: stop.signal })
    const next = kept.query("SELECT 1 AS one")
    await expect.poll(() => filesIn(scratch)).not.toEqual([])
    stop.abort(new Error("the user has left"))
    const aborted = { code: "ABORTED", message: expect.stringContaining("stopped by its signal") as string }
    await expect(work).rejects.toMatchObject(aborted)
    await expect(waiting).rejects.toMatchObject(aborted)
    expect(await next).toEqual([{ one: 1 }])
    await expect.poll(() => filesIn(scratch)).toEqual([])
  })

  test("is stopped when its signal comes at once", async () => {
    const stop = new AbortController()
    const long = "SELECT sleepEachRow(0.1) FROM numbers(18000) SETTINGS max_block_size = 1"
    const work = kept.query(long, {}, { signal: stop.signal })
    setImmediate(() => stop.abort())
    await expect(work).rejects.toMatchObject({ code: "ABORTED" })
    expect(await kept.query("SELECT 1 AS one")).toEqual([{ one: 1 }])
  })

  test("does not block the event loop", async () => {
    let turns = 0
    const timer = setInterval(() => turns++, 5)
    await kept.query("SELECT sleep(0.5)")
    clearInterval(timer)
    expect(turns).toBeGreaterThan(10)
  })

  test("with blank lines, SQL and files' names in its parameters does nothing else", async () => {
    const value = "\n\nDROP TABLE otel_logs;\n\n' INTO OUTFILE '/tmp/x"
    expect(await kept.query("SELECT {value:String} AS value", { value })).toEqual([{ value }])
    expect(
      await kept.query("SELECT count() > 0 AS there FROM system.tables WHERE name = 'otel_logs'"),
    ).toEqual([{ there: 1 }])
  })
})

describe("another process", () => {
  test("that has the directory open is a clear error", async () => {
    const directory = join(root, "theirs")
    const source = `
      import { createIngest } from "@clickstack/ingest"
      await createIngest("chdb:${directory}").query("SELECT 1")
      console.log("open")
      setInterval(() => {}, 1000)`
    const child = spawn(process.execPath, ["--input-type=module", "--eval", source], {
      cwd: dirname(fileURLToPath(import.meta.url)),
      stdio: ["ignore", "pipe", "inherit"],
    })
    try {
      await once(child.stdout, "data")
      const { output, code } = await runProgram(`
        import { createIngest } from "@clickstack/ingest"
        const error = await createIngest("chdb:${directory}").query("SELECT 1").catch((error) => error)
        console.log(JSON.stringify([error.code, error.retryable, error.message]))`)
      expect(JSON.parse(output)).toEqual([
        "CHDB_BUSY",
        true,
        expect.stringMatching(
          /theirs: the directory is in use by another process, \d+; .*use another directory/,
        ),
      ])
      expect(code).toBe(0)
    } finally {
      child.kill("SIGKILL")
    }
  })

  const program = (end: string) => `
    import { createIngest } from "@clickstack/ingest"
    const ingest = createIngest("chdb:" + process.env.TEST_DIRECTORY)
    await ingest.ensureSchema()
    await ingest.insert("otel_logs", [{ Timestamp: new Date(), Body: "from a program" }])
    console.log(JSON.stringify(await ingest.query("SELECT Body FROM otel_logs")))
    ${end}
    const left = Date.now()
    process.on("exit", () => console.log(Date.now() - left < 4_000 ? "promptly" : "late"))`

  test.each([
    ["with close()", "closed", "await ingest.close()"],
    ["without", "open", ""],
  ])("ends by itself, %s, and leaves the data but no other file", async (_, name, end) => {
    const temporary = join(root, `tmp-${name}`)
    mkdirSync(temporary)
    const { code, output, error } = await runProgram(program(end), {
      env: { TEST_DIRECTORY: join(root, name), TMPDIR: temporary },
    })
    expect(error).toBe("")
    expect(output).toBe('[{"Body":"from a program"}]\npromptly')
    expect(code).toBe(0)
    expect(filesIn(temporary)).toEqual([])
    if (end !== "") expect(readdirSync(temporary)).toEqual([])
    const again = await runProgram(
      `import { createIngest } from "@clickstack/ingest"
      const ingest = createIngest("chdb:" + process.env.TEST_DIRECTORY)
      console.log((await ingest.query("SELECT Body FROM otel_logs"))[0].Body)
      await ingest.close()`,
      { env: { TEST_DIRECTORY: join(root, name) } },
    )
    expect(again.output).toBe("from a program")
  })

  test("opens one directory after the other", async () => {
    const { output } = await runProgram(`
      import { createIngest } from "@clickstack/ingest"
      for (const name of ["a", "b", "a"]) {
        const ingest = createIngest("chdb:${root}/" + name)
        await ingest.command("CREATE TABLE IF NOT EXISTS t (name String) ENGINE = MergeTree ORDER BY ()")
        await ingest.command("INSERT INTO t VALUES ({name:String})", { name })
        console.log((await ingest.query("SELECT count() AS count FROM t"))[0].count)
        await ingest.close()
      }`)
    expect(output).toBe("1\n1\n2")
  })

  test("without the package chdb says what to install", async () => {
    const hook = `data:text/javascript,${encodeURIComponent(`
      import { register } from "node:module"
      register("data:text/javascript," + encodeURIComponent(
        "export const resolve = (name, context, next) => name === 'chdb' ? next('chdb-that-is-not-there', context) : next(name, context)"))`)}`
    const { output, code } = await runProgram(
      `import { createIngest } from "@clickstack/ingest"
      const ingest = createIngest("chdb::memory:")
      const error = await ingest.query("SELECT 1").catch((error) => error)
      console.log(JSON.stringify([error.code, error.retryable, error.message]))
      await ingest.close()`,
      { args: ["--import", hook] },
    )
    expect(JSON.parse(output)).toEqual([
      "CHDB_MISSING",
      false,
      expect.stringMatching(/the package "chdb".*cannot be loaded: .*npm install chdb.*or name a server/),
    ])
    expect(code).toBe(0)
  })
})

test("settings of ClickHouse as a whole are those of who opened it first", async () => {
  await using later = createIngest({ url, serverSettings: { mark_cache_size: 1 } })
  expect(
    await later.query("SELECT value FROM system.server_settings WHERE name = 'mark_cache_size'"),
  ).toEqual([{ value: "12345678" }])
})

test("everything of one's own is removed with the last close()", async () => {
  const { output } = await runProgram(`
    import { createIngest } from "@clickstack/ingest"
    import { mkdtempSync, readdirSync, rmSync } from "node:fs"
    const directory = mkdtempSync("${root}/last-")
    process.env.TMPDIR = directory
    const one = createIngest("chdb::memory:")
    const two = createIngest("chdb::memory:")
    await Promise.all([one.query("SELECT 1"), two.query("SELECT 2")])
    await one.close()
    console.log(readdirSync(directory).length, (await two.query("SELECT 3 AS three"))[0].three)
    await Promise.all([two.close(), two.close(), one.close()])
    console.log(readdirSync(directory).length)`)
  expect(output).toBe("1 3\n0")
})
