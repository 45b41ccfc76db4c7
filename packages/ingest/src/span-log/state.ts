// What of the span log has been handed on: a file that a page is added to once the destination has taken it, so that a
// restart neither loses a span nor repeats one. The first line says what it is the state of; each further line is a
// span, as `finish-in-microseconds id`, or how far the log was read, without an id. Without a file it lasts as long as
// the process.
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
  writeSync,
} from "node:fs"
import { dirname } from "node:path"
import { IngestError } from "../errors.ts"

export interface SpanLogState {
  /** How far the log was read, in microseconds; undefined before the first time. */
  readonly reached: () => number | undefined
  readonly reach: (time: number) => void
  readonly has: (id: string) => boolean
  /** Returns when it is on disk. */
  readonly add: (spans: readonly SeenSpan[]) => void
  /** Forgets spans that ended before: they are not read again. */
  readonly forgetBefore: (time: number) => void
  readonly close: () => void
}

export interface SeenSpan {
  /** Trace and span id together. */
  readonly id: string
  readonly finishUs: number
}

const magic = "clickstack span log 1"

// A journal that is this much longer than what it tells is written anew.
const slack = 100_000

export function openSpanLogState(file: string | undefined, of: string): SpanLogState {
  const seen = new Map<string, number>()
  let reached: number | undefined
  const note = (finishUs: number, id: string) => {
    if (id === "") reached = finishUs
    else seen.set(id, finishUs)
  }
  const journal = file === undefined ? undefined : openJournal(file, of, note)
  let lines = seen.size
  return {
    reached: () => reached,
    reach(time) {
      if (reached !== undefined && time <= reached) return
      reached = time
      lines++
      journal?.append(line(time, ""))
    },
    has: (id) => seen.has(id),
    add(spans) {
      for (const { id, finishUs } of spans) note(finishUs, id)
      lines += spans.length
      journal?.append(spans.map(({ id, finishUs }) => line(finishUs, id)).join(""))
    },
    forgetBefore(time) {
      // In the order in which they came, which is nearly that of their ends: what is left is forgotten later.
      for (const [id, finishUs] of seen) {
        if (finishUs >= time) break
        seen.delete(id)
      }
      if (journal === undefined || lines < seen.size + slack) return
      const rows = [...seen].map(([id, finishUs]) => line(finishUs, id))
      journal.rewrite(`${rows.join("")}${reached === undefined ? "" : line(reached, "")}`)
      lines = seen.size
    },
    close: () => journal?.close(),
  }
}

const line = (time: number, id: string): string => `${time} ${id}\n`

function openJournal(file: string, of: string, note: (time: number, id: string) => void) {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
  const unlock = lock(file)
  try {
    if (existsSync(file)) readJournal(file, of, note)
    else writeFileSync(file, `${magic} ${of}\n`, { mode: 0o600 })
  } catch (error) {
    unlock()
    throw error
  }
  let opened = openSync(file, "a", 0o600)
  return {
    append(lines: string) {
      writeSync(opened, lines)
      fsyncSync(opened)
    },
    rewrite(lines: string) {
      writeFileSync(`${file}.new`, `${magic} ${of}\n${lines}`, { mode: 0o600, flush: true })
      renameSync(`${file}.new`, file)
      closeSync(opened)
      opened = openSync(file, "a", 0o600)
    },
    close() {
      closeSync(opened)
      unlock()
    },
  }
}

function readJournal(file: string, of: string, note: (time: number, id: string) => void): void {
  const text = readFileSync(file, "utf8")
  // A crash may have cut the last line short: that span is read and sent again.
  const whole = text.slice(0, text.lastIndexOf("\n") + 1)
  const [head, ...rows] = whole.split("\n")
  if (head !== `${magic} ${of}`) {
    throw new IngestError(
      "BAD_OPTION",
      `option state: ${file} is not the state of ${of}, but begins with ${JSON.stringify((head ?? "").slice(0, 100))}; name another file`,
    )
  }
  for (const row of rows) {
    const [, time, id] = /^(\d{1,16}) ([0-9a-f]{48}|)$/.exec(row) ?? []
    if (time !== undefined && id !== undefined) note(Number(time), id)
  }
  // What a crash left after the last whole line must not become the beginning of the next one.
  if (whole.length < text.length) writeFileSync(file, whole, { mode: 0o600, flush: true })
}

/** One reader for one state; what a dead process left does not count. */
function lock(file: string): () => void {
  const path = `${file}.lock`
  for (;;) {
    try {
      writeFileSync(path, String(process.pid), { flag: "wx", mode: 0o600 })
      return () => rmSync(path, { force: true })
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error
      const owner = Number(readFileSync(path, "utf8"))
      if (isAlive(owner)) {
        throw new IngestError(
          "BAD_OPTION",
          `option state: ${file} is in use by process ${owner}; end that one first, or name another file`,
        )
      }
      rmSync(path, { force: true })
    }
  }
}

function isAlive(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM"
  }
}
