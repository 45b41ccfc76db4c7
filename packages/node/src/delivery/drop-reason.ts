// Why an item was dropped; every drop is counted by one of these.
import type { SpoolDrop } from "./shelf.ts"

export type DropReason =
  /** More than the memory may hold, and no disk to take it. */
  | "queue_full"
  /** The destination will not take it, now or later. */
  | "refused"
  /** Rejected out of a batch that was taken otherwise. */
  | "rejected"
  /** Alone already too large for the destination. */
  | "too_large"
  /** Recorded after the end, or left over at it without a disk to take it. */
  | "closed"
  | "unreadable"
  /** A thread was terminated before it handed over what it had recorded. */
  | "terminated"
  | SpoolDrop

export const nothingDropped: Readonly<Record<DropReason, number>> = {
  queue_full: 0,
  refused: 0,
  rejected: 0,
  too_large: 0,
  closed: 0,
  unreadable: 0,
  terminated: 0,
  spool_full: 0,
  spool_age: 0,
  spool_damaged: 0,
  spool_gone: 0,
}
