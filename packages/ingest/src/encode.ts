// Items to the bytes of an insert, a slice at a time: between slices the event loop runs, so that no batch, however
// large, holds the app up. Each slice is a block (or some JSON lines) of its own, in a buffer that is used again.
import { setImmediate as nextTurn } from "node:timers/promises"
import { Bytes } from "./bytes.ts"
import { writeJsonLines } from "./json-lines.ts"
import { type Field, writeBlock } from "./native.ts"

// A slice is cut so that it takes about this long: 5 ms are noticed, and much less would cost more than it gives.
const sliceMs = 1.5
const smallestSlice = 16
const largestSlice = 4_096

// So many buffers wait to be used again, none larger than this; an insert of 16 MiB has about four. A slice that takes
// more is cut in two: rows of a megabyte each must not become a block of gigabytes.
const keptBuffers = 16
const largestBlock = 4 * 1024 * 1024

// Rows per slice, by what the last slices took; one number for all tables settles within a few slices.
let sliceSize = 128
const free: Bytes[] = []

export interface Encoded<Item> {
  readonly blocks: readonly Buffer[]
  /** How many of the items these bytes hold; the others did not fit into `maxBytes`. */
  readonly count: number
  /** Items that cannot be encoded, with the reason: attributes that throw when they are read. */
  readonly unreadable: readonly { readonly item: Item; readonly error: unknown }[]
  /** Gives the buffers back: the bytes are no longer needed. */
  release(): void
}

export async function encode<Item>(
  format: "Native" | "JSONEachRow",
  fields: readonly Field<Item>[],
  items: readonly Item[],
  maxBytes: number,
): Promise<Encoded<Item>> {
  const write = format === "Native" ? writeBlock : writeJsonLines
  const used: Bytes[] = []
  const unreadable: { item: Item; error: unknown }[] = []
  let bytes = 0
  let count = 0
  let size = sliceSize
  for (let turn = 0; count < items.length && bytes < maxBytes; turn++) {
    if (turn > 0) await nextTurn()
    const slice = items.slice(count, count + size)
    const out = free.pop() ?? new Bytes()
    out.clear()
    out.limit = slice.length > 1 ? largestBlock : Infinity
    const started = performance.now()
    try {
      write(out, fields, slice)
    } catch (error) {
      keep(out)
      if (slice.length > 1) {
        // Too large, or one of them cannot be read: that one is found by halves, and read no more than needed.
        size = slice.length >> 1
        continue
      }
      unreadable.push({ item: slice[0] as Item, error })
      count++
      continue
    }
    used.push(out)
    count += slice.length
    bytes += out.length
    adapt(performance.now() - started, slice.length)
    size = Math.min(size * 2, sliceSize)
  }
  return {
    blocks: used.map((out) => out.written()),
    count,
    unreadable,
    release() {
      for (const out of used.splice(0)) keep(out)
    },
  }
}

function keep(out: Bytes): void {
  if (free.length < keptBuffers && out.buffer.length <= largestBlock) free.push(out)
}

function adapt(tookMs: number, rows: number): void {
  if (rows < smallestSlice) return
  // Half way to what would have been right: one pause of the garbage collector must not decide.
  const right = (rows * sliceMs) / Math.max(tookMs, 0.01)
  sliceSize = Math.round(Math.min(Math.max((sliceSize + right) / 2, smallestSlice), largestSlice))
}
