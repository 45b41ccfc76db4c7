// What has become of the items of one delivery; `produced + adopted = delivered + dropped + spooled + waiting`.
import { type DropReason, nothingDropped } from "./drop-reason.ts"

export interface DeliveryStats {
  readonly produced: number
  /** Left on disk by processes that have ended, and taken over. */
  readonly adopted: number
  readonly delivered: number
  readonly dropped: Readonly<Record<DropReason, number>>
  /** On disk. */
  readonly spooled: number
  /** In memory. */
  readonly waiting: number
  readonly queueBytes: number
  readonly lastError: string | undefined
  /** Milliseconds since 1970. */
  readonly lastSuccess: number | undefined
}

export interface Tally extends Pick<DeliveryStats, "lastError" | "lastSuccess"> {
  produced: number
  adopted: number
  delivered: number
  dropped: Record<DropReason, number>
  lastError: string | undefined
  lastSuccess: number | undefined
  readonly drop: (count: number, reason: DropReason) => void
  /** As of now, with what is known elsewhere. */
  readonly stats: (now: Pick<DeliveryStats, "spooled" | "waiting" | "queueBytes">) => DeliveryStats
}

export function createTally(): Tally {
  const tally: Tally = {
    produced: 0,
    adopted: 0,
    delivered: 0,
    dropped: { ...nothingDropped },
    lastError: undefined,
    lastSuccess: undefined,
    drop: (count, reason) => {
      tally.dropped[reason] += count
    },
    stats: (now) => {
      const { produced, adopted, delivered, dropped, lastError, lastSuccess } = tally
      return { produced, adopted, delivered, dropped: { ...dropped }, ...now, lastError, lastSuccess }
    },
  }
  return tally
}
