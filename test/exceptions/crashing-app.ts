// Runs an app that may die, without us and with us, in a directory of its own, and gives what it did and what was
// recorded: what a dying process leaves on disk is delivered by the next one of the same name.
import { cpSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { connect, type Connection } from "@clickstack/testing"
import { runApp } from "../node/run-app.ts"

type Files = Readonly<Record<string, string>>

interface RunOptions {
  readonly node?: string | undefined
  readonly nodeArgs?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
}

export interface Did {
  readonly code: number | null
  readonly signal: string | null
  readonly stdout: string
  /** Without what we say. */
  readonly stderr: string
}

export interface Frame {
  readonly filename: string
  readonly module?: string
  readonly function: string
  readonly lineno?: number
  readonly colno?: number
  readonly in_app: boolean
  readonly pre_context?: readonly string[]
  readonly context_line?: string
  readonly post_context?: readonly string[]
  readonly vars?: Readonly<Record<string, unknown>>
}

const register = new URL("../../packages/node/dist/register.js", import.meta.url).href
const libraries = fileURLToPath(new URL("../instrumentation/node_modules", import.meta.url))
const ours = fileURLToPath(new URL("../node_modules", import.meta.url))
// Until nothing is left on disk.
const delivers = `import { readdirSync } from "node:fs"
import { init, withSpan } from "@clickstack/node"
import { logs } from "@opentelemetry/api-logs"
const clickstack = init()
withSpan("delivers", () => logs.getLogger("delivers").emit({ body: "delivers" }))
const isLeft = () =>
  readdirSync(process.env.CLICKSTACK_SPOOL, { recursive: true }).some((name) => /\\.(seg|open)$/.test(name))
for (const until = performance.now() + 20_000; performance.now() < until; ) {
  await clickstack.flush()
  if (!isLeft()) break
  await new Promise((resolve) => setTimeout(resolve, 20))
}
await clickstack.shutdown()
`
// What wraps the loading of modules is seen in the stack of what a main script throws; so does --import.
const unwrapped = { CLICKSTACK_INSTRUMENTATION: "false" }

export class App implements AsyncDisposable {
  readonly directory = realpathSync(mkdtempSync(join(tmpdir(), "clickstack-exceptions-")))
  readonly #connections: Connection[] = []

  constructor(files: Files) {
    this.write({
      "package.json": '{ "name": "crashing", "version": "1.0.0" }',
      "delivers.mjs": delivers,
      ...files,
    })
    const modules = join(this.directory, "node_modules")
    mkdirSync(modules)
    for (const name of ["express", "fastify"]) symlinkSync(join(libraries, name), join(modules, name))
    for (const scope of ["@clickstack", "@opentelemetry"])
      symlinkSync(join(ours, scope), join(modules, scope))
  }

  write(files: Files): void {
    for (const [name, text] of Object.entries(files)) {
      const file = join(this.directory, name)
      mkdirSync(dirname(file), { recursive: true })
      writeFileSync(file, text)
    }
  }

  copy(from: string, to: string): void {
    cpSync(from, join(this.directory, to), { recursive: true })
  }

  async run(script: string, { nodeArgs = [], env = {}, node }: RunOptions = {}): Promise<Did> {
    const { code, signal, stdout, stderr } = await runApp(join(this.directory, script), [], {
      nodeOptions: nodeArgs.includes("--import")
        ? nodeArgs
        : [...nodeArgs, "--import", "data:text/javascript,"],
      env,
      timeout: 60_000,
      ...(node === undefined ? {} : { node }),
    })
    return { code, signal, stdout, stderr: plain(stderr) }
  }

  /** With us, from the start. */
  async record(script: string, { nodeArgs = [], env = {}, node }: RunOptions = {}) {
    const telemetry = await connect({ port: 0 })
    this.#connections.push(telemetry)
    const sending = {
      CLICKSTACK_SPOOL: join(this.directory, `spool-${this.#connections.length}`),
      ...unwrapped,
      ...telemetry.env,
    }
    const did = await this.run(script, {
      node,
      env: { ...sending, ...env },
      nodeArgs: [...nodeArgs, "--import", register],
    })
    await this.run("delivers.mjs", { node, env: sending })
    await telemetry.waitFor(() => telemetry.logs.some(({ body }) => body === "delivers"))
    await telemetry.waitFor(() => telemetry.find("delivers"))
    const logs = telemetry.logs.filter(({ attributes }) => attributes["exception.type"] !== undefined)
    const events = telemetry.spans.flatMap((span) =>
      span.events.filter(({ name }) => name === "exception").map(({ attributes }) => ({ attributes, span })),
    )
    return { did, telemetry, logs, events }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const one of this.#connections) await one.close()
    rmSync(this.directory, { recursive: true, force: true })
  }
}

// Node has a shorter way to a single listener of an event than to two.
const plain = (stderr: string) =>
  stderr
    .replace(/^clickstack: .*\n/gm, "")
    .replace(/^\(node:\d+\)/gm, "(node)")
    .replace(/process\.emit \(node:events:\d+:\d+\)/g, "process.emit (node:events)")

export function framesOf({ attributes }: { readonly attributes: object }): readonly Frame[] {
  const { "exception.parsed_stacktrace": json } = attributes as Record<string, string | undefined>
  return json === undefined ? [] : (JSON.parse(json) as { frames: Frame[] }).frames
}
