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
  /** Whether the disk has all of it, also what is delivered: then it is better kept than read again. */
  readonly isToStay: () => boolean
  /** Puts it into the queue again, unless the disk has it or is just getting it. */
  readonly putBack: () => void
  /** What came from memory. */
  readonly batch: () => Batch<T> | undefined
  /** The number of its first item, of what came from memory. */
  readonly first: () => number
  readonly isEmpty: () => boolean
  /** What the statistics count these as. */
  readonly countOf: (items: readonly T[]) => number
  /** Of what came from memory, and the disk does not have. */
  readonly count: () => number
  readonly bytes: () => number
}

interface Held<T> {
  readonly parts: T[][]
  /** Some of it is delivered. */
  isPartial?: boolean
  readonly batch?: Batch<T>
  readonly spooled?: SpooledBatch
}

interface InHandOptions<T> {
  readonly queue: Queue<T>
  readonly spool: Spool | undefined
  readonly keeping: Pick<Keeping<never, T>, "countKept" | "decode" | "halve">
  /** Whether it is on its way to disk. */
  readonly isMoving: (batch: Batch<T>) => boolean
  /** A batch on disk that cannot be read. */
  readonly onUnreadable: (items: number, error: unknown) => void
}

export function createInHand<T>(options: InHandOptions<T>): InHand<T> {
  const { queue, spool, keeping, isMoving, onUnreadable } = options
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

  /** What came from memory is what is left of it. */
  function update(): void {
    const { batch, parts } = held!
    if (batch === undefined) return
    batch.items = parts.flat()
    batch.count = countOf(batch.items)
  }

  return {
    // In turns: the oldest must go out, and the newest must not wait for all of it.
    take: async () => {
      if (held !== undefined) return true
      const spoolFirst = spoolTurn || !queue.hasFull()
      spoolTurn = !spoolTurn
      const spooled = spoolFirst && spool?.waiting() ? await fromDisk() : undefined
      const batch = spooled === undefined ? queue.shift() : undefined
      if (batch !== undefined) batch.isTried = true
      held = spooled ?? (batch && { batch, parts: [batch.items] })
      return held !== undefined
    },
    part: () => held?.parts[0],
    split: () => {
      const halves = held && halvesOf(held.parts[0]!)
      if (halves === undefined) return false
      held!.parts.splice(0, 1, ...halves)
      update()
      return true
    },
    partDone: () => {
      const { batch, spooled, parts } = held!
      const onDisk = spooled ?? batch?.record
      const part = parts.shift()!
      if (parts.length > 0) {
        held!.isPartial = true
        onDisk?.less(countOf(part))
        return update()
      }
      onDisk?.done()
      if (batch !== undefined) queue.release(batch)
      held = undefined
    },
    isToStay: () =>
      held?.spooled !== undefined || (held?.batch?.record !== undefined && held.isPartial === true),
    putBack: () => {
      const { batch } = held ?? {}
      held = undefined
      if (batch === undefined) return spool?.again()
      if (batch.record !== undefined) queue.release(batch)
      else if (!isMoving(batch)) queue.unshift(batch)
    },
    batch: () => held?.batch,
    first: () => held?.batch?.first ?? Infinity,
    countOf,
    isEmpty: () => held === undefined,
    count: () => (held?.batch === undefined || held.batch.record !== undefined ? 0 : held.batch.count),
    bytes: () => held?.batch?.bytes ?? 0,
  }
}
