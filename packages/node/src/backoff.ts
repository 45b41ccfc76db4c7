// How long to wait before the next attempt: longer each time, and never in step with other processes.

const first = 500
const longest = 30_000

/** Between half and all of a span that doubles from 0.5 s to 30 s. */
export function backoff(attempt: number, random: () => number = Math.random): number {
  const span = Math.min(longest, first * 2 ** attempt)
  return span / 2 + (span / 2) * random()
}
