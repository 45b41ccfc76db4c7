// The sampled flag of a trace: whether those who follow the ratio record it.
import type { SpanContext } from "@opentelemetry/api"

const sampled = 1 // TraceFlags.SAMPLED

export const isSampled = ({ traceFlags }: Pick<SpanContext, "traceFlags">): boolean =>
  (traceFlags & sampled) !== 0

/** For a span that has begun: what starts under it from now on has the same flag. */
export function setSampled(context: SpanContext, value: boolean): void {
  context.traceFlags = value ? context.traceFlags | sampled : context.traceFlags & ~sampled
}
