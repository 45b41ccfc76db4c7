// What spans record of exceptions by themselves, by instrumentations and by apps, goes to the recorder: recordException()
// at once, while the error itself is there; events that were added as such when the span ends.
import type { Span } from "@opentelemetry/api"
import type { ReadableSpan } from "@opentelemetry/sdk-trace-base"
import { localTraceOfSpan } from "../context/local-trace.ts"
import { exceptionRecorder } from "./record-exception.ts"

const patched = new WeakSet<object>()

/** `span` is any one of its class. Spans of other providers, which may share the class, are left alone. */
export function takeRecordException(span: Span): void {
  const prototype = Object.getPrototypeOf(span) as Span
  if (patched.has(prototype)) return
  patched.add(prototype)
  const original = prototype.recordException
  prototype.recordException = function (this: Span, exception, time) {
    const recorder = localTraceOfSpan(this) === undefined ? undefined : exceptionRecorder()
    if (recorder === undefined) original.call(this, exception, time)
    else if (this.isRecording()) recorder.record(exception, { span: this, time })
  }
}

export function rewriteExceptions(span: ReadableSpan): void {
  for (const { name } of span.events) {
    if (name === "exception") return exceptionRecorder()?.rewrite(span)
  }
}
