// What a receiver has done since it started, per signal.
import { type Signal, signalNames } from "./signals.ts"

export interface SignalStats {
  /** Requests answered with success, also partial. */
  accepted: number
  /** Requests refused, for whatever reason. */
  refused: number
  /** Spans, log records or ResourceMetrics that a sink took; raw sinks are not counted. */
  taken: number
}

export type Counters = Record<Signal, SignalStats>

export const createCounters = (): Counters =>
  Object.fromEntries(
    signalNames.map((signal) => [signal, { accepted: 0, refused: 0, taken: 0 }]),
  ) as unknown as Counters
