// Real ClickHouse in this process: chDB. What goes in and what comes out passes through files in a private directory,
// each removed at once: chDB takes a blank line for the end of inline data and executes what follows as SQL, and a
// result in a file takes no memory and does not hold the engine up while it is read.
import { createReadStream } from "node:fs"
import { rm, writeFile } from "node:fs/promises"
import { createInterface } from "node:readline"
import { setTimeout as sleep } from "node:timers/promises"
import { IngestError } from "../errors.ts"
import { exceptionError } from "../exceptions.ts"
import type { ChdbOptions } from "../options.ts"
import { type ChdbProcess, acquire, release } from "./chdb-process.ts"
import {
  type Engine,
  type Insert,
  type Query,
  errorFor,
  quote,
  settingsClause,
  textLiteral,
} from "./engine.ts"
import { createRowReader } from "./result-values.ts"

// How many rows of a result are handed on at a time.
const batchSize = 1_000

export function createChdbEngine(options: ChdbOptions): Engine {
  const where = `chdb:${options.directory}, database ${options.database}`
  let acquiring: Promise<ChdbProcess> | undefined
  const chdb = () => (acquiring ??= acquire(options.directory, options.serverSettings))

  return {
    where,
    async insert(insert) {
      const engine = await chdb()
      const file = engine.newFile()
      try {
        await writeFile(file, insert.blocks, { flag: "wx", mode: 0o600 })
        const at = `${where}, insert into ${insert.table}`
        await run(engine, [insertSql(insert, file, options)], {}, at, exceptionError)
      } finally {
        await rm(file, { force: true })
      }
    },
    async command(query) {
      const { sql, params, database } = query
      await run(await chdb(), [...use(database), sql], params, where, errorFor(query))
    },
    async *query(query) {
      const engine = await chdb()
      const file = engine.newFile()
      const { signal } = query
      const statements = [...use(query.database), selectSql(query.sql, file, options, signal !== undefined)]
      const answered = run(engine, statements, query.params, where, errorFor(query), signal)
      try {
        await stoppable(answered, signal, where, () => engine.stop(file))
        yield* readRows(file)
      } finally {
        // A query that was given up still writes its file.
        void answered.catch(() => {}).then(() => rm(file, { force: true }))
      }
    },
    async close() {
      const engine = await acquiring?.catch(() => undefined)
      acquiring = undefined
      if (engine !== undefined) await release(engine)
    },
  }
}

/** Runs statements as one turn of the engine: the session that they share is nobody else's in between. */
function run(
  engine: ChdbProcess,
  statements: readonly string[],
  params: Query["params"],
  where: string,
  toError: typeof exceptionError,
  signal?: AbortSignal,
): Promise<void> {
  return engine.inTurn(async (session) => {
    try {
      for (const sql of statements) if (signal?.aborted !== true) await session.queryBindAsync(sql, params)
    } catch (error) {
      const { clickhouseCode, message } = error as { clickhouseCode?: number; message: string }
      const code = clickhouseCode ?? Number(/Code: (\d+)/.exec(message)?.[1] ?? 0)
      throw code === 0
        ? new IngestError("BAD_QUERY", `${where}: ${message}`, { cause: error })
        : toError(code, message, where, error)
    }
  })
}

const use = (database: string | undefined): string[] =>
  database === undefined ? [] : [`USE ${quote(database)}`]

function insertSql(
  { table, columns, format, token, settings }: Insert,
  file: string,
  options: ChdbOptions,
): string {
  const all = {
    ...options.settings,
    ...settings,
    async_insert: 0,
    // Without it, a table that remembers inserts drops equal rows that are meant twice.
    insert_deduplication_token: token,
    ...(format === "JSONEachRow" ? { date_time_input_format: "best_effort" } : {}),
  }
  const from = `FROM INFILE ${textLiteral(file)} SETTINGS ${settingsClause(all)} FORMAT ${format}`
  return `INSERT INTO ${table} (${columns.join(", ")}) ${from}`
}

// On a line of its own, because the query may end in a comment.
function selectSql(sql: string, file: string, { settings }: ChdbOptions, isStoppable: boolean): string {
  // Its file's name is what a statement is known by when it is to be stopped.
  const all = isStoppable ? { ...settings, log_comment: file } : settings
  const own = Object.keys(all).length === 0 ? "" : ` SETTINGS ${settingsClause(all)}`
  const into = `INTO OUTFILE ${textLiteral(file)} FORMAT JSONCompactEachRowWithNamesAndTypes${own}`
  return `${sql.replace(/[\s;]+$/, "")}\n${into}`
}

async function* readRows(file: string): AsyncGenerator<Record<string, unknown>[]> {
  const input = createReadStream(file, "utf8")
  const read = createRowReader()
  let batch: Record<string, unknown>[] = []
  try {
    for await (const line of createInterface({ input, crlfDelay: Infinity })) {
      const row = line === "" ? undefined : read(JSON.parse(line))
      if (row === undefined) continue
      batch.push(row)
      if (batch.length < batchSize) continue
      yield batch
      batch = []
    }
    if (batch.length > 0) yield batch
  } finally {
    input.destroy()
  }
}

// ClickHouse knows of a statement a moment after it was begun; what is stopped before that is stopped again.
const stopAgainMs = 100
const mostStops = 20

/** Lets the caller go at once when the signal comes, and the statement end soon after. */
async function stoppable(
  work: Promise<void>,
  signal: AbortSignal | undefined,
  where: string,
  stopWork: () => Promise<void>,
): Promise<void> {
  if (signal === undefined) return work
  let stop!: () => void
  const stopped = new Promise<never>((_resolve, reject) => {
    stop = () => {
      const message = `${where}: the query was stopped by its signal`
      reject(new IngestError("ABORTED", message, { cause: signal.reason }))
      void stopUntilEnded(work, stopWork)
    }
  })
  signal.addEventListener("abort", stop, { once: true })
  if (signal.aborted) stop()
  try {
    await Promise.race([work, stopped])
  } finally {
    signal.removeEventListener("abort", stop)
  }
}

async function stopUntilEnded(work: Promise<void>, stopWork: () => Promise<void>): Promise<void> {
  const ended = work.then(
    () => true,
    () => true,
  )
  for (let times = 0; times < mostStops; times++) {
    // Where it cannot be stopped, it works on to its end.
    await stopWork().catch(() => {})
    if (await Promise.race([ended, sleep(stopAgainMs, false, { ref: false })])) return
  }
}
