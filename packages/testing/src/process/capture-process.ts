// captureProcess(): runs a real script under `--import @clickstack/node/register` and hands back what it sent, printed,
// and how it ended.
import { spawn } from "node:child_process"
import { existsSync, mkdtempSync, rmSync } from "node:fs"
import { createRequire } from "node:module"
import { tmpdir } from "node:os"
import { dirname, join, resolve } from "node:path"
import { fileURLToPath, pathToFileURL } from "node:url"
import { TestingError } from "../errors.ts"
import { now } from "../recorded/real-time.ts"
import { extend } from "../recorded/extend.ts"
import type { Telemetry } from "../recorded/telemetry.ts"
import { sendingTo } from "./connect.ts"
import { openInbox } from "./inbox.ts"

export interface CaptureOptions {
  /** Arguments of the script. */
  readonly args?: readonly string[]
  /** Beside this process's environment without what configures telemetry; undefined takes a variable away. */
  readonly env?: Readonly<Record<string, string | undefined>>
  /** The script's directory unless given. */
  readonly cwd?: string
  /** The Node.js that runs it; this one unless given. */
  readonly node?: string
  /** Options of Node.js, after the ones that start the SDK. */
  readonly nodeArgs?: readonly string[]
  /** How the SDK is started; `false`: not by us, the script does it. */
  readonly preload?: "import" | "require" | false
  readonly protocol?: "http/protobuf" | "http/json" | "grpc"
  /** What is written to its stdin, which then ends. */
  readonly stdin?: string
  /** Milliseconds until it is killed; 30,000 unless given. */
  readonly timeout?: number
  /** Called when it runs, such as to send it requests, or signals. */
  readonly during?: (running: Running) => void | Promise<void>
}

export interface Running {
  readonly pid: number
  readonly telemetry: Telemetry
  readonly stdout: string
  readonly stderr: string
  /** What it prints until then, once that holds the text. */
  printed(text: string | RegExp): Promise<string>
  write(text: string): void
  kill(signal?: NodeJS.Signals): void
}

/** What it sent, to read and to match, and the rest. */
export interface Captured extends Telemetry {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
  /** From its start to its end, in milliseconds. */
  readonly took: number
  /** The headers of each request it sent, without keys and cookies. */
  readonly headers: readonly Readonly<Record<string, string>>[]
}

const require = createRequire(import.meta.url)

/** @throws TestingError TIMED_OUT, with what it printed; SCRIPT_MISSING; PACKAGE_MISSING without @clickstack/node. */
export async function captureProcess(script: string | URL, options: CaptureOptions = {}): Promise<Captured> {
  const { args = [], cwd, node = process.execPath, nodeArgs = [], protocol, timeout = 30_000 } = options
  const file = script instanceof URL ? fileURLToPath(script) : resolve(cwd ?? process.cwd(), script)
  if (!existsSync(file))
    throw new TestingError("SCRIPT_MISSING", `captureProcess: there is no script ${file}`)
  // Not the user's own: what this script leaves there is nobody else's.
  const spool = mkdtempSync(join(tmpdir(), "clickstack-capture-"))
  const inbox = await openInbox({ httpPort: 0, grpcPort: protocol === "grpc" ? 0 : undefined })
  try {
    const url = protocol === "grpc" ? inbox.receiver.grpcUrl! : inbox.receiver.url!
    const env = {
      ...ownEnvironment(),
      ...sendingTo(url),
      CLICKSTACK_SPOOL: spool,
      CLICKSTACK_EXIT_BUDGET: "10000", // the receiver is there; a busy machine must not cost a span
      ...(protocol === undefined ? {} : { OTEL_EXPORTER_OTLP_PROTOCOL: protocol }),
      ...options.env,
    }
    const began = now()
    const child = spawn(
      node,
      [
        ...preloadArgs(options.preload ?? "import"),
        ...(await typescriptArgs(file, node)),
        ...nodeArgs,
        file,
        ...args,
      ],
      { cwd: cwd ?? dirname(file), env, stdio: "pipe" },
    )
    const output = { stdout: "", stderr: "" }
    let listeners: (() => void)[] = []
    const collect = (name: "stdout" | "stderr") =>
      child[name].setEncoding("utf8").on("data", (chunk: string) => {
        output[name] += chunk
        for (const listener of listeners) listener()
      })
    collect("stdout")
    collect("stderr")
    child.stdin.on("error", () => undefined) // it may end before it has read all
    if (options.stdin !== undefined || options.during === undefined) child.stdin.end(options.stdin)
    const ended = new Promise<{ code: number | null; signal: NodeJS.Signals | null; timedOut: boolean }>(
      (fulfil, reject) => {
        let timedOut = false
        const timer = setTimeout(() => {
          timedOut = true
          child.kill("SIGKILL")
        }, timeout)
        child.on("error", reject)
        child.on("close", (code, signal) => {
          clearTimeout(timer)
          for (const listener of listeners) listener()
          fulfil({ code, signal, timedOut })
        })
      },
    )
    const running: Running = {
      pid: child.pid ?? 0,
      telemetry: inbox.telemetry,
      get stdout() {
        return output.stdout
      },
      get stderr() {
        return output.stderr
      },
      printed: (text) =>
        new Promise((fulfil, reject) => {
          const look = () => {
            const all = output.stdout + output.stderr
            const isThere = typeof text === "string" ? all.includes(text) : text.test(all)
            if (!isThere && child.exitCode === null && child.signalCode === null) return
            listeners = listeners.filter((one) => one !== look)
            if (isThere) fulfil(all)
            else
              reject(
                new TestingError("TIMED_OUT", `${file} ended and had not printed ${String(text)}:\n${all}`),
              )
          }
          listeners.push(look)
          look()
        }),
      write: (text) => void child.stdin.write(text),
      kill: (signal = "SIGTERM") => void child.kill(signal),
    }
    const during = Promise.resolve(options.during?.(running)).catch((error: unknown) => {
      child.kill("SIGKILL")
      throw error
    })
    const [{ code, signal, timedOut }] = await Promise.all([ended, during])
    const took = now() - began
    if (timedOut) {
      throw new TestingError(
        "TIMED_OUT",
        `${file} did not end within ${timeout} ms and was killed; it printed:\n${output.stdout}${output.stderr}`,
      )
    }
    return extend(inbox.telemetry, { code, signal, ...output, took, headers: inbox.headers })
  } finally {
    await inbox.receiver.close()
    rmSync(spool, { recursive: true, force: true })
  }
}

