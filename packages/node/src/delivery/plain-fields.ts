// The fields of spans and log records made safe, whatever the app has put there.
import type { HrTime, TraceState } from "@opentelemetry/api"
import type { ReadableSpan } from "@opentelemetry/sdk-trace-base"

const latest = 9_223_372_036 // the last second whose nanoseconds fit into 64 bits: in the year 2262
export const spanKinds = 4
export const statusCodes = 2

export function writtenState(state: TraceState): string | undefined {
  try {
    const written: unknown = state.serialize()
    return typeof written === "string" ? written : undefined
  } catch {
    return undefined
  }
}

type Scope = ReadableSpan["instrumentationScope"]

export const isPlainScope = (scope: Scope): boolean =>
  typeof scope?.name === "string" &&
  (scope.version === undefined || typeof scope.version === "string") &&
  (scope.schemaUrl === undefined || typeof scope.schemaUrl === "string")

// By identity, because exporters group what they send by the object.
const scopes = new WeakMap<object, Scope>()

export function plainScope(scope: Scope): Scope {
  if (isPlainScope(scope)) return scope
  if (typeof scope !== "object" || scope === null) return { name: "" }
  let plain = scopes.get(scope)
  if (plain === undefined) {
    plain = { name: asText(scope.name) }
    if (scope.version !== undefined) plain = { ...plain, version: asText(scope.version) }
    scopes.set(scope, plain)
  }
  return plain
}

export const isUpTo = (last: number, value: number | undefined): value is number =>
  value! >= 0 && value! <= last

export const isTime = (time: unknown): time is HrTime =>
  Array.isArray(time) && time[0] >= 0 && time[0] <= latest && time[1] >= 0 && time[1] < 1e9

/** The parts as whole numbers; another time when it is none. */
export const asTime = (time: unknown, otherwise: HrTime): HrTime =>
  isTime(time) ? [Math.floor(time[0]), Math.floor(time[1])] : otherwise

export function now(): HrTime {
  const ms = Date.now()
  return [Math.floor(ms / 1000), (ms % 1000) * 1e6]
}

export const count = (value: unknown): number =>
  typeof value === "number" && Number.isSafeInteger(value) && value >= 0 ? value : 0

export const isSeverity = (value: unknown): value is number =>
  typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= 24

export function asText(value: unknown): string {
  if (typeof value === "string") return value
  try {
    return String(value)
  } catch {
    return "[unreadable]"
  }
}
