// Runs a script, or another command, in a process of its own, as its users do, and waits for its end.
import { execFile } from "node:child_process"

export interface Ended {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

interface RunOptions {
  readonly cwd?: string
  readonly env?: NodeJS.ProcessEnv
}

export function runNode(args: readonly string[], options: RunOptions = {}): Promise<Ended> {
  return run(process.execPath, args, options)
}

export function run(
  command: string,
  args: readonly string[],
  { cwd, env = process.env }: RunOptions = {},
): Promise<Ended> {
  // What the test runner sets for itself must not reach the child.
  const { NODE_OPTIONS: _options, FORCE_COLOR: _colour, ...clean } = env
  return new Promise((resolve, reject) => {
    execFile(command, args, { cwd, env: clean, maxBuffer: 64 * 1024 * 1024 }, (error, stdout, stderr) => {
      if (error !== null && typeof error.code !== "number") reject(error)
      else resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr })
    })
  })
}
