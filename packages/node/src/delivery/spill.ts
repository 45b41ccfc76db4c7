// From memory to disk: batches that cannot go out now, one at a time and beside the app; when the memory is full or
// the process ends, at once. On disk they stand in the order in which they were recorded: a batch that is being sent
// while later ones leave the memory is written before them, since it may fail.
import type { InHand } from "./in-hand.ts"
import type { Keeping } from "./keeping.ts"
import type { Batch, Queue } from "./queue.ts"
import type { Spool } from "./spool.ts"
import type { Entry } from "./spool-writer.ts"

export interface Spill<T> {
  /** Moves full batches for as long as it is due. */
  readonly start: () => Promise<void>
  /** Moves the oldest batch at once; false when there is none, or the disk does not take it. */
  readonly relieve: () => boolean
  /** The batch that is on its way to disk. */
  readonly moving: () => Batch<T> | undefined
  /** Ends when that one is there, or in the queue again. */
  readonly moved: () => Promise<unknown> | undefined
  /** For the end: all that waits in memory, and nobody will send it. */
  readonly moveRest: () => Promise<void>
  /** The same at once; also what is on its way, as that write may not end any more. */
  readonly moveRestSync: () => void
}

interface SpillOptions<T> {
  readonly queue: Queue<T>
  readonly spool: Spool | undefined
  readonly inHand: Pick<InHand<T>, "batch">
  readonly keeping: Pick<Keeping<never, T>, "encode" | "recycle">
  /** Whether batches are to leave the memory now. */
  readonly isDue: () => boolean
  /** What was on its way is on disk, or in the queue again: whoever sends may have found nothing meanwhile. */
  readonly onMoved: () => void
  /** At the end the disk did not take it. */
  readonly onLost: (batch: Batch<T>) => void
}

const nothingToDo = Promise.resolve()

export function createSpill<T>(options: SpillOptions<T>): Spill<T> {
  const { queue, spool, inHand, keeping, isDue, onMoved, onLost } = options
  let moving: Batch<T> | undefined
  let write: Promise<boolean> | undefined
  let run: Promise<void> | undefined

  function entryOf(batch: Batch<T>, passing: boolean): Entry {
    const { id, count, items } = batch
    return {
      id,
      items: count,
      bytes: keeping.encode(items, passing),
      // In the moment in which the disk counts it, the memory must not any more.
      onTaken: (record) => {
        if (moving === batch) moving = undefined
        if (inHand.batch() === batch) {
          batch.record = record
          return
        }
        queue.release(batch)
        if (!batch.isTried) keeping.recycle?.(items)
      },
    }
  }

  /** The batch in hand, if it is older than what is to leave the memory, and the disk does not have it. */
  function heldBefore(): Batch<T> | undefined {
    const held = inHand.batch()
    return held !== undefined && held.record === undefined && held.first < queue.first() ? held : undefined
  }

  /** @returns False when the disk did not take it; unless it is in hand, it is in the queue again. */
  async function move(batch: Batch<T>): Promise<boolean> {
    const { count } = batch
    const isWhole = () => batch.count === count && !batch.isReleased
    moving = batch
    await spool?.append({ ...entryOf(batch, false), isWanted: () => moving === batch && isWhole() })
    if (moving !== batch) return true // or it was written at once meanwhile
    moving = undefined
    if (batch.isReleased) return true // delivered meanwhile
    if (inHand.batch() !== batch) queue.unshift(batch)
    return !isWhole() // a part was delivered meanwhile
  }

  async function moveAll(): Promise<void> {
    while (queue.hasFull() && isDue()) {
      const batch = heldBefore() ?? queue.shift()!
      write = move(batch)
      if (!(await write)) break
    }
    write = undefined
    onMoved()
  }

  const writeSync = (batch: Batch<T>) => spool?.appendSync(entryOf(batch, true)) ?? false

  function takeBack(): void {
    if (moving?.isReleased === false && inHand.batch() !== moving) queue.unshift(moving)
    moving = undefined
  }

  return {
    start: () => {
      if (spool === undefined || (run === undefined && !isDue())) return nothingToDo
      run ??= moveAll().finally(() => (run = undefined))
      return run
    },
    relieve: () => {
      if (spool === undefined) return false
      takeBack()
      if (!queue.hasFull()) queue.seal()
      if (!queue.hasFull()) return false
      const held = heldBefore()
      if (held !== undefined && !writeSync(held)) return false
      const batch = queue.shift()!
      const isMoved = writeSync(batch)
      if (!isMoved) queue.unshift(batch)
      return isMoved
    },
    moving: () => (moving?.isReleased === false ? moving : undefined),
    moved: () => write,
    moveRest: async () => {
      await run
      for (let batch = queue.shift(); batch !== undefined; batch = queue.shift()) {
        if (!(await move(batch))) onLost(queue.shift()!)
      }
    },
    moveRestSync: () => {
      takeBack()
      for (let batch = queue.shift(); batch !== undefined; batch = queue.shift()) {
        if (!writeSync(batch)) onLost(batch)
      }
    },
  }
}
