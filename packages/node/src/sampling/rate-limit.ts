// A limit of traces per second, by lowering the ratio of those that begin from now on. The share is decided before a
// trace is looked at, from what came before it: so each trace that is kept stands for 1/share of them, whatever the load
// does, and in a burst the last trace has a chance as well as the first. A bucket of tokens would give all to the first.
//
// Offered and kept traces are counted with a memory of one second. The share is limit / offered, and lower while more
// than the limit are kept, as at the beginning of a burst, which nobody can foresee: a hundred times the limit at once
// keeps about twice the limit, where a second is over, then the limit.

const memory = 1000 // milliseconds
/** How firmly what was kept too many is taken back. */
const firmness = 4
/** A change of the share that is not worth a new threshold. */
const noticeable = 0.02

export interface RateLimit {
  /** Counts a trace that would be kept with this ratio, and tells the factor that ratios are lowered by now. */
  readonly offer: (ratio: number) => number
  readonly keep: () => void
  /** What was decided about a trace meanwhile: how much more or less of it is offered, and kept. */
  readonly correct: (offered: number, kept: number) => void
}

export function createRateLimit(perSecond: number, now: () => number): RateLimit {
  const limit = (perSecond * memory) / 1000
  let offered = 0
  let kept = 0
  let last = now()
  let share = 1

  function forget(): void {
    const at = now()
    if (at === last) return
    const left = Math.exp((last - at) / memory)
    last = at
    offered *= left
    kept *= left
  }

  return {
    offer: (ratio) => {
      forget()
      offered += ratio
      let wanted = offered > limit ? limit / offered : 1
      if (kept > limit) wanted *= (limit / kept) ** firmness
      if (Math.abs(wanted - share) > share * noticeable || wanted === 1) share = wanted
      return share
    },
    keep: () => {
      kept++
    },
    correct: (more, moreKept) => {
      offered = Math.max(0, offered + more)
      kept = Math.max(0, kept + moreKept)
    },
  }
}
