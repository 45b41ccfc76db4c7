// Records what a request ends with on its span.
import type { Context, Span } from "@opentelemetry/api"
import { activeContext } from "./current.ts"
import { exceptionRecorder } from "../exceptions/record-exception.ts"
import { localTraceOf, spanOf } from "./local-trace.ts"

const server = 1 // SpanKind.SERVER

/** The server span of the request that runs here, also from within spans of the handler. */
export function serverSpan(context: Context | undefined = activeContext()): Span | undefined {
  if (context === undefined) return undefined
  for (const span of [localTraceOf(context)?.root, spanOf(context)]) {
    if ((span as { kind?: number } | undefined)?.kind === server && span?.isRecording()) return span
  }
  return undefined
}

/**
 * Records an error on the span of its request, once. What is thrown as an answer, with a status below 500, is no error
 * of the server's. Never throws, and leaves the error as it is.
 */
export function captureError(error: unknown, span: Span | undefined = serverSpan() ?? activeSpan()): void {
  try {
    if (isAnswer(error) || isOn(span, error)) return
    const recorder = exceptionRecorder()
    if (recorder !== undefined) recorder.record(error, { span })
    else span?.recordException(error instanceof Error ? error : String(error))
  } catch {
    // what was thrown can be anything, also what cannot be read
  }
}

/** Frameworks may tell of one failure in several errors, which say the same. */
function isOn(span: Span | undefined, error: unknown): boolean {
  const { events = [] } = (span ?? {}) as { events?: readonly { attributes?: Record<string, unknown> }[] }
  if (events.length === 0) return false
  const message = error instanceof Error ? error.message : String(error)
  return events.some(({ attributes }) => attributes?.["exception.message"] === message)
}

const activeSpan = () => {
  const context = activeContext()
  return context && spanOf(context)
}

function isAnswer(error: unknown): boolean {
  if (typeof error !== "object" || error === null) return false
  const { status, statusCode, getStatus } = error as Record<string, unknown>
  const code =
    status ?? statusCode ?? (typeof getStatus === "function" ? (getStatus.call(error) as unknown) : undefined)
  return typeof code === "number" && code < 500
}
