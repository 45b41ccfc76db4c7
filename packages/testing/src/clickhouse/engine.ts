// The engine: chDB behind a few calls. Every query has a connection of its own (1.4 ms), because that is the one way
// in which settings, bound parameters and temporary tables of one request cannot reach the next; all connections
// share the data. Data of an INSERT is read from a file: inline, chDB would run what follows a blank line as SQL.
import { randomUUID } from "node:crypto"
import { mkdirSync, rmSync } from "node:fs"
import { rm, writeFile } from "node:fs/promises"
import { join } from "node:path"
import type { Session } from "chdb"
import { ClickHouseException, toException } from "./exception.ts"
import type { Pair } from "./parameters.ts"
import type { KillMode } from "./statement.ts"

export interface Query {
  readonly id: string
  readonly sql: string
  readonly format: string
  readonly database: string | undefined
  readonly settings: readonly Pair[]
  readonly bound: readonly Pair[]
  /** 1: no settings and no writes; 2: settings, but no writes. */
  readonly readonly: 0 | 1 | 2
}

export interface Counts {
  readRows: number
  readBytes: number
  writtenRows: number
  writtenBytes: number
  resultRows: number
  resultBytes: number
}

export interface Result {
  readonly bytes: Uint8Array
  readonly counts: Counts
}

export interface Engine {
  readonly version: string
  readonly timezone: string
  readonly displayName: string
  /** Runs a statement to its end. */
  run(query: Query): Promise<Result>
  /** Runs a statement that writes; those go one after another, so that what each has written can be counted. */
  write(query: Query): Promise<Result>
  /** Writes `data` to a file of its own and runs what `sql` makes of its quoted path. */
  insert(query: Omit<Query, "sql">, sql: (path: string) => string, data: Uint8Array): Promise<Result>
  /** Runs a SELECT and yields its result as it is made; only for formats whose pieces can be joined. */
  stream(query: Query): AsyncGenerator<{ bytes: Uint8Array; rows: number }, void, undefined>
  /** Stops the running queries that `where` (over system.processes) selects, and tells which. */
  kill(query: Query, where: string, mode: KillMode): Promise<Result>
  createDatabase(name: string): Promise<void>
  /** Stops one running query by its id. */
  cancel(id: string): Promise<void>
  close(): Promise<void>
}

/** What this process has inserted since it began, of all tables; chDB tells it of no single query. */
interface Written {
  readonly rows: number
  readonly bytes: number
}

// What chDB, being made of clickhouse-local, sets differently from a server.
const AS_A_SERVER: readonly Pair[] = [
  ["allow_introspection_functions", "0"],
  ["implicit_select", "0"],
  ["storage_file_read_method", "pread"],
]

/** chDB gives each query an id of its own; ours travels in log_comment, where system.processes shows it. */
const MARK = "query_id="

// system.processes with the ids that clients gave.
const PROCESSES = `(SELECT * REPLACE (extract(Settings['log_comment'], '${MARK}(.*)$') AS query_id), query_id AS chdb_id FROM system.processes)`

