// Starts a real server of Debian's packages for one test file: on a free loopback port, in a directory of its own, as
// an unprivileged user (most refuse to be root), ended by its process id.
import { execFile, spawn, type ChildProcess } from "node:child_process"
import { chownSync, existsSync, mkdtempSync, rmSync } from "node:fs"
import { connect, createServer } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { setTimeout as delay } from "node:timers/promises"
import { promisify } from "node:util"

export interface Server extends AsyncDisposable {
  readonly url: string
}

/** "nobody" on Debian. */
const unprivileged = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {}

/** The path of a server's executable; undefined where it is not installed. On CI it must be. */
export function findServer(name: string, ...places: string[]): string | undefined {
  const onPath = (process.env["PATH"] ?? "").split(":").map((directory) => join(directory, name))
  const found = [...places, join("/usr/sbin", name), ...onPath].find((path) => existsSync(path))
  if (found === undefined && process.env["CI"] === "true") {
    throw new Error(`${name} is not installed; .ci/run installs the Debian package that has it`)
  }
  return found
}

export async function freePort(): Promise<number> {
  const probe = createServer()
  await new Promise<void>((resolve) => probe.listen(0, "127.0.0.1", resolve))
  const address = probe.address()
  await new Promise((resolve) => probe.close(resolve))
  if (address === null || typeof address === "string") throw new Error("no port")
  return address.port
}

/** A directory that the server's user owns, removed with the server. */
export function serverDirectory(name: string): string {
  const directory = mkdtempSync(join(tmpdir(), `clickstack-${name}-`))
  if (unprivileged.uid !== undefined) chownSync(directory, unprivileged.uid, unprivileged.gid)
  return directory
}

interface Running {
  readonly child: ChildProcess
  close(): Promise<void>
}

/** Spawns the server and waits until its port takes connections. */
export async function startServer(
  command: string,
  args: readonly string[],
  { port, directory, env = {} }: { port: number; directory: string; env?: Record<string, string> },
): Promise<Running> {
  const child = spawn(command, args, {
    cwd: directory,
    env: { PATH: process.env["PATH"], HOME: directory, ...env },
    stdio: ["ignore", "pipe", "pipe"],
    ...unprivileged,
  })
  let output = ""
  child.stdout.on("data", (chunk) => (output = (output + chunk).slice(-4000)))
  child.stderr.on("data", (chunk) => (output = (output + chunk).slice(-4000)))
  const ended = new Promise<void>((resolve) => {
    child.on("error", (error) => {
      output += error.message
      resolve()
    })
    child.on("close", () => resolve())
  })
  let gone = false
  void ended.then(() => (gone = true))
  const close = async () => {
    child.kill("SIGTERM")
    const late = setTimeout(() => child.kill("SIGKILL"), 5000)
    await ended
    clearTimeout(late)
    rmSync(directory, { recursive: true, force: true })
  }
  const deadline = Date.now() + 45_000
  while (!(await accepts(port))) {
    if (gone || Date.now() > deadline) {
      await close()
      throw new Error(`${command} did not start:\n${output}`)
    }
    await delay(20)
  }
  return { child, close }
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: "127.0.0.1" })
    socket.on("connect", () => resolve(true))
    socket.on("error", () => resolve(false))
    socket.on("close", () => resolve(false))
    socket.on("connect", () => socket.destroy())
  })
}

/** Runs a command of the server's, such as the one that makes its data directory, as the server's user. */
export async function runAsServer(
  command: string,
  args: readonly string[],
  directory: string,
): Promise<void> {
  await promisify(execFile)(command, args, {
    cwd: directory,
    env: { PATH: process.env["PATH"], HOME: directory },
    ...unprivileged,
  })
}
