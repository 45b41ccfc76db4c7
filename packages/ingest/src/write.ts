// Stores items in one table: in inserts of a size that ClickHouse likes, none over too many days, each tried again while
// the server is busy, and cut in two when it refuses rows, until only the bad ones are left out.
import { randomUUID } from "node:crypto"
import { type Encoded, encode } from "./encode.ts"
import { type Engine, type Settings, quote } from "./engines/engine.ts"
import { IngestError } from "./errors.ts"
import type { Field } from "./native.ts"
import { retry } from "./retry.ts"
import { type HrTime, dayOf } from "./time.ts"

export interface WriteOptions<Item> {
  readonly engine: Engine
  /** Quoted, with its database. */
  readonly table: string
  readonly fields: readonly Field<Item>[]
  readonly timeOf: (item: Item) => HrTime
  readonly format: "Native" | "JSONEachRow"
  readonly maxRows: number
  readonly maxBytes: number
  readonly settingsOf: (bytes: number) => Settings
  readonly retryForMs: number
  readonly signal?: AbortSignal | undefined
}

export interface Written<Item> {
  /** Rows that can never be stored, each with the reason. */
  readonly rejected: { readonly item: Item; readonly error: unknown }[]
  /** What is not stored because of `error`, and could be later. */
  readonly unstored: readonly Item[]
  readonly error: IngestError | undefined
}

// ClickHouse refuses an insert into more than 100 partitions, and ClickStack's tables have one a day. Its days may begin
// at another hour than ours, so this leaves room.
const maxDays = 90

// When so many single rows are refused, and then the last one too, and none was ever taken, the table is wrong and not
// the rows: they are kept.
const refusalsOfOneCause = 16

export async function write<Item>(
  items: readonly Item[],
  options: WriteOptions<Item>,
): Promise<Written<Item>> {
  const rejected: { item: Item; error: unknown }[] = []
  let anyStored = false
  for (let start = 0; start < items.length; start += options.maxRows) {
    // What is still to do of this many rows, the next piece last.
    const pieces = piecesByDay(items.slice(start, start + options.maxRows), options.timeOf).reverse()
    for (let piece = pieces.pop(); piece !== undefined; piece = pieces.pop()) {
      const encoded = await encode(options.format, options.fields, piece, options.maxBytes)
      if (encoded.count < piece.length) {
        pieces.push(piece.slice(encoded.count))
        piece = piece.slice(0, encoded.count)
      }
      const error = await insert(encoded, options)
      if (error === undefined) {
        anyStored ||= encoded.blocks.length > 0
        rejected.push(...encoded.unreadable)
        continue
      }
      if (piece.length > 1 && isSmallerBetter(error)) {
        const middle = Math.ceil(piece.length / 2)
        pieces.push(piece.slice(middle), piece.slice(0, middle))
        continue
      }
      if (error.code === "BAD_ROW") {
        rejected.push({ item: piece[0] as Item, error })
        if (rejected.length === refusalsOfOneCause) lastItemFirst(pieces)
        if (anyStored || rejected.length <= refusalsOfOneCause) continue
        return { rejected: [], error: everyRowRefused(error), unstored: items }
      }
      const rest = items.slice(start + options.maxRows)
      return { rejected, error, unstored: [piece, ...pieces.reverse(), rest].flat() }
    }
  }
  return { rejected, error: undefined, unstored: [] }
}

/** Bad rows often come together: before the table is blamed, a row from the other end is tried. */
function lastItemFirst(pieces: (readonly unknown[])[]): void {
  const [farthest] = pieces
  if (farthest === undefined) return
  pieces[0] = farthest.slice(0, -1)
  pieces.push(farthest.slice(-1))
}

const isSmallerBetter = ({ code }: IngestError): boolean =>
  code === "BAD_ROW" || code === "TOO_MANY_PARTITIONS" || code === "OUT_OF_MEMORY"

function everyRowRefused(cause: IngestError): IngestError {
  return new IngestError(
    "SCHEMA_MISMATCH",
    `every row is refused, so the table itself does not fit: ${cause.message}`,
    {
      cause,
      retryable: true,
      retryAfterMs: 60_000,
      ...(cause.exceptionCode === undefined ? {} : { exceptionCode: cause.exceptionCode }),
    },
  )
}

async function insert<Item>(
  encoded: Encoded<Item>,
  options: WriteOptions<Item>,
): Promise<IngestError | undefined> {
  if (encoded.blocks.length === 0) return undefined
  const { engine, table, fields, format, settingsOf, retryForMs, signal } = options
  const request = {
    table,
    columns: fields.map(({ name }) => quote(name)),
    format,
    blocks: encoded.blocks,
    settings: settingsOf(encoded.blocks.reduce((bytes, block) => bytes + block.length, 0)),
    token: randomUUID(),
  }
  let attempts = 0
  const attempt = () => {
    attempts++
    return engine.insert(request)
  }
  try {
    await retry(attempt, { forMs: retryForMs, signal })
    // Not after a failed attempt: a connection that was given up may still read from the buffers.
    if (attempts === 1) encoded.release()
    return undefined
  } catch (error) {
    if (error instanceof IngestError) return error
    throw error
  }
}

/** The items as they are, unless they are of too many days: then sorted by day and cut. */
function piecesByDay<Item>(items: readonly Item[], timeOf: (item: Item) => HrTime): (readonly Item[])[] {
  const byDay = new Map<number, Item[]>()
  for (const item of items) {
    const day = dayOfItem(item, timeOf)
    const same = byDay.get(day)
    if (same === undefined) byDay.set(day, [item])
    else same.push(item)
  }
  if (byDay.size <= maxDays) return items.length === 0 ? [] : [items]
  const days = [...byDay.keys()].sort((one, other) => one - other)
  const pieces: Item[][] = []
  for (let at = 0; at < days.length; at += maxDays) {
    pieces.push(days.slice(at, at + maxDays).flatMap((day) => byDay.get(day) ?? []))
  }
  return pieces
}

function dayOfItem<Item>(item: Item, timeOf: (item: Item) => HrTime): number {
  try {
    return dayOf(timeOf(item))
  } catch {
    // The encoder finds out that this item cannot be read, and leaves it out.
    return 0
  }
}
