// Tries again what a busy or absent server refused, with growing waits that differ from process to process, so that
// many clients do not come back in step.
import { setTimeout as delay } from "node:timers/promises"
import { IngestError } from "./errors.ts"

export interface RetryPolicy {
  /** No attempt begins later than this after the first. */
  readonly forMs: number
  readonly now?: () => number
  readonly random?: () => number
  readonly sleep?: (ms: number) => Promise<unknown>
  /** Ends a wait, and begins no other attempt. */
  readonly signal?: AbortSignal | undefined
}

const firstWaitMs = 200
const longestWaitMs = 5_000

export async function retry<Result>(attempt: () => Promise<Result>, policy: RetryPolicy): Promise<Result> {
  const { forMs, now = () => performance.now(), random = Math.random, signal } = policy
  const { sleep = (ms) => delay(ms, undefined, { signal }).catch(() => undefined) } = policy
  const end = now() + forMs
  for (let tries = 0; ; tries++) {
    try {
      return await attempt()
    } catch (error) {
      if (!(error instanceof IngestError) || !error.retryable || error.code === "OUT_OF_MEMORY") throw error
      const backoff = Math.min(firstWaitMs * 2 ** tries, longestWaitMs) * (0.5 + random())
      const wait = Math.max(backoff, error.retryAfterMs ?? 0)
      if (now() + wait >= end || isOver(signal)) throw error
      await sleep(wait)
      if (isOver(signal)) throw error
    }
  }
}

// A function, since the compiler would take it for unchanged after the wait.
const isOver = (signal: AbortSignal | undefined) => signal?.aborted === true
