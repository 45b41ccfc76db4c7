// `clickstack sql` where the data is in a ClickHouse server: beside a `clickstack --clickhouse`, and asking one directly.
import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { type ClickHouse, startClickHouse } from "@clickstack/testing"
import { afterAll, beforeAll, expect, test, vi } from "vitest"
import { logs, post } from "./otlp.ts"
import { anyPorts, clickstack, startClickstack, startCommand } from "./run-clickstack.ts"
import { temporaryDirectory } from "./temporary.ts"

const cwd = temporaryDirectory()
const bodies = "SELECT Body FROM otel_logs ORDER BY Body"

let server: ClickHouse
let bare: string
let env: Record<string, string>

beforeAll(async () => {
  server = await startClickHouse({ username: "keeper" })
  bare = `http://127.0.0.1:${server.port}`
  env = { CLICKSTACK_CLICKHOUSE_USER: "keeper", CLICKSTACK_CLICKHOUSE_PASSWORD: server.password }
}, 120_000)
afterAll(async () => server.close())

const ask = (sql: string, ...more: string[]) =>
  clickstack(["sql", "-q", sql, "--format", "csv", ...more], { cwd })

async function store(dir: string, body: string, args: readonly string[] = []) {
  const local = await startClickstack(["--dir", dir, ...args], { cwd, env })
  expect((await post(local.http, "logs", logs([{ body }]))).status).toBe(200)
  return local
}

test("beside one that stores in a server it asks that server, not what an earlier one left here", async () => {
  await (await store(".clickstack", "kept here")).end()
  const local = await startClickstack(["--clickhouse", bare], { cwd, env })
  await post(local.http, "logs", logs([{ body: "kept there" }]))
  // The access is the running one's: this terminal has none.
  expect(await ask(bodies)).toEqual({ code: 0, stdout: "Body\nkept there\n", stderr: "" })
  const prompted = await clickstack(["sql", "--format", "csv"], {
    cwd,
    input: "CREATE TABLE mine (a UInt8) ENGINE = Memory;\nINSERT INTO mine VALUES (7);\nSELECT a FROM mine",
  })
  expect(prompted).toMatchObject({ code: 0, stderr: "" })
  expect(prompted.stdout.trimEnd()).toMatch(/a\n7$/)
  const wrong = await ask("SELEC 1")
  expect(wrong).toMatchObject({ code: 1, stdout: "" })
  expect(wrong.stderr).toMatch(/^clickstack: .*Syntax error/)
  expect(wrong.stderr).toContain(bare)

  const note = join(cwd, ".clickstack", "running.json")
  expect(statSync(join(cwd, ".clickstack", "sql.sock")).mode & 0o777).toBe(0o600)
  expect(statSync(note).mode & 0o777).toBe(0o600)
  for (const text of [readFileSync(note, "utf8"), local.stdout(), wrong.stderr])
    expect(text).not.toContain(server.password)
  // The other commands find it, too, on ports that are not the usual ones.
  expect((await clickstack(["traces"], { cwd })).stdout).toBe("no traces\n")

  const third = await clickstack(anyPorts, { cwd })
  expect(third.code).toBe(1)
  expect(third.stderr).toContain(`held by the clickstack with process id ${local.process.pid}`)

  expect(await local.end()).toMatchObject({ code: 0, stderr: "" })
  expect(existsSync(note)).toBe(false)
  expect((await ask(bodies)).stdout).toBe("Body\nkept here\n")
})

test("--clickhouse asks a server with nothing running", async () => {
  const options = { cwd: join(cwd, ".clickstack"), env }
  const direct = ["sql", "--clickhouse", bare, "--format", "csv"]
  expect(await clickstack([...direct, "-q", bodies], options)).toEqual({
    code: 0,
    stdout: "Body\nkept there\n",
    stderr: "",
  })
  const prompted = await clickstack(direct, { ...options, input: "SELECT 1 AS one;\nSELECT 2 AS two" })
  expect(prompted).toEqual({ code: 0, stdout: "one\n1\ntwo\n2\n", stderr: "" })
  expect((await ask(bodies, "--clickhouse", server.url)).stdout).toBe("Body\nkept there\n")
})

