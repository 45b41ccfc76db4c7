// Records what a request ends with on its span.
import type { Context, Span } from "@opentelemetry/api"
import { activeContext } from "./current.ts"
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
    if (span === undefined || !span.isRecording() || isAnswer(error)) return
    const exception = error instanceof Error ? error : String(error)
    const message = typeof exception === "string" ? exception : exception.message
    const { events = [] } = span as { events?: readonly { attributes?: Record<string, unknown> }[] }
    if (events.some(({ attributes }) => attributes?.["exception.message"] === message)) return
    span.recordException(exception)
  } catch {
    // what was thrown can be anything, also what cannot be read
  }
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
