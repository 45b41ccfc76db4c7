// The bytes that all queues of all signals and destinations may hold in memory together.

export interface Budget {
  readonly max: number
  used: number
  /** Those who can give bytes back at once, by writing to disk. */
  readonly holders: Set<Holder>
}

interface Holder {
  readonly bytes: () => number
  /** Moves its oldest batch out of memory; false when it cannot. */
  readonly relieve: () => boolean
}

export const defaultMaxBytes: number = 64 * 1024 * 1024

export function createBudget(max: number = defaultMaxBytes): Budget {
  return { max, used: 0, holders: new Set() }
}

/** Makes room for this many bytes, taking from the largest holders first; false when there is none. */
export function reserve(budget: Budget, bytes: number): boolean {
  if (budget.used + bytes <= budget.max) return true
  const holders = [...budget.holders].toSorted((a, b) => b.bytes() - a.bytes())
  for (const holder of holders) {
    while (budget.used + bytes > budget.max && holder.relieve());
  }
  return budget.used + bytes <= budget.max
}