test("Ctrl-C stops what the server runs, beside a running one and without", async () => {
  const dir = join(cwd, "stopping")
  const local = await startClickstack(["--dir", dir, "--clickhouse", bare], { cwd, env })
  const slow = "SELECT sleepEachRow(0.1) FROM numbers(3000) SETTINGS max_block_size = 1"
  const ways = [
    ["sql", "--dir", dir],
    ["sql", "--clickhouse", bare],
  ]
  for (const way of ways) {
    await server.forgetRequests()
    const asking = await startCommand([...way, "--format", "csv"], "one\n1\n", {
      cwd,
      env,
      input: `SELECT 1 AS one;\n${slow};\n`,
    })
    const asked = async (word: string) => (await server.requests()).some(({ sql }) => sql.includes(word))
    await vi.waitFor(async () => expect(await asked("sleepEachRow")).toBe(true), 20_000)
    const { code, stderr } = await asking.end("SIGINT")
    expect(code).toBe(1)
    expect(stderr).toBe("clickstack: the query was stopped\n")
    await vi.waitFor(async () => expect(await asked("KILL QUERY")).toBe(true), 20_000)
  }
  expect((await local.end()).code).toBe(0)
})

test("a server that does not let it in, or is not there, is told before the prompt, in one line", async () => {
  const locked = { cwd, env: { ...env, CLICKSTACK_CLICKHOUSE_PASSWORD: "not-the-password" } }
  const refused = await clickstack(["sql", "--clickhouse", bare], { ...locked, input: "SELECT 1; SELECT 2" })
  const unstored = await clickstack(["--clickhouse", bare, ...anyPorts], locked)
  const away = await ask("SELECT 1", "--clickhouse", "http://keeper:a-secret@127.0.0.1:1")
  for (const { code, stdout, stderr } of [refused, unstored, away]) {
    expect([code, stdout, stderr.trim().split("\n").length]).toEqual([1, "", 1])
    expect(stderr).not.toMatch(/not-the-password|a-secret/)
  }
  for (const { stderr } of [refused, unstored]) {
    expect(stderr).toContain(bare)
    expect(stderr).toContain("CLICKSTACK_CLICKHOUSE_PASSWORD")
  }
  expect(away.stderr).toContain("http://127.0.0.1:1")
})

test("where nothing is, it says which ways there are", async () => {
  const { code, stderr } = await ask("SELECT 1", "--dir", "nothing")
  expect([code, stderr.trim().split("\n").length]).toEqual([1, 1])
  expect(stderr).toContain(join(cwd, "nothing"))
  expect(stderr).toContain('start it with "clickstack"')
  expect(stderr).toContain("--clickhouse URL")
  const memory = await startClickstack(["--memory"], { cwd: join(cwd, ".clickstack") })
  const beside = await clickstack(["sql", "-q", "SELECT 1"], { cwd: join(cwd, ".clickstack") })
  expect(beside.stderr).toContain("--clickhouse URL")
  await memory.end()
})

test("one whose directory is held stores all the same, and says whom the commands there ask", async () => {
  const dir = join(cwd, "held")
  const first = await store(dir, "of the first")
  const second = await store(dir, "of the second", ["--clickhouse", bare])
  expect((await ask(bodies, "--dir", dir)).stdout).toBe("Body\nof the first\n")
  const ended = await second.end()
  expect(ended.stderr).toMatch(new RegExp(`^clickstack: .*process id ${first.process.pid}.*--dir.*\\n$`))
  // Its end takes nothing away from the other one.
  expect((await ask(bodies, "--dir", dir)).stdout).toBe("Body\nof the first\n")
  await first.end()
})

test("one that can keep no directory stores all the same, and says what the commands miss", async () => {
  const file = join(cwd, "a-file")
  writeFileSync(file, "")
  const local = await store(file, "without a directory", ["--clickhouse", bare])
  const { code, stderr } = await local.end()
  expect(code).toBe(0)
  expect(stderr).toMatch(/^clickstack: .*a-file.*--dir.*\n$/)
})

test.each([
  [["--clickhouse", "chdb:./data"], "--clickhouse"],
  [["--clickhouse", "ftp://keeper:a-secret@here"], 'scheme "ftp:"'],
  [["--clickhouse", "http://here:8123", "--dir", "there"], "--dir"],
  [["http://keeper:a-secret@here:8123"], "did you mean --clickhouse http://"],
])("clickstack sql %j says what is wrong, without a password", async (args, message) => {
  const { code, stdout, stderr } = await clickstack(["sql", ...args], { cwd })
  expect([code, stdout, stderr.trim().split("\n").length]).toEqual([1, "", 1])
  expect(stderr).toContain(message)
  expect(stderr).not.toContain("a-secret")
})
