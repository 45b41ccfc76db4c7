// The child process as the parent sees it: commands that are answered, an end that leaves nothing behind.
import { fork } from "node:child_process"
import { rmSync } from "node:fs"
import { Socket } from "node:net"
import { fileURLToPath } from "node:url"
import { TestingError } from "../errors.ts"
import type { Call, Commands, Reply, Started, StartOptions } from "./commands.ts"

export interface Child {
  readonly pid: number
  /** Ends the child when it cannot start, and says why. */
  start(options: StartOptions): Promise<Started>
  tell<Name extends keyof Commands>(
    name: Name,
    ...args: Parameters<Commands[Name]>
  ): Promise<Awaited<ReturnType<Commands[Name]>>>
  /** Lets this process end while the child runs; the child then ends too. */
  unref(): void
  /** Ends it. `temporary` is removed here if the child no longer can. */
  end(temporary?: string): Promise<void>
}

const CHILD = fileURLToPath(new URL("./child.js", import.meta.url))

/** After this long a child that does not end is killed. */
const END_MS = 5_000

interface Waiter {
  resolve(result: any): void
  reject(error: Error): void
}

export function spawnChild(): Child {
  const child = fork(CHILD, [], {
    // What preloads the parent, a tracer or a test runner, has no business in the database.
    execArgv: [],
    env: environment(),
    serialization: "advanced",
    stdio: ["ignore", "ignore", "pipe", "ipc"],
  })
  const waiting = new Map<number, Waiter>()
  let lastErrors = ""
  let calls = 0
  let isUnref = false
  let failed: TestingError | undefined
  let ending: Promise<void> | undefined

  child.stderr
    ?.setEncoding("utf8")
    .on("data", (text: string) => (lastErrors = (lastErrors + text).slice(-2_000)))
  child.on("message", (reply: Reply) => {
    const waiter = waiting.get(reply.id)
    waiting.delete(reply.id)
    if (isUnref && waiting.size === 0) child.channel?.unref()
    if ("failure" in reply) waiter?.reject(new ChildFailure(reply.failure.message, reply.failure.code))
    else waiter?.resolve(reply.result)
  })
  // The child's own "close" event does not come after disconnect(), so the end of stderr is waited for by hand.
  const silent = new Promise<void>((resolve) => child.stderr?.once("close", () => resolve()))
  const exited = new Promise<void>((resolve) => {
    child.once("error", (cause) => {
      fail(
        new TestingError("SERVER_FAILED", `ClickHouse's process did not start: ${cause.message}`, { cause }),
      )
      resolve()
    })
    child.once("exit", (code, signal) => {
      void silent.then(() => {
        const how = signal === null ? `with exit code ${code}` : `by ${signal}`
        fail(new TestingError("SERVER_FAILED", `ClickHouse's process has ended ${how}${quoted(lastErrors)}`))
        resolve()
      })
    })
  })

  return { pid: child.pid ?? 0, start, tell, unref, end }

  async function start(options: StartOptions): Promise<Started> {
    try {
      return await tell("start", options)
    } catch (error) {
      await end()
      throw error instanceof ChildFailure ? startError(error, options, lastErrors) : error
    }
  }

  function tell<Name extends keyof Commands>(
    name: Name,
    ...args: Parameters<Commands[Name]>
  ): Promise<Awaited<ReturnType<Commands[Name]>>> {
    return new Promise((resolve, reject) => {
      if (failed !== undefined) return reject(failed)
      const id = ++calls
      waiting.set(id, { resolve, reject })
      child.channel?.ref()
      child.send({ id, name, args } satisfies Call, (error) => {
        // A channel that is closed: the end of the process, which tells more, follows.
        if (error !== null) void exited.then(() => reject(failed ?? error))
      })
    })
  }

  function fail(error: TestingError): void {
    failed ??= error
    for (const waiter of waiting.values()) waiter.reject(failed)
    waiting.clear()
  }

  function unref(): void {
    isUnref = true
    child.unref()
    child.channel?.unref()
    if (child.stderr instanceof Socket) child.stderr.unref()
  }

  function end(temporary?: string): Promise<void> {
    ending ??= (async () => {
      const hasEnded = failed !== undefined
      fail(new TestingError("CLOSED", "this ClickHouse was closed; start another one with startClickHouse()"))
      child.ref()
      // Closing the channel is what tells the child to end.
      if (child.connected) child.disconnect()
      const patience = setTimeout(() => child.kill("SIGKILL"), END_MS)
      if (!hasEnded) await exited
      clearTimeout(patience)
      if (temporary !== undefined) rmSync(temporary, { recursive: true, force: true })
    })()
    return ending
  }
}

const quoted = (errors: string): string => (errors === "" ? "" : ` (${errors.trim()})`)

function environment(): NodeJS.ProcessEnv {
  // Each running query holds one of libuv's threads; writing files and gzip need some as well.
  const copy: NodeJS.ProcessEnv = { ...process.env, UV_THREADPOOL_SIZE: "64" }
  delete copy["NODE_OPTIONS"]
  delete copy["NODE_V8_COVERAGE"]
  return copy
}

const IS_MISSING = new Set(["MODULE_NOT_FOUND", "ERR_MODULE_NOT_FOUND", "CHDB_PLATFORM", "CHDB_ABI"])

/** What a command has failed with, inside of the child. */
class ChildFailure extends Error {
  readonly code: string

  constructor(message: string, code: string) {
    super(message)
    this.code = code
  }
}

function startError(failure: ChildFailure, { directory }: StartOptions, errors: string): TestingError {
  const { code, message } = failure
  const options = { cause: failure }
  if (IS_MISSING.has(code)) {
    return new TestingError(
      "CHDB_MISSING",
      `startClickHouse() needs the package chdb, which is not installed here or has no build for ` +
        `${process.platform}-${process.arch} (it has for macOS, and for Linux with glibc); ` +
        `install it with: npm install --save-dev chdb (${message})`,
      options,
    )
  }
  if (code === "EADDRINUSE") {
    return new TestingError(
      "PORT_IN_USE",
      `startClickHouse: ${message}; leave port out to get a free one`,
      options,
    )
  }
  // chDB tells the reason on stderr only.
  if (errors.includes("Another server instance in same directory")) {
    return new TestingError(
      "DIRECTORY_IN_USE",
      `startClickHouse: another process has the data directory ${directory} open; close that one, or choose another dir`,
      { ...options, retryable: true },
    )
  }
  if (directory !== undefined && (code === "CHDB_CONNECTION" || FILE_ERRORS.has(code))) {
    return new TestingError(
      "DIRECTORY_UNUSABLE",
      `startClickHouse: no data can be kept in ${directory}: ${message}${quoted(errors)}; choose another dir`,
      options,
    )
  }
  return new TestingError("SERVER_FAILED", `ClickHouse did not start: ${message}${quoted(errors)}`, options)
}

const FILE_ERRORS = new Set(["EACCES", "EEXIST", "ENOENT", "ENOTDIR", "EPERM", "EROFS", "ENOSPC"])
