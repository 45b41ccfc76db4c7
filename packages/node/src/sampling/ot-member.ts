// OpenTelemetry's own member of `tracestate`, such as `ot=th:c;rv:6e6d1a75832a2f`: the threshold that a trace was kept by,
// and random bits in place of those of its id. What else it holds stays.
import type { TraceState } from "@opentelemetry/api"
import { parseThreshold, randomOf, type Threshold } from "./threshold.ts"

const key = "ot"
const longest = 256 // characters of a member's value

export function thresholdIn(state: TraceState | undefined): Threshold | undefined {
  const th = part(state, "th:")
  return th === undefined ? undefined : parseThreshold(th)
}

/** The random bits that decide about a trace. */
export function randomIn(state: TraceState | undefined, traceId: string): string {
  const rv = part(state, "rv:")?.toLowerCase()
  return rv !== undefined && /^[0-9a-f]{14}$/.test(rv) ? rv : randomOf(traceId)
}

/** The state with this threshold in the place of any other, or without one. */
export function withThreshold(
  state: TraceState | undefined,
  threshold: Threshold | undefined,
): TraceState | undefined {
  if (state === undefined) return threshold?.state
  let value = threshold === undefined ? "" : `th:${threshold.th}`
  // The random bits first: without them the threshold would be of other bits.
  for (const isRandom of [true, false]) {
    for (const one of (state.get(key) ?? "").split(";")) {
      if (one === "" || one.startsWith("th:") || one.startsWith("rv:") !== isRandom) continue
      if (value.length + 1 + one.length <= longest) value = value === "" ? one : `${value};${one}`
    }
  }
  return value === "" ? state.unset(key) : state.set(key, value)
}

function part(state: TraceState | undefined, name: string): string | undefined {
  const value = state?.get(key)
  return value
    ?.split(";")
    .find((one) => one.startsWith(name))
    ?.slice(name.length)
}
