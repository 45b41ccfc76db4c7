// Runs an app of the fixtures in a process of its own.
import { spawn } from "node:child_process"
import { fileURLToPath } from "node:url"

export interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

interface RunOptions {
  /** Added to an environment that holds nothing of the one the tests run in but where commands are. */
  readonly env?: Record<string, string>
  readonly nodeOptions?: readonly string[]
  readonly node?: string
  readonly timeout?: number
}

const fixtures = fileURLToPath(new URL("fixtures/", import.meta.url))

export function runApp(app: string, args: readonly string[] = [], options: RunOptions = {}): Promise<Ended> {
  const { env = {}, nodeOptions = [], node = process.execPath, timeout = 30_000 } = options
  return new Promise((resolve, reject) => {
    const child = spawn(node, [...nodeOptions, app, ...args], {
      cwd: fixtures,
      env: { PATH: process.env["PATH"], HOME: "", ...env },
      stdio: ["ignore", "pipe", "pipe"],
      timeout,
      killSignal: "SIGKILL",
    })
    let stdout = ""
    let stderr = ""
    child.stdout.on("data", (chunk) => (stdout += chunk))
    child.stderr.on("data", (chunk) => (stderr += chunk))
    child.on("error", reject)
    child.on("close", (code, signal) => resolve({ code, signal, stdout, stderr }))
  })
}
