// The `clickstack` command as a real process.
import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { fileURLToPath } from "node:url"

const main = fileURLToPath(new URL("../../packages/local/dist/command/main.js", import.meta.url))

export interface Ended {
  code: number | null
  stdout: string
  stderr: string
}

export interface Running {
  readonly process: ChildProcess
  readonly http: string
  readonly grpc: string | undefined
  readonly api: string | undefined
  readonly stdout: () => string
  readonly stderr: () => string
  readonly ended: Promise<Ended>
  /** Sends the signal and waits for the end. */
  end(signal?: NodeJS.Signals): Promise<Ended>
}

interface Options {
  cwd?: string
  env?: Record<string, string>
  input?: string
}

function start(args: readonly string[], { cwd, env = {} }: Options) {
  const child = spawn(process.execPath, [main, ...args], {
    cwd,
    env: { PATH: process.env["PATH"], HOME: "", NO_COLOR: "1", ...env },
    stdio: "pipe",
  })
  const output = { stdout: "", stderr: "" }
  child.stdout.on("data", (chunk: Buffer) => (output.stdout += chunk.toString()))
  child.stderr.on("data", (chunk: Buffer) => (output.stderr += chunk.toString()))
  const ended = once(child, "close").then(([code]) => ({ code: code as number | null, ...output }))
  return { child, output, ended }
}

/** Runs a command to its end. */
export async function clickstack(args: readonly string[], options: Options = {}): Promise<Ended> {
  const { child, ended } = start(args, options)
  child.stdin.end(options.input ?? "")
  return ended
}

export const anyPorts = ["--http-port", "0", "--grpc-port", "0", "--ui-port", "0"]

/** Starts a command that goes on, and waits until its output has the text. */
export async function startCommand(args: readonly string[], until: string, options: Options = {}) {
  const { child, output, ended } = start(args, options)
  if (options.input !== undefined) child.stdin.write(options.input)
  await new Promise<void>((resolve, reject) => {
    const look = () => output.stdout.includes(until) && resolve()
    child.stdout.on("data", look)
    void ended.then(({ stdout, stderr }) => reject(new Error(`it ended: ${stdout}${stderr}`)))
  })
  return {
    process: child,
    ended,
    stdout: () => output.stdout,
    stderr: () => output.stderr,
    async end(signal: NodeJS.Signals = "SIGINT") {
      child.kill(signal)
      return ended
    },
  }
}

/** Starts `clickstack` and waits until it listens. */
export async function startClickstack(args: readonly string[], options: Options = {}): Promise<Running> {
  // The last line of its greeting says where the data goes.
  const ports = args.includes("--http-port") ? [] : anyPorts
  const running = await startCommand([...args, ...ports], "\n  OTLP/HTTP", options)
  const address = (name: string) =>
    new RegExp(`${name} +(http\\S+?)(?:/api/logs)?\\n`).exec(running.stdout())?.[1]
  return { ...running, http: address("OTLP/HTTP") ?? "", grpc: address("OTLP/gRPC"), api: address("API") }
}
