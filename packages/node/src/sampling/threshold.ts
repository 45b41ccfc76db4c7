// OpenTelemetry's consistent probability sampling: a trace is kept when the 56 random bits at the end of its id are not
// below a threshold, the same for everybody who keeps that share of traces. Both are compared as 14 hex digits:
// ratio 0.1 is threshold e6660000000000, written `th:e666`.
// https://opentelemetry.io/docs/specs/otel/trace/tracestate-probability-sampling/
import type { TraceState } from "@opentelemetry/api"
import { parseTracestate } from "../context/trace-state.ts"

export interface Threshold {
  /** Without the zeros at its end. */
  readonly th: string
  /** 14 hex digits. */
  readonly least: string
  /** The share of traces that it keeps. */
  readonly ratio: number
  /** What a trace that has no other `tracestate` carries. */
  readonly state: TraceState
}

const digits = 14
const all = 2n ** 56n
/** After the leading f's: enough for 1 in 65,536 of any share, and short on the wire. */
const precise = 4
/** A tenth of a percent of a count: 1 in 10 is not told from what `th:e666` says, 1 in 9.9994. */
const negligible = 0.001

/** Undefined for a share so small that nothing is kept. */
export function thresholdFor(ratio: number): Threshold | undefined {
  const kept = BigInt(Math.round(ratio * 2 ** 56))
  return kept <= 0n ? undefined : fromNumber(rounded(all - kept))
}

/** What another service has written; undefined when it is no threshold. */
export function parseThreshold(th: string): Threshold | undefined {
  return /^[0-9a-f]{1,14}$/.test(th) ? fromNumber(BigInt(`0x${th.padEnd(digits, "0")}`)) : undefined
}

/** The random bits of a trace, as 14 hex digits. */
export const randomOf = (traceId: string): string => traceId.slice(-digits)

export const reaches = (random: string, { least }: Threshold): boolean => random >= least

/**
 * How many traces this one stands for. One in 3.33 is 3 or 4, decided by the same random bits, so that all services say
 * the same and their mean is 3.33: rounding to 3 would count a tenth too few.
 */
export function weightOf(threshold: Threshold, random: string): number {
  const exact = 1 / threshold.ratio
  const near = Math.round(exact)
  if (Math.abs(exact - near) <= exact * negligible) return Math.min(near, Number.MAX_SAFE_INTEGER)
  const whole = Math.floor(exact)
  const rest = exact - whole
  // Of the traces that were kept, how far up this one is: evenly from 0 to 1.
  const place =
    (Number.parseInt(random, 16) - Number.parseInt(threshold.least, 16)) / 2 ** 56 / threshold.ratio
  return place < rest ? whole + 1 : whole
}

function fromNumber(value: bigint): Threshold {
  const least = value.toString(16).padStart(digits, "0")
  const th = least.replace(/0+$/, "") || "0"
  return { th, least, ratio: Number(all - value) / 2 ** 56, state: parseTracestate(`ot=th:${th}`)! }
}

function rounded(value: bigint): bigint {
  const leading = /^f*/.exec(value.toString(16).padStart(digits, "0"))![0].length
  const shift = BigInt(4 * Math.max(0, digits - leading - precise))
  const near = ((value + (1n << shift) / 2n) >> shift) << shift
  return near < all ? near : value
}
