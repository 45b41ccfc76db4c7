// carryTrace() and continueTrace(): see carried-trace.ts, which is loaded when one of them is first called.
import type { Attributes } from "@opentelemetry/api"
import { createRequire } from "../builtins.ts"
import { activeContext, runIn } from "./current.ts"

/** Plain values, for JSON and for postMessage(). */
export interface CarriedTrace {
  readonly traceparent?: string | undefined
  readonly tracestate?: string | undefined
  readonly baggage?: string | undefined
  readonly session?: string | undefined
  readonly attributes?: Attributes | undefined
}

const require = createRequire(import.meta.url)
const carriedTrace = (): typeof import("./carried-trace.ts") => require("./carried-trace.js")

/** The active trace with its session and attributes, to be handed to `continueTrace` elsewhere in the app. */
export function carryTrace(): CarriedTrace {
  const context = activeContext()
  return context === undefined ? {} : carriedTrace().carriedFrom(context)
}

/** Runs `fn` in the trace that `carryTrace` gave, and in no other that may be active here. */
export function continueTrace<T>(carried: CarriedTrace | undefined, fn: () => T): T {
  if (activeContext() === undefined || typeof carried !== "object" || carried === null) return fn()
  return runIn(carriedTrace().contextFrom(carried), fn)
}
