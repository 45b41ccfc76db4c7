// A span around a function.
import type { Attributes, Span } from "@opentelemetry/api"
import { exceptionRecorder } from "../exceptions/record-exception.ts"
import { api } from "../opentelemetry.ts"

const error = 2 // SpanStatusCode.ERROR

type Work<T> = (span: Span) => T

/** Runs `fn` in a span of that name. What it throws, or rejects with, is recorded and goes on. */
export function withSpan<T>(name: string, fn: Work<T>): T
export function withSpan<T>(name: string, attributes: Attributes, fn: Work<T>): T
export function withSpan<T>(name: string, ...rest: [Work<T>] | [Attributes, Work<T>]): T {
  const [attributes, fn] = rest.length === 1 ? [undefined, rest[0]] : rest
  const tracer = api().trace.getTracer("@clickstack/node")
  return tracer.startActiveSpan(name, attributes === undefined ? {} : { attributes }, (span) => {
    let result: T
    try {
      result = fn(span)
    } catch (thrown) {
      fail(span, thrown)
      throw thrown
    }
    if (!isPromise(result)) {
      span.end()
      return result
    }
    return result.then(
      (value) => {
        span.end()
        return value
      },
      (thrown: unknown) => {
        fail(span, thrown)
        throw thrown
      },
    ) as T
  })
}

function fail(span: Span, thrown: unknown): void {
  recordError(span, thrown)
  span.end()
}

function recordError(span: Span, thrown: unknown): void {
  try {
    const message = thrown instanceof Error ? thrown.message : String(thrown)
    const recorder = exceptionRecorder()
    if (recorder === undefined) span.recordException(thrown instanceof Error ? thrown : message)
    else recorder.record(thrown, { span })
    span.setStatus({ code: error, message })
  } catch {
    span.setStatus({ code: error }) // what cannot be made a text
  }
}

const isPromise = (value: unknown): value is PromiseLike<unknown> =>
  typeof value === "object" && value !== null && typeof (value as PromiseLike<unknown>).then === "function"
