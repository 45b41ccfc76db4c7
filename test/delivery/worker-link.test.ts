// node:worker_threads is not loaded at the start, so its first use has to be seen: by each way to load it, the first
// worker already knows the way to the main thread.
import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { expect, test } from "vitest"
import { run } from "../run-node.ts"
import { nodeBinary } from "../tools/node-matrix.mjs"

const register = new URL("../../packages/node/dist/register.js", import.meta.url).href

/** Whether a worker finds what the main thread has put there for it. */
const worker = `new Worker('console.log(typeof require("worker_threads").getEnvironmentData("@clickstack/node"))', { eval: true })`

const ways: readonly [name: string, app: string, script: string][] = [
  ["require", "app.cjs", `const { Worker } = require("worker_threads"); ${worker}`],
  ["import", "app.mjs", `import { Worker } from "node:worker_threads"; ${worker}`],
  ["import()", "app.cjs", `import("node:worker_threads").then(({ Worker }) => { ${worker} })`],
  [
    "createRequire",
    "app.mjs",
    `import { createRequire } from "node:module"; const { Worker } = createRequire(import.meta.url)("worker_threads"); ${worker}`,
  ],
  [
    "module.register(), which makes a worker of its own, and import",
    "app.mjs",
    `import { register } from "node:module"; register("data:text/javascript,"); const { Worker } = await import("node:worker_threads"); ${worker}`,
  ],
  [
    "getBuiltinModule(), from the second worker on",
    "app.cjs",
    `const { Worker } = process.getBuiltinModule("worker_threads"); new Worker("", { eval: true }).once("exit", () => { ${worker} })`,
  ],
]

const versions = process.env["CI"] === undefined ? ["24"] : ["22", "24", "26"]
const nodes = [process.execPath, ...(await Promise.all(versions.map(nodeBinary)))]

test.each(nodes.flatMap((node) => ways.map(([name, app, script]) => [name, app, script, node] as const)))(
  "%s, %s",
  async (_name, app, script, node) => {
    const directory = await mkdtemp(join(tmpdir(), "clickstack-worker-"))
    try {
      await writeFile(join(directory, app), script)
      const env = {
        PATH: process.env["PATH"],
        OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:9",
        OTEL_LOG_LEVEL: "none",
        CLICKSTACK_INSTRUMENTATION_CONSOLE: "false",
        CLICKSTACK_EXIT_BUDGET: "0",
        CLICKSTACK_SPOOL: "false",
      }
      const { code, stdout } = await run(node, ["--import", register, app], { cwd: directory, env })
      expect({ code, stdout }).toEqual({ code: 0, stdout: "object\n" })
    } finally {
      await rm(directory, { recursive: true })
    }
  },
)
