// Attributes for everything of one trace in this process.
import type { Attributes, AttributeValue } from "@opentelemetry/api"
import { activeContext, debug } from "./current.ts"
import { ownLocalTraceOf, sessionKey } from "./local-trace.ts"
import { setSession } from "./session.ts"

const most = 128 // as many as a span may have

/**
 * Sets attributes on all spans and logs of the active trace: those that are still open, and those to come. A later
 * value of the same name wins; what a span or log says itself wins over both.
 */
export function setTraceAttributes(attributes: Attributes): void {
  const context = activeContext()
  if (context === undefined) return
  const local = ownLocalTraceOf(context)
  if (local === undefined) return debug("setTraceAttributes() was called outside of a trace")
  try {
    const own = (local.attributes ??= {})
    let count = Object.keys(own).length
    for (const [key, value] of Object.entries(attributes)) {
      if (key === sessionKey) setSession(value as string)
      else if (key === "" || key === "__proto__" || !isValue(value)) {
        if (value !== undefined) debug(`setTraceAttributes(): ${key} is no attribute`)
      } else if (key in own || count < most) {
        if (!(key in own)) count++
        own[key] = Array.isArray(value) ? ([...value] as AttributeValue) : value
      } else debug(`setTraceAttributes(): more than ${most} attributes, the others are left out`)
    }
  } catch (error) {
    debug(`setTraceAttributes(): ${String(error)}`)
  }
}

const isValue = (value: unknown): value is AttributeValue =>
  isScalar(value) || (Array.isArray(value) && value.every((one) => one === null || isScalar(one)))
const isScalar = (value: unknown) =>
  typeof value === "string" || typeof value === "number" || typeof value === "boolean"
