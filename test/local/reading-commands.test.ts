// `clickstack tail`, `traces`, `trace` and `sql`, beside a running one and without.
import { join } from "node:path"
import { expect, test, vi } from "vitest"
import { logs, post, spans } from "./otlp.ts"
import { clickstack, startClickstack, startCommand } from "./run-clickstack.ts"
import { serving } from "./serving.ts"
import { temporaryDirectory } from "./temporary.ts"

const cwd = temporaryDirectory()
const traceId = "0af7651916cd43dd8448eb211c80319c"

async function fill(http: string) {
  await post(
    http,
    "traces",
    spans(
      [
        { name: "GET /cart", traceId, spanId: "aaaaaaaaaaaaaaaa", kind: 2, ms: 40 },
        {
          name: "SELECT",
          traceId,
          spanId: "bbbbbbbbbbbbbbbb",
          parentSpanId: "aaaaaaaaaaaaaaaa",
          ms: 20,
          error: "deadlock",
        },
      ],
      "shop",
    ),
  )
  await post(http, "logs", logs([{ body: "first \u001b[31m log", severity: 17, traceId }], "shop"))
}

async function expectReadable() {
  const list = await clickstack(["traces", "--service", "shop"], { cwd })
  expect(list.stdout).toMatch(new RegExp(`${traceId} GET /cart 40 ms shop 2 spans 1 error\n`))
  expect((await clickstack(["traces", "--service", "nobody"], { cwd })).stdout).toBe("no traces\n")
  const one = await clickstack(["trace", traceId], { cwd })
  expect(one.stdout).toMatch(/GET \/cart +shop █+ +40 ms\n +SELECT +shop █+ +20 ms\n +deadlock\n/)
  expect(one.stdout).toContain("error shop first ·[31m log")
  const missing = await clickstack(["trace", "abc"], { cwd })
  expect(missing).toMatchObject({ code: 1, stdout: "", stderr: "clickstack: no trace abc is here\n" })

  const query = "SELECT SpanName, Duration FROM otel_traces ORDER BY SpanName"
  expect((await clickstack(["sql", "-q", query, "--format", "csv"], { cwd })).stdout).toBe(
    "SpanName,Duration\nGET /cart,40000000\nSELECT,20000000\n",
  )
  const prompt = await clickstack(["sql", "--format", "tsv"], {
    cwd,
    input: "SELECT 1\n  AS one;\n-- last\nSELECT 'a\tb' AS two",
  })
  expect(prompt).toMatchObject({ code: 0, stdout: "one\n1\ntwo\na\\tb\n", stderr: "" })
  const wrong = await clickstack(["sql", "-q", "SELEC 1"], { cwd })
  expect(wrong.code).toBe(1)
  expect(wrong.stderr).toMatch(/^clickstack: .*Syntax error/)
}

test("beside a running one", async () => {
  const local = await startClickstack([], { cwd })
  await fill(local.http)
  await expectReadable()
  await local.end()
})

test("on the data alone", async () => {
  await expectReadable()
  const nothing = await clickstack(["traces", "--dir", join(cwd, "nothing")], { cwd })
  expect(nothing.stderr).toBe(
    `clickstack: there is no data in ${join(cwd, "nothing")}, and no clickstack is found there: ` +
      'start it with "clickstack", or name another directory (--dir)\n',
  )
})

test.each(["tail", "traces"])("%s tells when --url names another server", async (command) => {
  await using other = await serving((_request, response) => response.end("hello"))
  const { code, stdout, stderr } = await clickstack([command, "--url", other.url], { cwd })
  expect([code, stdout, stderr]).toEqual([
    1,
    "",
    `clickstack: ${other.url} answered 200, but is no clickstack: give the address that clickstack prints beside "Viewer", such as http://127.0.0.1:4319\n`,
  ])
})

test("a result that is larger than the memory of the running one does not end it", async () => {
  const local = await startClickstack([], { cwd, env: { NODE_OPTIONS: "--max-old-space-size=80" } })
  const large = "SELECT number, repeat('x', 200) AS text FROM numbers(400000)"
  const { code, stdout } = await clickstack(["sql", "-q", large, "--format", "tsv"], { cwd })
  expect(code).toBe(0)
  expect(stdout.length).toBeGreaterThan(80_000_000)
  expect(stdout.trimEnd().split("\n").length).toBe(400_001)
  expect((await clickstack(["sql", "-q", "SELECT 1 AS one", "--format", "csv"], { cwd })).stdout).toBe(
    "one\n1\n",
  )
  expect((await local.end()).code).toBe(0)
})

// Collects garbage all the time, as a machine under load does at moments of its own.
const collectGarbage = `--import "data:text/javascript,${encodeURIComponent(
  'import v8 from "node:v8"; import vm from "node:vm"; v8.setFlagsFromString("--expose-gc"); setInterval(vm.runInNewContext("gc"), 1).unref()',
)}"`

test("tail begins with the last logs, follows what comes, filters, and says when it is over", async () => {
  const local = await startClickstack([], { cwd })
  const env = { NODE_OPTIONS: collectGarbage }
  const all = await startCommand(["tail"], "first", { cwd, env })
  const errors = await startCommand(["tail", "--level", "error", "--service", "shop", "--json"], "first", {
    cwd,
    env,
  })
  const traced = await startCommand(["tail", "--url", local.api ?? "", "--trace", traceId], "first", { cwd })
  await post(local.http, "logs", logs([{ body: "calm", severity: 9 }], "shop"))
  await post(local.http, "logs", logs([{ body: "worse", severity: 17 }], "shop"))
  await post(
    local.http,
    "traces",
    spans([{ name: "late", traceId, spanId: "dddddddddddddddd", ms: 2 }], "shop"),
  )
  const latest = /info {2}shop calm\n[\s\S]*error shop worse\n[\s\S]*span {2}shop late 2\.0 ms/
  await vi.waitFor(() => expect(all.stdout()).toMatch(latest), 20_000)
  await vi.waitFor(() => expect(traced.stdout()).toContain("shop late"), 20_000)
  expect(traced.stdout()).not.toContain("worse")
  await vi.waitFor(() => expect(errors.stdout()).toContain("worse"), 20_000)
  const bodies = errors
    .stdout()
    .trimEnd()
    .split("\n")
    .map((line) => (JSON.parse(line) as { body: string }).body)
  expect(bodies).toEqual(["first \u001b[31m log", "worse"])
  // Nothing that a log holds reaches the terminal as a command.
  expect(all.stdout()).not.toContain("\u001b")

  expect((await all.end("SIGINT")).code).toBe(0)
  await local.end()
  const left = await Promise.all([errors.ended, traced.ended])
  expect(left.map(({ code }) => code)).toEqual([1, 1])
  expect(left[0]?.stderr).toContain("has ended")
})
