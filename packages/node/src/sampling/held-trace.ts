// What the instrumentations know of a local trace that is held until its first span ends: see holder.ts.
import type { Span } from "@opentelemetry/api"

export interface HeldTrace {
  /** The route of its request is known: what is called from now on follows the rule for it. */
  readonly routed: (route: string) => void
  /** Nothing of it is to be kept, whatever happens. */
  readonly leaveOut: () => void
  readonly isLeftOut: boolean
}

// In the registry, because an app may hold several copies of this package.
const ofSpan = Symbol.for("@clickstack/node held trace of the span")
type Marked = { [ofSpan]?: HeldTrace }

/** Undefined unless something is held until the end. */
export const heldTraceOf = (span: Span): HeldTrace | undefined => (span as Marked)[ofSpan]

export function markHeld(span: Span, held: HeldTrace): void {
  ;(span as Marked)[ofSpan] = held
}
