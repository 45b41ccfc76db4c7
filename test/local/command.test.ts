// `clickstack` itself: a real process, ended by real signals.
import { readdirSync, statSync } from "node:fs"
import { join } from "node:path"
import { createIngest } from "@clickstack/ingest"
import { startClickHouse } from "@clickstack/testing"
import { expect, test } from "vitest"
import { logs, post } from "./otlp.ts"
import { anyPorts, clickstack, startClickstack } from "./run-clickstack.ts"
import { temporaryDirectory } from "./temporary.ts"

const cwd = temporaryDirectory()

async function readBodies(api: string | undefined, text: string): Promise<string[]> {
  const response = await fetch(`${api}/api/logs?limit=1000&text=${encodeURIComponent(text)}`)
  const page = (await response.json()) as { logs: { body: string }[] }
  return page.logs.map(({ body }) => body)
}

test("Ctrl-C loses nothing that was answered with success, and the next one has it", async () => {
  const first = await startClickstack([], { cwd })
  const answered: string[] = []
  const unanswered: string[] = []
  let asked = false
  const send = async (sender: number) => {
    for (let number = 0; ; number++) {
      const body = `${sender}-${number} sent`
      try {
        const { status } = await post(first.http, "logs", logs([{ body }]))
        if (status !== 200) return void unanswered.push(body)
        answered.push(body)
      } catch {
        return void unanswered.push(body)
      }
      if (answered.length >= 40 && !asked) {
        asked = true
        first.process.kill("SIGINT")
      }
    }
  }
  await Promise.all([0, 1, 2, 3].map(send))
  const ended = await first.ended
  expect(ended).toMatchObject({ code: 0, stderr: "" })
  expect(ended.stdout).toMatch(/stopped; in all: \d+ logs/)

  const second = await startClickstack([], { cwd })
  const stored = await readBodies(second.api, "sent")
  expect(answered.filter((body) => !stored.includes(body))).toEqual([])
  expect(stored.filter((body) => !answered.includes(body) && !unanswered.includes(body))).toEqual([])
  expect(new Set(stored).size).toBe(stored.length)

  const third = await clickstack(anyPorts, { cwd })
  expect(third.code).toBe(1)
  expect(third.stderr).toContain(`held by the clickstack with process id ${second.process.pid}`)
  expect(third.stderr).toContain(second.http)
  expect(third.stderr.trim().split("\n")).toHaveLength(1)
  await second.end("SIGTERM")
})

test("nobody else can read what it keeps, nor what the reading commands leave", async () => {
  const dir = join(cwd, "private")
  const local = await startClickstack(["--dir", dir], { cwd })
  await post(local.http, "logs", logs([{ body: "private" }]))
  const open = () =>
    readdirSync(dir, { recursive: true, encoding: "utf8" }).filter(
      // ClickHouse may remove a file meanwhile.
      (name) => ((statSync(join(dir, name), { throwIfNoEntry: false })?.mode ?? 0) & 0o077) !== 0,
    )
  expect(statSync(dir).mode & 0o777).toBe(0o700)
  expect(readdirSync(join(dir, "data")).length).toBeGreaterThan(0)
  expect(open()).toEqual([])
  await local.end()
  expect((await clickstack(["traces", "--dir", dir], { cwd })).stdout).toBe("no traces\n")
  expect(open()).toEqual([])
})

test("--version and help say which and how", async () => {
  expect((await clickstack(["--version"], { cwd })).stdout).toMatch(
    /^clickstack \d+\.\d+\.\d+\S*, Node\.js v\d+/,
  )
  const help = await clickstack(["tail", "--help"], { cwd })
  expect(await clickstack(["help", "tail"], { cwd })).toEqual(help)
})

test("--memory keeps nothing", async () => {
  const one = await startClickstack(["--memory"], { cwd })
  await post(one.http, "logs", logs([{ body: "gone" }]))
  expect(await readBodies(one.api, "gone")).toEqual(["gone"])
  await one.end()
  const other = await startClickstack(["--memory"], { cwd })
  expect(await readBodies(other.api, "gone")).toEqual([])
  await other.end()
})

