// The client: one place in ClickHouse that telemetry is written to and asked from.
import { checkRows } from "./check-rows.ts"
import { createChdbEngine } from "./engines/chdb.ts"
import { createServerEngine } from "./engines/server.ts"
import { IngestError } from "./errors.ts"
import { type Exporters, createExporters, shareOf } from "./exporters.ts"
import { nearest } from "./nearest.ts"
import { type IngestOptions, resolveOptions } from "./options.ts"
import type { Rows } from "./rows/rows.ts"
import { type Stats, createStore } from "./store.ts"
import { type TableName, tables } from "./tables.ts"
import type { Time } from "./time.ts"
import type { Written } from "./write.ts"

/** A row of a result, unless its type is given. */
type AnyRow = Record<string, unknown>

/** Values for placeholders such as `{service:String}`. */
export type QueryParams = Readonly<Record<string, unknown>>

export interface QueryOptions {
  /** Stops the query. */
  readonly signal?: AbortSignal | undefined
}

export interface Ingest extends Exporters {
  /** Where rows go, without credentials: by it an SDK keeps what it could not deliver apart from what goes elsewhere. */
  readonly endpoint: string
  /** Creates those of ClickStack's tables that are missing, alters none, and returns the names of the new ones. */
  ensureSchema(): Promise<string[]>
  /** Stores rows; all are checked before the first is sent. */
  insert<Table extends TableName>(table: Table, rows: readonly Rows[Table][]): Promise<void>
  /** All rows of a result. Whole numbers beyond 2^53 are bigints, times and decimals are text. */
  query<Row = AnyRow>(sql: string, params?: QueryParams, options?: QueryOptions): Promise<Row[]>
  /** The rows of a result one by one, with no more than a few in memory. */
  stream<Row = AnyRow>(sql: string, params?: QueryParams, options?: QueryOptions): AsyncIterable<Row>
  /** Runs a statement that answers nothing, such as ALTER TABLE. */
  command(sql: string, params?: QueryParams): Promise<void>
  /** What became of the rows of each table so far. */
  stats(): Stats
  /** Waits for what is under way, then lets the connection go. */
  close(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

/** Opens nothing yet: the first use connects. Throws only when an option is wrong. */
export function createIngest(options: string | IngestOptions): Ingest {
  const config = resolveOptions(options)
  const engine =
    config.engine.kind === "chdb" ? createChdbEngine(config.engine) : createServerEngine(config.engine)
  const { database } = config.schema
  const store = createStore(engine, config)
  const running = new Set<Promise<unknown>>()
  let closing: Promise<void> | undefined

  /** Remembers work that `close` has to wait for. */
  function track<Result>(work: () => Promise<Result>): Promise<Result> {
    if (closing !== undefined) return Promise.reject(closed())
    const tracked = work().finally(() => running.delete(tracked))
    running.add(tracked)
    return tracked
  }

  const closed = () =>
    new IngestError("CLOSED", `${engine.where}: this ingest was closed; create another one`, {
      retryable: false,
    })

  const close = (): Promise<void> => (closing ??= Promise.allSettled(running).then(() => engine.close()))

  async function* rowsOf(sql: string, params: QueryParams = {}, { signal }: QueryOptions = {}) {
    if (closing !== undefined) throw closed()
    yield* engine.query({ sql, params, signal, database })
  }

  return {
    endpoint: `${"origin" in config.engine ? config.engine.origin : `chdb:${config.engine.directory}`}/${database}`,

    ...createExporters((sharesOf, signal) => track(async () => store.batch(await sharesOf(), signal))),

    ensureSchema: () => track(store.createTables),

    insert: (table, rows) =>
      track(async () => {
        if (!Object.hasOwn(tables, table)) throw unknownTable(table)
        if (!Array.isArray(rows))
          throw new IngestError("BAD_ROW", `insert into ${table}: the rows must be an array`)
        const used = await checkRows(table, rows)
        if (rows.length === 0) return
        const fields = Object.fromEntries([...used].map((name) => [name, (row: AnyRow) => row[name]]))
        const time = used.has("Timestamp") ? "Timestamp" : "TimeUnix"
        const written = await store.share(
          shareOf(table, rows as AnyRow[], fields, (row) => row[time] as Time),
        )
        if (written.error !== undefined || written.rejected.length > 0)
          throw notStored(table, rows.length, written)
      }),

    query: (sql, params, asked) =>
      track(async () => {
        const all: AnyRow[] = []
        for await (const rows of rowsOf(sql, params, asked)) all.push(...rows)
        // What the rows hold is the caller's claim, as with any SQL.
        return all as never
      }),

    async *stream(sql, params, asked) {
      for await (const rows of rowsOf(sql, params, asked)) yield* rows as never[]
    },

    command: (sql, params = {}) => track(() => engine.command({ sql, params, database })),

    stats: store.stats,
    close,
    [Symbol.asyncDispose]: close,
  }
}

function notStored(
  table: string,
  count: number,
  { rejected, unstored, error }: Written<object>,
): IngestError {
  const reason = error ?? (rejected[0]?.error as IngestError)
  const missing = [...rejected.map(({ item }) => item), ...unstored]
  const { code, message, retryable, retryAfterMs, exceptionCode } = reason
  return new IngestError(
    code,
    `insert into ${table}: ${missing.length} of ${count} rows are not stored: ${message}`,
    {
      cause: reason,
      unstored: missing,
      retryable,
      retryAfterMs,
      exceptionCode,
    },
  )
}

function unknownTable(table: string): IngestError {
  const close = nearest(table, Object.keys(tables))
  const hint =
    close === undefined ? `known are ${Object.keys(tables).join(", ")}` : `did you mean "${close}"?`
  return new IngestError("UNKNOWN_TABLE", `there is no table "${table}" in ClickStack: ${hint}`)
}
