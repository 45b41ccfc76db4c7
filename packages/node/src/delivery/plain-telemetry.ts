// Spans and log records as plain objects that nobody else holds: what a snapshot makes of those that are not safe to
// keep, and what comes back from the spool or from a worker.
import type { SpanContext, TraceState } from "@opentelemetry/api"
import type { ReadableLogRecord } from "@opentelemetry/sdk-logs"
import type { ReadableSpan } from "@opentelemetry/sdk-trace-base"

type SpanFields = Omit<
  { -readonly [Name in keyof ReadableSpan]: ReadableSpan[Name] },
  "spanContext" | "ended" | "parentSpanContext"
> & { readonly parentSpanContext?: SpanContext | undefined }

/** Which fields it has, only this class says: see `plainSpan`. */
class PlainSpan {
  readonly #context: SpanContext
  readonly ended = true

  constructor(context: SpanContext, fields: SpanFields) {
    this.#context = context
    Object.assign(this, fields)
  }

  spanContext(): SpanContext {
    return this.#context
  }
}

export const plainSpan = (context: SpanContext, fields: SpanFields): ReadableSpan =>
  new PlainSpan(context, fields) as unknown as ReadableSpan

export type LogFields = { -readonly [Name in keyof ReadableLogRecord]: ReadableLogRecord[Name] }

/** A trace state as it was written; nothing sets or reads its members any more. */
export function plainTraceState(written: string): TraceState {
  const state: TraceState = {
    set: () => state,
    unset: () => state,
    get: (key) =>
      written
        .split(",")
        .map((member) => member.trim())
        .find((member) => member.startsWith(`${key}=`))
        ?.slice(key.length + 1),
    serialize: () => written,
  }
  return state
}
