// Counts what came in, for the line that is printed every minute.

export interface Tally {
  spans: number
  logs: number
  /** Chunks of session recordings. */
  sessions: number
  /** Data points of metrics. */
  points: number
  /** Requests passed on, where nothing is stored here. */
  forwarded: number
  /** Requests that were refused or failed; their senders were told. */
  failed: number
}

export const createTally = (): Tally => ({
  spans: 0,
  logs: 0,
  sessions: 0,
  points: 0,
  forwarded: 0,
  failed: 0,
})

export function since(now: Tally, before: Tally): Tally {
  const difference = createTally()
  for (const name of Object.keys(difference) as (keyof Tally)[]) difference[name] = now[name] - before[name]
  return difference
}
