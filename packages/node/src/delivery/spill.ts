// From memory to disk: batches that cannot go out now, one at a time and beside the app; when the memory is full or
// the process ends, at once.
import type { Batch, Queue } from "./queue.ts"
import type { Spool } from "./spool.ts"

export interface Spill<T> {
  /** Moves full batches for as long as it is due. */
  readonly start: () => Promise<void>
  /** Moves the oldest batch at once; false when there is none, or the disk does not take it. */
  readonly relieve: () => boolean
  /** Waits until nothing is on its way to disk. */
  readonly settled: () => Promise<void>
  /** The batch that is on its way to disk. */
  readonly moving: () => Batch<T> | undefined
  /** Puts that batch into the queue again: its write may not end any more. */
  readonly takeBack: () => void
  /** For the end: a batch that nobody will send. */
  readonly append: (batch: Batch<T>) => Promise<boolean>
  readonly appendSync: (batch: Batch<T>) => boolean
}

interface SpillOptions<T> {
  readonly queue: Queue<T>
  readonly spool: Spool | undefined
  readonly encode: (items: readonly T[]) => Uint8Array
  /** Whether batches are to leave the memory now. */
  readonly isDue: () => boolean
  /** What was on its way is on disk, or in the queue again: whoever sends may have found nothing meanwhile. */
  readonly onMoved: () => void
}

const nothingToDo = Promise.resolve()

export function createSpill<T>({ queue, spool, encode, isDue, onMoved }: SpillOptions<T>): Spill<T> {
  let moving: Batch<T> | undefined
  let run: Promise<void> | undefined

  const entryOf = ({ id, count, items }: Batch<T>) => ({ id, items: count, bytes: encode(items) })

  async function moveAll(into: Spool): Promise<void> {
    while (queue.hasFull() && isDue()) {
      const batch = queue.shift()!
      moving = batch
      const done = await into.append(entryOf(batch))
      if (moving !== batch) return // the process ends, and it was put on disk once more
      moving = undefined
      if (!done) {
        queue.unshift(batch)
        break
      }
      queue.release(batch)
    }
    onMoved()
  }

  return {
    start: () => {
      if (spool === undefined || (run === undefined && !isDue())) return nothingToDo
      run ??= moveAll(spool).finally(() => (run = undefined))
      return run
    },
    relieve: () => {
      if (spool === undefined) return false
      if (!queue.hasFull()) queue.seal()
      const batch = queue.shift()
      if (batch === undefined) return false
      if (spool.appendSync(entryOf(batch))) {
        queue.release(batch)
        return true
      }
      queue.unshift(batch)
      return false
    },
    settled: async () => run,
    moving: () => moving,
    takeBack: () => {
      if (moving !== undefined) queue.unshift(moving)
      moving = undefined
    },
    append: async (batch) => (await spool?.append(entryOf(batch))) ?? false,
    appendSync: (batch) => spool?.appendSync(entryOf(batch)) ?? false,
  }
}
