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
  const others = (state.get(key) ?? "").split(";").filter((one) => one !== "" && !one.startsWith("th:"))
  const parts = threshold === undefined ? others : [`th:${threshold.th}`, ...others]
  const value = parts.join(";")
  if (value === "") return state.unset(key)
  return value.length <= longest ? state.set(key, value) : state
}

function part(state: TraceState | undefined, name: string): string | undefined {
  const value = state?.get(key)
  return value
    ?.split(";")
    .find((one) => one.startsWith(name))
    ?.slice(name.length)
}
