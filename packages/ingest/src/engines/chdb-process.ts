// The one chDB of this process. It allows one data directory at a time, so an open engine is shared by all that name
// the same directory, and closed when the last of them closes. Statements run one after the other, off the event loop.
import { mkdirSync, readFileSync } from "node:fs"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { Session } from "chdb"
import { IngestError } from "../errors.ts"
import { type Settings, textLiteral } from "./engine.ts"

/** Stands for a directory that is made for the process and removed with it. */
export const memory = ":memory:"

export interface ChdbProcess {
  /** A path in a directory that only this user can enter. */
  newFile(): string
  /** Runs `work` when all statements before it have ended. */
  inTurn<Result>(work: (session: Session) => Promise<Result>): Promise<Result>
  /** Asks ClickHouse to end the statement whose setting `log_comment` is this, at once and out of turn. */
  stop(comment: string): Promise<void>
}

interface Open {
  readonly directory: string
  readonly engine: Promise<ChdbProcess & { close(): Promise<void> }>
  users: number
}

let current: Open | undefined
let closing: Promise<void> = Promise.resolve()

// Set when the session opens, as chDB has no settings per query that do not stay: how results are spelled.
const resultArgs = [
  "--output_format_json_quote_64bit_integers=1",
  "--output_format_json_quote_decimals=1",
  "--output_format_json_quote_denormals=1",
]

/** The settings are those of the first that opens the directory. */
export async function acquire(directory: string, serverSettings: Settings): Promise<ChdbProcess> {
  if (current !== undefined && current.directory !== directory) {
    throw new IngestError(
      "CHDB_BUSY",
      `chdb:${directory}: this process already has chdb:${current.directory} open, and chDB allows one data ` +
        `directory per process; close that one first, or use the same directory`,
    )
  }
  const mine = (current ??= {
    directory,
    users: 0,
    engine: closing.then(() => openEngine(directory, serverSettings)),
  })
  mine.users++
  try {
    return await mine.engine
  } catch (error) {
    if (current === mine) current = undefined
    throw error
  }
}

export async function release(engine: ChdbProcess): Promise<void> {
  const open = current
  if (open === undefined || (await open.engine) !== engine || --open.users > 0) return
  current = undefined
  closing = open.engine.then((last) => last.close())
  await closing
}

async function openEngine(
  directory: string,
  serverSettings: Settings,
): Promise<ChdbProcess & { close(): Promise<void> }> {
  const { Session, drainPending } = await loadChdb()
  const scratch = await mkdtemp(join(tmpdir(), "clickstack-chdb-"))
  const data = directory === memory ? join(scratch, "data") : directory
  const given = Object.entries(serverSettings).map(([name, value]) => `--${name}=${String(value)}`)
  const connectionArgs = [...resultArgs, ...given]
  let session: Session
  let stopper: Session | undefined
  try {
    mkdirSync(data, { recursive: true, mode: 0o700 })
    session = new Session(data, { connectionArgs })
  } catch (error) {
    await rm(scratch, { recursive: true, force: true })
    throw openError(directory, error)
  }
  let files = 0
  let last: Promise<unknown> = Promise.resolve()
  let stopping: Promise<unknown> = Promise.resolve()
  let isClosed = false
  const inTurn = <Result>(work: (session: Session) => Promise<Result>): Promise<Result> => {
    const turn = last.then(() => work(session))
    last = turn.catch(() => {})
    return turn
  }
  return {
    newFile: () => join(scratch, String(++files)),
    inTurn,
    stop(comment) {
      const stopped = stopping.then(async () => {
        if (isClosed) return
        // A session does one thing at a time, and the first one is busy with what is to be stopped.
        stopper ??= new Session(data, { connectionArgs })
        // Not by queryBindAsync, which waits for the statement to end; nor without ASYNC, which does, too.
        await stopper.queryAsync(`KILL QUERY WHERE Settings['log_comment'] = ${textLiteral(comment)} ASYNC`)
      })
      stopping = stopped.catch(() => {})
      return stopped
    },
    async close() {
      await last
      isClosed = true
      await stopping
      stopper?.close()
      session.close()
      await drainPending()
      await rm(scratch, { recursive: true, force: true })
    },
  }
}

async function loadChdb(): Promise<typeof import("chdb")> {
  try {
    return await import("chdb")
  } catch (error) {
    throw new IngestError(
      "CHDB_MISSING",
      `chdb: the package "chdb", ClickHouse in process, cannot be loaded: ${(error as Error).message.split("\n")[0]}; ` +
        `install it with "npm install chdb" (Linux with glibc and macOS only), or name a server with an http:// URL`,
      { cause: error },
    )
  }
}

function openError(directory: string, error: unknown): IngestError {
  const message = (error as Error).message.split("\n")[0] ?? ""
  const owner = ownerOf(directory)
  if (owner === undefined && !/lock|already running|one active data directory/i.test(message)) {
    const advice = "see that it can be written to, and that no other process has it open"
    return new IngestError("SERVER", `chdb:${directory}: cannot be opened: ${message}; ${advice}`, {
      cause: error,
    })
  }
  const by = owner === undefined ? "another copy of chDB" : `another process, ${owner}`
  return new IngestError(
    "CHDB_BUSY",
    `chdb:${directory}: the directory is in use by ${by}; close it there, or use another directory`,
    { cause: error, retryable: true },
  )
}

/** The process that has the directory open. chDB's error does not say that it is locked; a file in it names the process. */
function ownerOf(directory: string): number | undefined {
  try {
    const pid = Number(/^PID: (\d+)/.exec(readFileSync(join(directory, "status"), "utf8"))?.[1])
    // Signal 0 only asks whether the process is there.
    return process.kill(pid, 0) && pid !== process.pid ? pid : undefined
  } catch {
    return undefined
  }
}
