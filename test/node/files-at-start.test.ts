// What a start reads. Each file costs about 0.25 ms of every start of every app, each import of it 0.1 ms more. A test
// cannot hold a time to its word; the number of files it can.
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { expect, test } from "vitest"
import { runNode } from "../run-node.ts"

const dist = new URL("../../packages/node/dist/", import.meta.url).href

/** On Node 20; later ones do without old-node-hooks.js. */
const mostAtStart = 24
const mostWithSpan = 89

const advice = `Load what only some starts need, or what is needed from the first span on, by require() when it is
needed, as sdk.ts does it; or put two files together where that reads better. If a start cannot do without another file,
the number in this test says so.`

/** Every file that a process ran, its main script aside: Node lists them when it reports coverage. */
async function filesOf(app: string, script: string): Promise<string[]> {
  // Where none of the libraries is installed for which Node 20 starts a loader thread.
  const directory = await mkdtemp(join(tmpdir(), "clickstack-files-"))
  try {
    await writeFile(join(directory, app), script)
    const env = {
      PATH: process.env["PATH"],
      HOME: "",
      NODE_V8_COVERAGE: join(directory, "coverage"),
      OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:9",
      OTEL_LOG_LEVEL: "none",
      CLICKSTACK_EXIT_BUDGET: "0",
      CLICKSTACK_SPOOL: "false",
    }
    const ended = await runNode(["--import", new URL("register.js", dist).href, app], { cwd: directory, env })
    expect(ended).toEqual({ code: 0, stdout: "", stderr: "" })
    const reports = (await readdir(env.NODE_V8_COVERAGE)).map((name) => join(env.NODE_V8_COVERAGE, name))
    const contents = await Promise.all(reports.map((report) => readFile(report, "utf8")))
    const urls = contents.flatMap((content) =>
      (JSON.parse(content) as { result: { url: string }[] }).result.map(({ url }) => url),
    )
    return [...new Set(urls)].filter((url) => url.startsWith("file:") && !url.endsWith(app)).toSorted()
  } finally {
    await rm(directory, { recursive: true })
  }
}

/** Node's own that would be read beside those of an empty process. */
const unneeded = `if (process.moduleLoadList.includes("NativeModule worker_threads")) process.exitCode = 1`

/** Fails with the names and with what to do. */
function expectAtMost(most: number, names: readonly string[]): void {
  const told = `${names.length} files, at most ${most}:\n${names.join("\n")}\n${advice}`
  expect(names.length, told).toBeLessThanOrEqual(most)
}

test.each(["app.cjs", "app.mjs"])(
  "%s that does nothing reads a few files of ours and no others",
  async (app) => {
    const names = (await filesOf(app, unneeded)).map((url) => url.replace(dist, ""))
    expect(names.filter((name) => name.startsWith("file:"))).toEqual([])
    expect(names).toContain("start.js")
    expectAtMost(mostAtStart, names)
  },
)

test("a first span reads what makes it and keeps it, and nothing that sends it", async () => {
  // Before the SDK warms up, which it does soon.
  const span = `globalThis[Symbol.for("opentelemetry.js.api.1")].trace.getTracer("app").startSpan("first").end(); process.exit()`
  const files = await filesOf("app.cjs", span)
  const packages = files.map((url) => /@opentelemetry\/([^/]+)/.exec(url)?.[1])
  expect([...new Set(packages)].filter((name) => name !== undefined).toSorted()).toEqual([
    "api",
    "context-async-hooks",
    "core",
    "resources",
    "sdk-trace",
    "sdk-trace-base",
    "semantic-conventions",
  ])
  expectAtMost(
    mostWithSpan,
    files.filter((url) => url.startsWith(dist)).map((url) => url.replace(dist, "")),
  )
})
