// Stores batches in the tables they belong to: knows what the tables have, counts what became of the rows, and sees to
// it that a batch which is exported again stores only what is not stored yet.
import { diag } from "@opentelemetry/api"
import { type Engine, until } from "./engines/engine.ts"
import type { IngestError } from "./errors.ts"
import { ensureSchema } from "./ensure-schema.ts"
import type { Share } from "./exporters.ts"
import type { Config } from "./options.ts"
import type { TableName } from "./tables.ts"
import { type Fitted, type Target, fit, qualified, readTarget } from "./target.ts"
import { type Written, write } from "./write.ts"

export interface TableStats {
  readonly stored: number
  /** Rows that can never be stored, such as those with a value that the table refuses. */
  readonly rejected: number
}

export type Stats = { readonly [Table in TableName]?: TableStats }

export interface Store {
  /** Stores the rows of one table; what could not be stored is in the result. */
  share(share: Share): Promise<Written<object>>
  /**
   * Stores all of a batch; returns how many items were rejected, and throws when others cannot be stored now, or the
   * signal ends it.
   */
  batch(shares: readonly Share[], signal?: AbortSignal): Promise<number>
  /** Creates the tables that are missing; returns their names. */
  createTables(): Promise<string[]>
  stats(): Stats
}

export function createStore(engine: Engine, config: Config): Store {
  const { database, tableNames } = config.schema
  const targets = new Map<TableName, Promise<Target>>()
  const stats = new Map<TableName, { stored: number; rejected: number }>()
  const warned = new Set<string>()
  // What became of the items of batches of which only a part could be stored.
  const settledBefore = new WeakMap<object, "stored" | "rejected">()
  let lastRejectWarning = -Infinity
  let ready: Promise<unknown> | undefined

  const tableOf = (table: TableName): string => qualified(database, tableNames?.[table] ?? table)

  function targetOf(table: TableName, from: Engine): Promise<Target> {
    const known = targets.get(table)
    if (known !== undefined) return known
    const reading = readTarget(from, tableOf(table))
    targets.set(table, reading)
    reading.catch(() => targets.delete(table))
    return reading
  }

  async function fitted({ table, fields }: Share, from: Engine): Promise<Fitted<object>> {
    const result = fit(table, fields, await targetOf(table, from))
    for (const name of result.missing) {
      const key = `${table}.${name}`
      if (warned.has(key)) continue
      warned.add(key)
      diag.warn(
        `clickstack: ${engine.where}: the table ${tableOf(table)} has no column ${name}, so it is not stored; ` +
          `add the column to keep it`,
      )
    }
    return result
  }

  async function share(one: Share, signal?: AbortSignal): Promise<Written<object>> {
    const { table, items, timeOf } = one
    const into = signal === undefined ? engine : until(engine, signal)
    const once = async (rows: readonly object[]) => {
      const { fields } = await fitted(one, into)
      const settingsOf = (bytes: number) => config.insertSettings(table, bytes)
      return write(rows, {
        ...config,
        engine: into,
        table: tableOf(table),
        fields,
        timeOf,
        settingsOf,
        signal,
      })
    }
    let written = await once(items)
    if (written.error?.code === "SCHEMA_MISMATCH" || written.error?.code === "TABLE_MISSING") {
      // The table may have changed since its columns were read.
      targets.delete(table)
      const before = written
      const again = await once(before.unstored).catch((error: unknown) => notWritten(before.unstored, error))
      written = { ...again, rejected: [...before.rejected, ...again.rejected] }
    }
    const counted = stats.get(table) ?? { stored: 0, rejected: 0 }
    counted.rejected += written.rejected.length
    counted.stored += items.length - written.rejected.length - written.unstored.length
    stats.set(table, counted)
    return written
  }

  async function batch(shares: readonly Share[], signal?: AbortSignal): Promise<number> {
    if (config.createTables) await (ready ??= createTables(signal).catch(notReady))
    let rejected = 0
    const parts: { items: readonly object[]; written: Written<object> }[] = []
    for (const one of shares) {
      const items = one.items.filter((item) => !settledBefore.has(identityOf(item)))
      if (items.length < one.items.length) rejected += one.items.filter(wasRejected).length
      const written = await share({ ...one, items }, signal).catch((error: unknown) =>
        notWritten(items, error),
      )
      rejected += written.rejected.length
      warnOfRejected(one.table, written)
      parts.push({ items, written })
      if (written.error === undefined) continue
      for (const part of parts) remember(part.items, part.written)
      throw written.error
    }
    return rejected
  }

  const wasRejected = (item: object): boolean => settledBefore.get(identityOf(item)) === "rejected"

  /** For when the batch is exported again. */
  function remember(items: readonly object[], { rejected, unstored }: Written<object>): void {
    const open = new Set(unstored)
    for (const item of items) if (!open.has(item)) settledBefore.set(identityOf(item), "stored")
    for (const { item } of rejected) settledBefore.set(identityOf(item), "rejected")
  }

  function notReady(error: unknown): never {
    ready = undefined
    throw error
  }

  async function createTables(signal?: AbortSignal): Promise<string[]> {
    const created = await ensureSchema(signal === undefined ? engine : until(engine, signal), config)
    targets.clear()
    return created
  }

  function warnOfRejected(table: TableName, { rejected }: Written<object>): void {
    const [first] = rejected
    if (first === undefined || performance.now() - lastRejectWarning < 60_000) return
    lastRejectWarning = performance.now()
    const reason = first.error instanceof Error ? first.error.message : String(first.error)
    diag.warn(`clickstack: ${engine.where}: ${rejected.length} rows for ${table} cannot be stored: ${reason}`)
  }

  return {
    share,
    batch,
    createTables: () => createTables(),
    stats: () => Object.fromEntries([...stats].map(([table, counted]) => [table, { ...counted }])),
  }
}

const notWritten = (items: readonly object[], error: unknown): Written<object> => ({
  rejected: [],
  unstored: items,
  error: error as IngestError,
})

/** A metric's point is wrapped anew in each export; its data point is what stays. */
const identityOf = (item: object): object => ("point" in item ? (item.point as object) : item)