function preloadArgs(preload: NonNullable<CaptureOptions["preload"]>): string[] {
  if (preload === false) return []
  let register: string
  try {
    register = require.resolve("@clickstack/node/register")
  } catch (cause) {
    throw new TestingError(
      "PACKAGE_MISSING",
      "captureProcess starts @clickstack/node in the script, which is not installed: npm install @clickstack/node; preload: false leaves it to the script",
      { cause },
    )
  }
  return preload === "require" ? ["--require", register] : ["--import", pathToFileURL(register).href]
}

const stripsByItself = [22, 18]

/** Node.js reads TypeScript by itself since 22.18; before, tsx does it, if the script's package has it. */
async function typescriptArgs(file: string, node: string): Promise<string[]> {
  if (!/\.[mc]?tsx?$/.test(file)) return []
  const [major = 0, minor = 0] = (await versionOf(node)).split(".").map(Number)
  const isNew = major > stripsByItself[0]! || (major === stripsByItself[0]! && minor >= stripsByItself[1]!)
  if (isNew && !file.endsWith("x") && major !== 23) return []
  try {
    return ["--import", pathToFileURL(createRequire(file).resolve("tsx")).href]
  } catch (cause) {
    throw new TestingError(
      "PACKAGE_MISSING",
      `captureProcess: ${file} is TypeScript, which this Node.js (${major}.${minor}) does not read by itself: use 22.18 or newer, or npm install tsx`,
      { cause },
    )
  }
}

const versions = new Map<string, Promise<string>>([
  [process.execPath, Promise.resolve(process.versions.node)],
])

function versionOf(node: string): Promise<string> {
  let version = versions.get(node)
  if (version === undefined) {
    version = new Promise((fulfil, reject) => {
      const child = spawn(node, ["-p", "process.versions.node"], {
        stdio: ["ignore", "pipe", "ignore"],
        env: ownEnvironment(),
      })
      let printed = ""
      child.stdout.on("data", (chunk) => (printed += chunk))
      child.on("error", reject)
      child.on("close", () => fulfil(printed.trim()))
    })
    versions.set(node, version)
  }
  return version
}

/** What configures telemetry, test runners and Node.js itself stays here. */
function ownEnvironment(): NodeJS.ProcessEnv {
  const foreign =
    /^(OTEL_|CLICKSTACK_|HYPERDX_|HDX_|VITEST|JEST_|NODE_OPTIONS$|NODE_ENV$|NODE_TEST_CONTEXT$|NODE_V8_COVERAGE$|FORCE_COLOR$|NO_COLOR$|TEST$|DEV$|PROD$|MODE$|SSR$)/
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !foreign.test(name)))
}
