// How many traces a recorded one stands for, by the threshold that it was kept by, here or in the service that it began
// in. ClickStack counts a span with the attribute `SampleRate` that many times.
import type { SpanContext } from "@opentelemetry/api"
import { isSampled } from "../context/sampled.ts"
import { randomIn, thresholdIn } from "./ot-member.ts"
import { reaches, weightOf } from "./threshold.ts"

export const sampleRateKey = "SampleRate"

/** 1 when nothing is known, also by a threshold that this trace cannot have been kept by. */
export function sampleRateOf({ traceId, traceFlags, traceState }: SpanContext): number {
  const threshold = isSampled({ traceFlags }) ? thresholdIn(traceState) : undefined
  if (threshold === undefined) return 1
  const random = randomIn(traceState, traceId)
  return reaches(random, threshold) ? weightOf(threshold, random) : 1
}
