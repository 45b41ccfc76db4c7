// When the next attempt may begin: at once, after a pause that grows with each failure, or when the other side said.
import { backoff } from "../backoff.ts"

export interface Pace {
  /** Failures in a row. */
  readonly failures: () => number
  /** Failures in all. */
  readonly failed: () => number
  /** @param after What the other side asked for, in milliseconds. */
  readonly fail: (after: number | undefined) => void
  readonly succeed: () => void
  /** How long it still has to be waited, in milliseconds. */
  readonly pause: () => number
  /** Whether the pause outlasts this time. */
  readonly outlasts: (time: number) => boolean
  readonly sleep: (ms: number) => Promise<void>
  /** Ends a pause, unless the other side has asked for it. */
  readonly hurry: () => void
  /** Ends the sleep, not the pause. */
  readonly wake: () => void
}

export function createPace(now: () => number, random: () => number): Pace {
  let failures = 0
  let failed = 0
  let resumeAt = 0
  let asked = false
  let wake: (() => void) | undefined

  return {
    failures: () => failures,
    failed: () => failed,
    fail: (after) => {
      failures++
      failed++
      asked = after !== undefined
      resumeAt = now() + (after ?? backoff(failures - 1, random))
    },
    succeed: () => {
      failures = 0
    },
    pause: () => resumeAt - now(),
    outlasts: (time) => failures > 0 && resumeAt > time,
    sleep: (ms) =>
      new Promise((resolve) => {
        const timeUp = setTimeout(resolve, Math.min(ms, 2 ** 31 - 1)).unref()
        wake = () => {
          clearTimeout(timeUp)
          resolve()
        }
      }),
    hurry: () => {
      if (failures === 0 || asked) return
      resumeAt = now()
      wake?.()
    },
    wake: () => wake?.(),
  }
}
