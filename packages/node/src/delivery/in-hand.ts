// The batch that is being sent, or is to be sent again: from disk and from memory in turns, whole or in parts.
import type { Keeping } from "./keeping.ts"
import type { Batch, Queue } from "./queue.ts"
import type { Spool } from "./spool.ts"
import type { SpooledBatch } from "./spool-reader.ts"

export interface InHand<T> {
  /** Takes the next batch if there is none in hand; false when nothing waits. */
  readonly take: () => Promise<boolean>
  /** What is to be sent now. */
  readonly part: () => T[] | undefined
  /** Halves of that part in its place; false when it is indivisible. */
  readonly split: () => boolean
  /** That part is delivered, or never will be. */
  readonly partDone: () => void
  readonly isFromDisk: () => boolean
  /** Puts it to the front of the queue again, unless the disk has it. */
  readonly putBack: () => void
  /** The number of its first item, of what came from memory. */
  readonly first: () => number
  readonly isEmpty: () => boolean
  /** What the statistics count these as. */
  readonly countOf: (items: readonly T[]) => number
  /** Of what came from memory. */
  readonly count: () => number
  readonly bytes: () => number
}

interface Held<T> {
  parts: T[][]
  readonly batch?: Batch<T>
  readonly spooled?: SpooledBatch
}

interface InHandOptions<T> {
  readonly queue: Queue<T>
  readonly spool: Spool | undefined
  readonly keeping: Pick<Keeping<never, T>, "countKept" | "decode" | "halve">
  /** A batch on disk that cannot be read. */
  readonly onUnreadable: (items: number, error: unknown) => void
}

export function createInHand<T>({ queue, spool, keeping, onUnreadable }: InHandOptions<T>): InHand<T> {
  let held: Held<T> | undefined
  let spoolTurn = true

  const countOf = (items: readonly T[]) => items.reduce((sum, item) => sum + keeping.countKept(item), 0)

  async function fromDisk(): Promise<Held<T> | undefined> {
    for (;;) {
      const spooled = await spool?.next()
      if (spooled === undefined) return undefined
      try {
        return { spooled, parts: [keeping.decode(spooled.bytes)] }
      } catch (error) {
        onUnreadable(spooled.items, error)
        spooled.done()
      }
    }
  }

  function halvesOf(items: T[]): T[][] | undefined {
    if (items.length === 1) return keeping.halve?.(items[0]!)?.map((half) => [half])
    const middle = items.length >> 1
    return [items.slice(0, middle), items.slice(middle)]
  }

  return {
    // In turns: the oldest must go out, and the newest must not wait for all of it.
    take: async () => {
      if (held !== undefined) return true
      const spoolFirst = spoolTurn || !queue.hasFull()
      spoolTurn = !spoolTurn
      const spooled = spoolFirst && spool?.waiting() ? await fromDisk() : undefined
      const batch = spooled === undefined ? queue.shift() : undefined
      held = spooled ?? (batch && { batch, parts: [batch.items] })
      return held !== undefined
    },
    part: () => held?.parts[0],
    split: () => {
      const halves = held && halvesOf(held.parts[0]!)
      if (halves === undefined) return false
      held!.parts.splice(0, 1, ...halves)
      return true
    },
    partDone: () => {
      held!.parts.shift()
      if (held!.parts.length > 0) return
      if (held!.batch !== undefined) queue.release(held!.batch)
      held!.spooled?.done()
      held = undefined
    },
    isFromDisk: () => held?.spooled !== undefined,
    putBack: () => {
      const { batch, parts } = held ?? {}
      held = undefined
      if (batch === undefined) return spool?.again()
      batch.items = parts!.flat()
      batch.count = countOf(batch.items)
      queue.unshift(batch)
    },
    first: () => held?.batch?.first ?? Infinity,
    countOf,
    isEmpty: () => held === undefined,
    count: () => (held?.batch === undefined ? 0 : countOf(held.parts.flat())),
    bytes: () => held?.batch?.bytes ?? 0,
  }
}
