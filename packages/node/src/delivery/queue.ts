// What waits in memory: one batch that is being filled, and those that are full, oldest first. Its bytes are taken
// from the budget until the batch is released.
import type { Budget } from "./budget.ts"
import type { SpoolRecord } from "./spool-writer.ts"

const { randomBytes } = process.getBuiltinModule("node:crypto")

export const newBatchId = (): string => randomBytes(8).toString("hex")

export interface Batch<T> {
  readonly id: string
  items: T[]
  /** What they count as. */
  count: number
  bytes: number
  /** How many items came before it. */
  readonly first: number
  /** It is on disk as well, since what came after it went there. */
  record: SpoolRecord | undefined
  /** It is delivered, dropped, or the disk's alone. */
  isReleased: boolean
  /** An exporter was given it, and may read it even after its time is over. */
  isTried: boolean
}

export interface Queue<T> {
  /** @returns Whether a batch became full by it. */
  readonly push: (item: T, bytes: number, count: number) => boolean
  /** Whether a batch is full. */
  readonly hasFull: () => boolean
  /** Full batches, oldest first. */
  readonly shift: () => Batch<T> | undefined
  /** Back to its place among the full ones. */
  readonly unshift: (batch: Batch<T>) => void
  /** The batch that is being filled counts as full from now on. */
  readonly seal: () => void
  /** Its bytes are free again. */
  readonly release: (batch: Batch<T>) => void
  readonly isEmpty: () => boolean
  readonly count: () => number
  readonly bytes: () => number
  /** The number of the oldest item. */
  readonly first: () => number
}

// Encoding one takes a few milliseconds, and gRPC servers refuse 4 MiB.
const largestBatch = 1024 * 1024

export function createQueue<T>(budget: Budget, batchSize: number): Queue<T> {
  const full: Batch<T>[] = []
  let filling: Batch<T> | undefined
  let pushed = 0
  let count = 0
  let bytes = 0

  function seal(): void {
    if (filling === undefined) return
    full.push(filling)
    filling = undefined
  }

  return {
    push: (item, size, weight) => {
      const before = full.length
      if (filling !== undefined && filling.bytes + size > largestBatch) seal()
      filling ??= {
        id: newBatchId(),
        items: [],
        count: 0,
        bytes: 0,
        first: pushed,
        record: undefined,
        isReleased: false,
        isTried: false,
      }
      filling.items.push(item)
      filling.count += weight
      filling.bytes += size
      pushed++
      count += weight
      bytes += size
      budget.used += size
      if (filling.items.length >= batchSize) seal()
      return full.length > before
    },
    hasFull: () => full.length > 0,
    shift: () => {
      const batch = full.shift()
      if (batch !== undefined) {
        count -= batch.count
        bytes -= batch.bytes
      }
      return batch
    },
    unshift: (batch) => {
      let place = 0
      while (place < full.length && full[place]!.first < batch.first) place++
      full.splice(place, 0, batch)
      count += batch.count
      bytes += batch.bytes
    },
    seal,
    release: (batch) => {
      if (batch.isReleased) return
      batch.isReleased = true
      budget.used -= batch.bytes
    },
    isEmpty: () => full.length === 0 && filling === undefined,
    count: () => count,
    bytes: () => bytes,
    first: () => (full[0] ?? filling)?.first ?? pushed,
  }
}
