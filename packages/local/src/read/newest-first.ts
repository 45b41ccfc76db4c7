// The newest rows without reading all: first the last minutes, then what is before them in wider ranges, until there are
// enough. What people look at is mostly what just happened, and ClickHouse skips the days and granules outside a range.
import { type Ask, type Moment, nanosOf } from "./filter.ts"
import { isoOfNanos } from "./iso-time.ts"

const minute = 60_000_000_000n
const widths = [5n * minute, 60n * minute, 1440n * minute]

interface Range {
  from: Moment | undefined
  to: Moment | undefined
}

/** `read` gives the newest rows of a range, newest first; what has the same key as an earlier row is left out. */
export async function newestFirst<Row>(
  ask: Ask,
  table: "otel_logs" | "otel_traces",
  { from, to }: { from?: Moment | undefined; to?: Moment | undefined },
  enough: number,
  read: (range: Range) => Promise<Row[]>,
  keyOf: (row: Row) => unknown = (row) => row,
): Promise<Row[]> {
  const [newest] = await ask<{ newest: string }>(
    `SELECT toString(toUnixTimestamp64Nano(max(Timestamp))) AS newest FROM ${table}`,
    {},
  )
  const last = BigInt(newest?.newest ?? 0) + 1n
  const asked = to === undefined ? undefined : nanosOf(to, "to")
  const start = from === undefined ? undefined : nanosOf(from, "from")
  const end = asked !== undefined && asked < last ? asked : last
  const begins = widths.map((width) => end - width).filter((begin) => begin > (start ?? 0n))
  const rows = new Map<unknown, Row>()
  let until = end
  for (const begin of [...begins, start]) {
    const range = { from: begin === undefined ? undefined : isoOfNanos(begin), to: isoOfNanos(until) }
    for (const row of await read(range)) if (!rows.has(keyOf(row))) rows.set(keyOf(row), row)
    if (rows.size >= enough || begin === undefined) break
    until = begin
  }
  return [...rows.values()]
}
