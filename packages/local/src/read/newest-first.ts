// The newest rows without reading all: first the last minutes, then what is before them in wider ranges, until there are
// enough. What people look at is mostly what just happened, and ClickHouse skips the days and granules outside a range.
import { type Ask, type Moment, nanosOf } from "./filter.ts"
import { isoOfNanos } from "./iso-time.ts"
import { type Part, readParts } from "./parts.ts"

const minute = 60_000_000_000n
const day = 1440n * minute

interface Range {
  from: Moment | undefined
  to: Moment | undefined
}

export interface Search {
  /** The newest parts with so many rows come first: where a few minutes would cost as much as all of their parts. */
  readonly rowsAtFirst?: number
}

/**
 * `read` gives the newest rows of a range, newest first, and may leave out those beyond what is missing; what has the
 * same key as an earlier row is left out. The first range is small.
 */
export async function newestFirst<Row>(
  ask: Ask,
  table: "otel_logs" | "otel_traces",
  { from, to }: { from?: Moment | undefined; to?: Moment | undefined },
  enough: number,
  read: (range: Range, missing: number, isSmall: boolean) => Promise<Row[]>,
  keyOf: (row: Row) => unknown = (row) => row,
  { rowsAtFirst }: Search = {},
): Promise<Row[]> {
  const parts = await readParts(ask, table)
  const last = parts.reduce((newest, part) => (part.newest > newest ? part.newest : newest), 0n) + 1n
  const asked = to === undefined ? undefined : nanosOf(to, "to")
  const start = from === undefined ? undefined : nanosOf(from, "from")
  const end = asked !== undefined && asked < last ? asked : last
  const begins =
    rowsAtFirst === undefined ? [end - 5n * minute, end - 60n * minute] : [newestOf(parts, end, rowsAtFirst)]
  begins.push(betweenParts(parts, end - day))
  const rows = new Map<unknown, Row>()
  let until = end
  for (const begin of [...begins.filter((one) => one > (start ?? 0n)), start]) {
    if (begin !== undefined && begin >= until && begin !== start) continue
    const range = { from: begin === undefined ? undefined : isoOfNanos(begin), to: isoOfNanos(until) }
    const found = await read(range, enough - rows.size, begin !== undefined && begin === begins[0])
    for (const row of found) if (!rows.has(keyOf(row))) rows.set(keyOf(row), row)
    if (rows.size >= enough || begin === undefined) break
    until = begin
  }
  return [...rows.values()]
}

/** Where the newest parts begin that have at most so many rows. */
function newestOf(parts: readonly Part[], end: bigint, most: number): bigint {
  let begin = end
  let rows = 0
  for (const part of parts.toSorted((one, other) => (one.newest < other.newest ? 1 : -1))) {
    if (part.oldest >= end) continue
    rows += part.rows
    if (rows > most) break
    if (part.oldest < begin) begin = part.oldest
  }
  return begin
}

/** Further back, to where no part is read for both sides: some indexes are read as a whole for any row. */
const betweenParts = (parts: readonly Part[], moment: bigint): bigint =>
  parts.reduce(
    (edge, { oldest, newest }) => (oldest < edge && newest >= moment && oldest < moment ? oldest : edge),
    moment,
  )