export async function openEngine(directory: string): Promise<Engine> {
  const { Session } = await import("chdb")
  const root = new Session(directory)
  const incoming = join(directory, "clickstack-incoming")
  rmSync(incoming, { recursive: true, force: true })
  mkdirSync(incoming, { mode: 0o700 })
  const [version = "", timezone = "", displayName = ""] = root
    .query("SELECT version(), serverTimezone(), hostName()", "TabSeparated")
    .trim()
    .split("\t")
  const writes = createLock()
  const running = new Set<Promise<unknown>>()
  /** What was written up to the end of the last write, as long as nothing else may have written since. */
  let known: Written | undefined
  let closed: Promise<void> | undefined

  return { version, timezone, displayName, run, write, insert, stream, kill, createDatabase, cancel, close }

  async function open(query: Omit<Query, "sql">): Promise<Session> {
    const session = new Session(directory)
    try {
      const prepare = (sql: string) => session.queryAsync(sql)
      if (query.database !== undefined) await prepare(`USE ${identifier(query.database)}`)
      const comment = query.settings.find(([name]) => name === "log_comment")?.[1] ?? ""
      const mark: Pair = ["log_comment", `${comment} ${MARK}${query.id}`.trimStart()]
      const bound = query.bound.map(([name, value]): Pair => [`param_${name}`, value])
      // Bound parameters of a request may be far longer than a statement.
      if (lengthOf(bound) > 100_000) await prepare(`SET max_query_size = ${2 ** 31}`)
      await prepare(set([...AS_A_SERVER, ...bound, mark]))
      if (lengthOf(bound) > 100_000) await prepare("SET max_query_size = DEFAULT")
      if (query.readonly === 1) await prepare("SET readonly = 1")
      const settings = query.settings.filter(([name]) => name !== "log_comment")
      if (settings.length > 0) await prepare(set(settings))
      const isReadonlyAlready = settings.some(([name, value]) => name === "readonly" && value !== "0")
      if (query.readonly === 2 && !isReadonlyAlready) await prepare("SET readonly = 2")
      return session
    } catch (error) {
      session.close()
      throw toException(error)
    }
  }

  function run(query: Query): Promise<Result> {
    known = undefined
    return execute(query)
  }

  function execute(query: Query): Promise<Result> {
    return track(async () => {
      const session = await open(query)
      try {
        const result = await session.queryAsync(query.sql, { format: query.format })
        const { rowsRead, bytesRead } = result
        const counts: Counts = {
          readRows: rowsRead,
          readBytes: bytesRead,
          writtenRows: 0,
          writtenBytes: 0,
          resultRows: rowsRead,
          resultBytes: bytesRead,
        }
        return { bytes: result.bytes(), counts }
      } catch (error) {
        throw toException(error)
      } finally {
        session.close()
      }
    })
  }

  function write(query: Query): Promise<Result> {
    return writes(async () => {
      const before = known ?? (await written())
      try {
        const { bytes, counts } = await execute(query)
        const after = await written()
        counts.writtenRows = counts.resultRows = after.rows - before.rows
        counts.writtenBytes = counts.resultBytes = after.bytes - before.bytes
        known = after
        return { bytes, counts }
      } catch (error) {
        known = undefined
        throw error
      }
    })
  }

  async function insert(
    query: Omit<Query, "sql">,
    sql: (path: string) => string,
    data: Uint8Array,
  ): Promise<Result> {
    const path = join(incoming, randomUUID())
    try {
      await writeFile(path, data, { mode: 0o600, flag: "wx" })
      return await write({ ...query, sql: sql(literal(path)) })
    } catch (error) {
      throw asFromRequest(toException(error))
    } finally {
      await rm(path, { force: true })
    }
  }

  async function* stream(query: Query): AsyncGenerator<{ bytes: Uint8Array; rows: number }, void, undefined> {
    const session = await open(query)
    try {
      for await (const chunk of session.queryStream(query.sql, { format: query.format })) {
        yield { bytes: chunk.raw(), rows: chunk.numRows }
      }
    } catch (error) {
      throw toException(error)
    } finally {
      session.close()
    }
  }

  async function kill(query: Query, where: string, mode: KillMode): Promise<Result> {
    const status = mode === "TEST" ? "" : mode === "SYNC" ? "finished" : "waiting"
    const shown = `SELECT ${literal(status)} AS kill_status, query_id, user, query FROM ${PROCESSES} WHERE query_id != '' AND query_id != ${literal(query.id)} AND (${where})`
    const ids = await run({
      ...query,
      sql: `SELECT DISTINCT query_id FROM (${shown})`,
      format: "TabSeparatedRaw",
    })
    const result = await run({ ...query, sql: shown })
    if (mode === "TEST") return result
    for (const id of Buffer.from(ids.bytes).toString("utf8").split("\n")) if (id !== "") await cancel(id)
    return result
  }

  async function createDatabase(name: string): Promise<void> {
    await root.queryAsync(`CREATE DATABASE IF NOT EXISTS ${identifier(name)}`)
  }

  // KILL ... SYNC would wait on a thread that the killed query may need; ASYNC ends within milliseconds.
  async function cancel(id: string): Promise<void> {
    const where = `endsWith(Settings['log_comment'], ${literal(MARK + id)})`
    await root.queryAsync(`KILL QUERY WHERE ${where} ASYNC`).catch(() => undefined)
  }

  async function written(): Promise<Written> {
    const sql = "SELECT event, value FROM system.events WHERE event IN ('InsertedRows', 'InsertedBytes')"
    const text = (await root.queryAsync(sql, { format: "TabSeparated" })).text()
    const valueOf = (event: string) => Number(new RegExp(`^${event}\\t(\\d+)$`, "m").exec(text)?.[1] ?? 0)
    return { rows: valueOf("InsertedRows"), bytes: valueOf("InsertedBytes") }
  }

  function track<T>(work: () => Promise<T>): Promise<T> {
    if (closed !== undefined)
      return Promise.reject(new ClickHouseException(236, "The server is shutting down."))
    const done = work()
    running.add(done)
    const forget = () => void running.delete(done)
    done.then(forget, forget)
    return done
  }

  function close(): Promise<void> {
    closed ??= (async () => {
      await root
        .queryAsync(`KILL QUERY WHERE Settings['log_comment'] LIKE '%${MARK}%' ASYNC`)
        .catch(() => undefined)
      await Promise.allSettled(running)
      root.close()
      rmSync(incoming, { recursive: true, force: true })
    })()
    return closed
  }
}

function createLock(): <T>(work: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve()
  return (work) => {
    const next = last.then(work, work)
    last = next
    return next
  }
}

/** chDB speaks of the file in which the data came; a client has sent none. */
function asFromRequest({ code, message, type }: ClickHouseException): ClickHouseException {
  const text = message
    .replaceAll(/:? ?\(in file\/uri [^)]*\)/g, "")
    .replace(
      "While executing File: data for INSERT was parsed from file",
      "data for INSERT was parsed from query",
    )
  return new ClickHouseException(code, text, type)
}

const lengthOf = (pairs: readonly Pair[]): number => pairs.reduce((sum, [, value]) => sum + value.length, 0)

const set = (pairs: readonly Pair[]): string =>
  `SET ${pairs.map(([name, value]) => `${identifier(name)} = ${literal(value)}`).join(", ")}`

const literal = (text: string): string => `'${text.replace(/[\\']/g, "\\$&").replace(/\0/g, "\\0")}'`

const identifier = (name: string): string => `\`${name.replace(/[\\`]/g, "\\$&")}\``
