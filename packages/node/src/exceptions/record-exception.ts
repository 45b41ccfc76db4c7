// recordException(), and the way to the recorder for all that sees exceptions: frameworks, withSpan(), spans. Before
// init() there is no recorder. In a global, because an app may hold several copies of this package.
import type { Attributes, Span, TimeInput } from "@opentelemetry/api"

export interface Occurrence {
  /** The active one unless told otherwise. */
  readonly span?: Span | undefined
  readonly attributes?: Attributes | undefined
  readonly time?: TimeInput | undefined
  /** The process is about to end: no work is put off. */
  readonly dying?: boolean
}

export interface ExceptionRecorder {
  /** Once for each error, whoever else records it. */
  readonly record: (error: unknown, occurrence: Occurrence) => void
  /** Gives the exceptions that others put on a span the form of ours. */
  readonly rewrite: (span: unknown) => void
}

const key = Symbol.for("@clickstack/node exceptions")
type Global = { [key]?: ExceptionRecorder | undefined }

export const exceptionRecorder = (): ExceptionRecorder | undefined => (globalThis as Global)[key]

/** Puts a recorder in place; the returned function gives the place back. */
export function seatRecorder(recorder: ExceptionRecorder): () => void {
  const global = globalThis as Global
  const before = global[key]
  global[key] = recorder
  return () => {
    if (global[key] === recorder) global[key] = before
  }
}

/**
 * Records an exception that the app has caught: on the active span, or on one of its own, and as a log record of that
 * span. Takes whatever was thrown, and never throws itself.
 */
export function recordException(error: unknown, attributes?: Attributes): void {
  exceptionRecorder()?.record(error, { attributes })
}
