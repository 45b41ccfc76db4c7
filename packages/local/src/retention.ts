// Keeps the data of the embedded ClickHouse within its age and its size. The tables' own TTL deletes when parts are
// merged, which on a quiet machine can be long after; here it happens within minutes.
import { type Ingest, type Table, tables } from "@clickstack/ingest"

export interface Limits {
  /** 0: no limit. */
  readonly hours: number
  /** 0: no limit. */
  readonly bytes: number
}

export interface Retention {
  /** Waits for a sweep under way. */
  close(): Promise<void>
}

const everyMs = 5 * 60_000

export function startRetention(
  ingest: Ingest,
  limits: Limits,
  onWarning: (message: string) => void,
): Retention {
  let running: Promise<void> | undefined
  const run = () => {
    running ??= sweep(ingest, limits)
      .catch((error: unknown) => onWarning(`old data could not be removed: ${(error as Error).message}`))
      .finally(() => (running = undefined))
  }
  const timer = setInterval(run, everyMs)
  timer.unref()
  run()
  return {
    async close() {
      clearInterval(timer)
      await running
    },
  }
}

/** Gives tables that are there already the age limit of today. */
export async function setAge(ingest: Ingest, hours: number): Promise<void> {
  const found = await ingest.query<{ name: string; engine: string }>(
    "SELECT name, engine_full AS engine FROM system.tables WHERE database = currentDatabase()",
  )
  for (const { name, engine } of found) {
    const table = Object.values(tables).find((one) => one.name === name)
    if (table === undefined) continue
    const current = Number(/ TTL .*toIntervalHour\((\d+)\)/.exec(engine)?.[1] ?? 0)
    if (current === hours) continue
    await ingest.command(
      hours === 0
        ? `ALTER TABLE ${name} REMOVE TTL`
        : `ALTER TABLE ${name} MODIFY TTL ${table.ttlFrom} + toIntervalHour(${hours}) SETTINGS materialize_ttl_after_modify = 0`,
    )
  }
}

async function sweep(ingest: Ingest, { hours, bytes }: Limits): Promise<void> {
  if (hours > 0) await removeOlder(ingest, hours)
  if (bytes > 0) await removeAbove(ingest, bytes)
}

interface Day {
  table: string
  partition: string
  day: string
  bytes: number
}

/** The days that the tables hold, oldest first; every table has a partition for each. */
const days = (ingest: Ingest): Promise<Day[]> =>
  ingest.query<Day>(
    `SELECT table, partition_id AS partition, toString(max(max_date)) AS day, sum(bytes_on_disk) AS bytes
     FROM system.parts WHERE active AND database = currentDatabase() AND table IN {tables:Array(String)}
     GROUP BY table, partition_id ORDER BY partition_id, table`,
    { tables: Object.keys(tables) },
  )

async function removeOlder(ingest: Ingest, hours: number): Promise<void> {
  const [limit] = await ingest.query<{ id: string }>(
    "SELECT formatDateTime(now() - toIntervalHour({hours:UInt32}), '%Y%m%d') AS id",
    { hours },
  )
  for (const { table, partition } of await days(ingest)) {
    // A partition's id is its day, as in 20260131. The day in which the limit falls goes when it is over.
    if (partition < (limit?.id ?? "")) await dropDay(ingest, table, partition)
  }
}

const dropDay = (ingest: Ingest, table: string, partition: string) =>
  ingest.command(`ALTER TABLE ${known(table).name} DROP PARTITION ID {partition:String}`, { partition })

async function removeAbove(ingest: Ingest, most: number): Promise<void> {
  const all = await days(ingest)
  let size = total(all)
  const edge = await youngest(ingest, all)
  for (const { table, partition, bytes } of all) {
    if (size <= most) return
    if (partition >= edge) break
    await dropDay(ingest, table, partition)
    size -= bytes
  }
  if (size <= most) return
  // Only what is young is left: of the largest table the oldest part goes, until it is small enough.
  const sizes = new Map<string, number>()
  for (const { table, partition, bytes } of all)
    if (partition >= edge) sizes.set(table, (sizes.get(table) ?? 0) + bytes)
  const [largest] = [...sizes].sort(([, one], [, other]) => other - one)
  if (largest === undefined) return
  const [table, bytes] = largest
  await removeOldest(ingest, known(table), Math.min(1, (size - most * 0.8) / bytes))
}

/**
 * The first day that does not go as a whole: yesterday, for a minute after midnight it holds what was just stored, and
 * rows of senders whose clocks are ahead make days that are younger still. Or the newest, where all are older.
 */
async function youngest(ingest: Ingest, all: readonly Day[]): Promise<string> {
  const [yesterday] = await ingest.query<{ id: string }>(
    "SELECT formatDateTime(now() - toIntervalDay(1), '%Y%m%d') AS id",
  )
  const newest = all.at(-1)?.partition ?? ""
  return yesterday !== undefined && yesterday.id < newest ? yesterday.id : newest
}

/** Rewrites the rows that stay: what is left of a day cannot be dropped by the partition. */
async function removeOldest(ingest: Ingest, table: Table, share: number): Promise<void> {
  const column = table.ttlFrom.includes("TimeUnix") ? "TimeUnix" : "Timestamp"
  await ingest.command(
    `ALTER TABLE ${table.name} DELETE WHERE toUnixTimestamp64Nano(toDateTime64(${column}, 9)) <
       (SELECT quantile({share:Float64})(toUnixTimestamp64Nano(toDateTime64(${column}, 9))) FROM ${table.name})
     SETTINGS mutations_sync = 1, allow_nondeterministic_mutations = 1`,
    { share },
  )
}

const total = (parts: readonly Day[]): number => parts.reduce((sum, { bytes }) => sum + bytes, 0)

/** The table of that name: a name in a statement is always one of ours. */
function known(name: string): Table {
  const table = Object.values(tables).find((one) => one.name === name)
  if (table === undefined) throw new TypeError(`${name} is not one of ClickStack's tables`)
  return table
}
