// A child process that records telemetry as it is told, line by line, and answers with what it counted.
import { type ChildProcess, spawn } from "node:child_process"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import type { Stats } from "@clickstack/node"

interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
  /** Milliseconds from the start. */
  readonly took: number
}

export interface Report {
  readonly stats: Stats
  /** How many items it has recorded. */
  readonly issued: number
  readonly rss: number
  /** What it held at the most, without garbage, when it was weighed. */
  readonly held: number
  /** The highest so far, in bytes. */
  readonly peak: number
  /** What a command found. */
  readonly answer?: number
  /** Of the last command, in milliseconds. */
  readonly took: number
  readonly longestBlock: number
}

export interface App extends AsyncDisposable {
  readonly process: ChildProcess
  /** Runs a command of the fixture, and answers when it is done. */
  ask(command: string, ...args: (string | number)[]): Promise<Report>
  readonly ended: Promise<Ended>
}

/** A directory for spools, gone with the test. */
export function stateDirectory(): Disposable & { readonly path: string } {
  const path = mkdtempSync(join(tmpdir(), "clickstack-state-"))
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) }
}

// The same for this file as it is and as it is built.
const fixtures = fileURLToPath(
  new URL(import.meta.url.includes("/dist/") ? "../../delivery/fixtures/" : "fixtures/", import.meta.url),
)

export interface AppOptions {
  readonly file?: string
  readonly nodeOptions?: readonly string[]
  /** A command that runs another one: it, too, is one process, which ends as that one does. */
  readonly wrapper?: readonly string[]
}

export function startApp(
  env: Record<string, string>,
  { file = "app.mjs", nodeOptions = [], wrapper = [] }: AppOptions = {},
): App {
  const began = performance.now()
  const whole = [...wrapper, process.execPath, ...nodeOptions, file]
  const child = spawn(whole[0]!, whole.slice(1), {
    cwd: fixtures,
    env: {
      PATH: process.env["PATH"],
      HOME: "",
      CLICKSTACK_INSTRUMENTATION_CONSOLE: "false", // what these apps print is for the tests
      CLICKSTACK_METRICS_EXPORTER: "none",
      CLICKSTACK_STARTUP_LINE: "false",
      // What is recorded is what the test counts.
      CLICKSTACK_CAPTURE_EXCEPTIONS: "false",
      OTEL_SERVICE_NAME: "delivery",
      ...env,
    },
    stdio: ["ignore", "pipe", "pipe", "ipc"],
  })
  let stdout = ""
  let stderr = ""
  child.stdout!.on("data", (chunk) => (stdout += chunk))
  child.stderr!.on("data", (chunk) => (stderr += chunk))
  const ended = new Promise<Ended>((resolve) =>
    child.on("close", (code, signal) =>
      resolve({ code, signal, stdout, stderr, took: performance.now() - began }),
    ),
  )
  let asked = 0
  return {
    process: child,
    ended,
    ask: (command, ...args) =>
      new Promise((resolve, reject) => {
        const id = asked++
        const listen = (message: unknown) => {
          const { id: answered, error, ...report } = message as { id: number; error?: string } & Report
          if (answered !== id) return
          child.off("message", listen)
          child.off("close", fail)
          if (error === undefined) resolve(report)
          else reject(new Error(error))
        }
        const fail = () => reject(new Error(`the app ended: ${stderr}`))
        child.on("message", listen)
        child.once("close", fail)
        child.send({ id, command, args })
      }),
    [Symbol.asyncDispose]: async () => {
      if (child.exitCode === null && child.signalCode === null) child.kill("SIGKILL")
      await ended
    },
  }
}

/** Produced and adopted on one side, all that can become of it on the other. */
export function balance(stats: Stats): { in: number; out: number } {
  let into = 0
  let out = 0
  for (const one of Object.values(stats).flat()) {
    into += one.produced + one.adopted
    out += one.delivered + one.spooled + one.waiting
    out += Object.values(one.dropped).reduce((sum, count) => sum + count, 0)
  }
  return { in: into, out }
}
