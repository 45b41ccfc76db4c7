// What a delivery tells the people who run the app, on stderr.
import type { Say } from "../stderr.ts"
import type { DropReason } from "./drop-reason.ts"
import type { Outages } from "./outages.ts"
import type { Trouble } from "./outcome.ts"
import type { Tally } from "./tally.ts"

export interface Report {
  readonly full: (maxBytes: number) => void
  readonly unreadable: (error: unknown) => void
  readonly dropped: (count: number, reason: DropReason, error: string) => void
  /** The other side cannot be reached; what waits is kept "on disk" or "in memory". */
  readonly away: (trouble: Trouble, error: string, kept: string) => void
  readonly back: () => void
  readonly spoolTrouble: (message: string) => void
  readonly closed: () => void
}

interface ReportOptions {
  /** What is delivered: "traces". */
  readonly what: string
  /** Where to: "http://localhost:4318". */
  readonly place: string
  readonly say: Say
  readonly outages: Outages
  readonly tally: Tally
}

export function createReport({ what, place, say, outages, tally }: ReportOptions): Report {
  const name = `${what} to ${place}`
  const warn = (about: string, message: string) => say("warn", `${name} ${about}`, `${name}: ${message}`)
  return {
    full: (maxBytes) =>
      warn(
        "full",
        `the ${maxBytes} bytes of memory for what waits are full, what comes now is dropped; is the destination up? (${tally.lastError ?? "it is slower than this process"})`,
      ),
    unreadable: (error) => warn("unreadable", `an item cannot be read and is dropped: ${String(error)}`),
    dropped: (count, reason, error) => warn(reason, `${count} items dropped: ${error}`),
    away: (trouble, error, kept) =>
      outages.away(
        place,
        tally,
        trouble,
        `${name}: ${error}; what is recorded is kept ${kept} and sent later`,
      ),
    back: () => outages.back(place, tally, `${place}: delivering again`),
    spoolTrouble: (message) =>
      say("warn", `${place} spool`, `${message}; what cannot be delivered waits in memory only`),
    closed: () => {
      const lost = tally.dropped.closed
      if (lost > 0)
        warn("closed", `${lost} items are lost at the end: ${tally.lastError ?? "no time was left"}`)
    },
  }
}
