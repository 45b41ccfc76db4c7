// The directory that holds the data, `.clickstack` unless told otherwise: private, and with a note in it of who has it
// open. What keeps two processes apart is ClickHouse's own lock, which dies with its process; the note only says whom
// to ask.
import { chmodSync, lstatSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { connect } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { LocalError } from "./local-error.ts"

/** Who has a directory open, and where it can be reached. */
export interface Holder {
  readonly pid: number
  readonly since: string
  readonly otlp: { readonly http: string; readonly grpc: string | undefined }
  readonly url: string | undefined
  /** A Unix socket that takes SQL from this user. */
  readonly socket: string
}

export interface DataDirectory {
  readonly path: string
  /** Where ClickHouse keeps its files. */
  readonly data: string
  /** A path for a Unix socket, short enough for one. */
  readonly socket: string
  announce(holder: Omit<Holder, "socket">): void
  /** Removes the note and the socket; the data stays. */
  release(): void
}

const note = "running.json"

// What a Unix socket's address holds on macOS; Linux has four bytes more.
const longestSocketPath = 103

// Directories that this process has open. chDB would hand the same engine out twice.
const mine = new Set<string>()

export function openDataDirectory(path: string): DataDirectory {
  if (mine.has(path)) {
    throw new LocalError(
      "DIRECTORY_HELD",
      `${path} is already open in this process; use that one, or close it`,
    )
  }
  makePrivate(path)
  // So that nobody commits what was recorded.
  writeInto(path, ".gitignore", "*\n")
  mine.add(path)
  let elsewhere: string | undefined
  let socket = join(path, "sql.sock")
  if (Buffer.byteLength(socket) > longestSocketPath) {
    elsewhere = mkdtempSync(join(tmpdir(), "clickstack-"))
    socket = join(elsewhere, "sql.sock")
  }
  let announced = false
  return {
    path,
    data: join(path, "data"),
    socket,
    announce(holder) {
      announced = true
      rmSync(join(path, note), { force: true })
      writeInto(path, note, JSON.stringify({ ...holder, socket }), "wx")
    },
    release() {
      mine.delete(path)
      if (announced) {
        rmSync(join(path, note), { force: true })
        rmSync(socket, { force: true })
      }
      if (elsewhere !== undefined) rmSync(elsewhere, { recursive: true, force: true })
    },
  }
}

function writeInto(path: string, name: string, text: string, flag = "w"): void {
  try {
    writeFileSync(join(path, name), text, { mode: 0o600, flag })
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException
    const what = code === "ENOSPC" ? "make room on its disk" : "see that it can be written to"
    throw new LocalError(
      "DIRECTORY_UNSAFE",
      `cannot write into ${path}: ${message}; ${what}, or use another directory (--dir) or --memory`,
      { cause },
    )
  }
}

/** The note in a directory, also one left behind by a process that was killed. */
function readNote(path: string): Holder | undefined {
  try {
    return JSON.parse(readFileSync(join(path, note), "utf8")) as Holder
  } catch {
    return undefined
  }
}

/** Who has the directory open now: its socket takes connections for as long as it lives. */
export async function findHolder(path: string): Promise<Holder | undefined> {
  const holder = readNote(path)
  if (holder === undefined) return undefined
  return (await connects(holder.socket)) ? holder : undefined
}

const connects = (socket: string): Promise<boolean> =>
  new Promise((resolve) => {
    const connection = connect(socket, () => {
      connection.destroy()
      resolve(true)
    })
    connection.on("error", () => resolve(false))
  })

export function heldBy(path: string, holder: Holder): LocalError {
  return new LocalError(
    "DIRECTORY_HELD",
    `${path} is held by the clickstack with process id ${holder.pid}, running since ${holder.since}, listening on ` +
      `${holder.otlp.http}: send to that one, stop it, or use another directory (--dir) or --memory`,
  )
}

/** ClickHouse could not open the files, and nobody has announced that they are theirs. */
export function cannotOpen(path: string, cause: unknown): LocalError {
  return new LocalError(
    "DIRECTORY_HELD",
    `ClickHouse cannot open ${path}: most likely another process that is just starting or ending holds it; try again ` +
      `in a moment, or use another directory (--dir) or --memory`,
    { cause },
  )
}

function makePrivate(path: string): void {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 })
  } catch (cause) {
    throw new LocalError(
      "DIRECTORY_UNSAFE",
      `cannot create ${path}: ${(cause as Error).message}; use another directory (--dir) or --memory`,
      { cause },
    )
  }
  const found = lstatSync(path)
  const user = process.getuid?.()
  if (found.isSymbolicLink() || !found.isDirectory()) {
    throw unsafe(path, "is not a directory, or a link to one")
  }
  if (user !== undefined && found.uid !== user) throw unsafe(path, "belongs to another user")
  if (user !== undefined && (found.mode & 0o077) !== 0) chmodSync(path, 0o700)
}

const unsafe = (path: string, reason: string) =>
  new LocalError("DIRECTORY_UNSAFE", `${path} ${reason}: telemetry holds private data; use another directory`)