test("--clickhouse stores in a server", async () => {
  await using server = await startClickHouse()
  const local = await startClickstack(["--clickhouse", server.url, "--dir", join(cwd, "unused")], { cwd })
  expect((await post(local.http, "logs", logs([{ body: "to the server" }]))).status).toBe(200)
  expect(await readBodies(local.api, "server")).toEqual(["to the server"])
  await using direct = createIngest(server.url)
  expect(await direct.query("SELECT Body, SeverityText FROM otel_logs")).toEqual([
    { Body: "to the server", SeverityText: "info" },
  ])
  // There the tables' own TTL of 30 days decides.
  const [table] = await direct.query<{ engine: string }>(
    "SELECT engine_full AS engine FROM system.tables WHERE name = 'otel_logs'",
  )
  expect(table?.engine).toContain("toIntervalHour(720)")
  await local.end()
})

test("on another address than loopback it asks for a token, and says that nothing is encrypted", async () => {
  const env = { CLICKSTACK_LOCAL_TOKEN: "token-of-a-test" }
  const local = await startClickstack(["--memory", "--host", "0.0.0.0"], { cwd, env })
  const { port } = new URL(local.api ?? "")
  expect(local.stdout()).toContain("  token      senders and readers show it in the header authorization\n")
  expect((await fetch(`http://127.0.0.1:${port}/api/logs`)).status).toBe(401)
  const url = ["traces", "--url", `http://127.0.0.1:${port}`]
  expect((await clickstack(url, { cwd })).stderr).toMatch(/asks for a token: set CLICKSTACK_LOCAL_TOKEN/)
  const wrong = await clickstack(url, { cwd, env: { CLICKSTACK_LOCAL_TOKEN: "another" } })
  expect(wrong.stderr).toContain("refuses the token in CLICKSTACK_LOCAL_TOKEN")
  expect((await clickstack(url, { cwd, env })).stdout).toBe("no traces\n")
  expect((await local.end()).stderr).toMatch(
    /^clickstack: nothing that is sent to 0\.0\.0\.0 is encrypted.*--tls-cert.*\n$/,
  )
})

test.each([
  [["--prot", "1"], "unknown option --prot; there are --dir"],
  [["--http-port", "x"], "--http-port must be a port"],
  [["--max-size", "huge"], "--max-size must be a size"],
  [["--retention", "soon"], "--retention must be"],
  [["--retention", "7"], '--retention must be an age such as "36h"'],
  [["--max-size", "0GB"], "--max-size must be"],
  [["--max-size", "5"], "--max-size must be a size such as 500MB or 5GB"],
  [["--memory", "--allow-origin", "localhost:3000"], "--allow-origin must be origins such as"],
  [["--forward", "http://127.0.0.1:4318"], "give this one another --http-port"],
  [["--http-port", "70000"], "--http-port must be a port from 0 to 65535"],
  [["--host", "0.0.0.0"], "CLICKSTACK_LOCAL_TOKEN"],
  [["--memory=yes"], "--memory takes no value"],
  [["--dir"], "--dir needs a value, as in --dir=PATH"],
  [["--dir", "--memory"], "--dir needs a value, as in --dir=PATH"],
  [["--tls-cert", "cert.pem", "--memory"], "--tls-cert cannot be read: ENOENT"],
  [["--memory", "tail"], "(did you mean clickstack tail, with the command first?); see clickstack --help"],
  [["lokal"], 'no command "lokal"'],
  [["doctor", "http://here:4318"], "did you mean --endpoint http://here:4318, or --clickhouse"],
  [["doctor", "--url", "http://here:4318"], "there are --app, --endpoint, --clickhouse, --json"],
  [["traces", "0af7651916cd43dd8448eb211c80319c"], "did you mean clickstack trace 0af"],
  [["trace"], "clickstack traces lists them"],
  [["tail", "checkout"], 'did you mean --service "checkout"?'],
  [["tail", "--url", "here:4319"], "--url must be an address such as"],
  [["sql", "SELECT 1"], 'did you mean -q "SELECT 1"?'],
  [["sql", "--format", "xml"], "--format must be one of"],
  [["spanlog"], "clickstack spanlog --help"],
])("clickstack %j says what is wrong in one line", async (args, message) => {
  const { code, stderr, stdout } = await clickstack(args, { cwd })
  expect(code).toBeGreaterThan(0)
  expect(stderr).toContain(message)
  expect(stderr.trim().split("\n")).toHaveLength(1)
  expect(stdout).toBe("")
})
