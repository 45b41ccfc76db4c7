// Hands a page of spans to an exporter until it has taken them: waits while it is away or full, which holds the reading
// up, and leaves out only what it says it will never take.
import { setTimeout as sleep } from "node:timers/promises"
import type { SpanLogSpan } from "./span-of.ts"

/** The part of OpenTelemetry's SpanExporter that is needed. */
export interface SpanLogExporter {
  // oxlint-disable-next-line typescript/no-explicit-any -- each version of OpenTelemetry has a span type of its own
  export(spans: any, done: (result: ExportAnswer) => void): void
}

interface ExportAnswer {
  readonly code: number
  readonly error?: (Error & { readonly retryable?: boolean; readonly code?: unknown }) | undefined
  /** How many it left out for ever. */
  readonly rejected?: number
}

export interface ExportSpansOptions {
  readonly signal: AbortSignal
  /** Called for every attempt that failed. */
  readonly failed: (error: Error) => void
  readonly firstWaitMs: number
}

const longestWaitMs = 30_000

/** Resolves to how many were left out. Rejects when the signal fires first: then none of them counts as handed on. */
export async function exportSpans(
  exporter: SpanLogExporter,
  spans: readonly SpanLogSpan[],
  { signal, failed, firstWaitMs }: ExportSpansOptions,
): Promise<number> {
  for (let wait = firstWaitMs; ; wait = Math.min(wait * 2, longestWaitMs)) {
    signal.throwIfAborted()
    const { code, error, rejected = 0 } = await answerOf(exporter, spans)
    if (code === 0) return rejected
    failed(error ?? new Error("the exporter failed without a reason"))
    if (!canRetry(error)) return spans.length
    await sleep(wait, undefined, { signal })
  }
}

function answerOf(exporter: SpanLogExporter, spans: readonly SpanLogSpan[]): Promise<ExportAnswer> {
  return new Promise((resolve) => {
    try {
      exporter.export(spans, resolve)
    } catch (error) {
      resolve({ code: 1, error: error as Error })
    }
  })
}

/** Our exporters say so; upstream's give the HTTP status. A wrong key can be corrected, a bad request cannot. */
function canRetry(error: ExportAnswer["error"]): boolean {
  if (typeof error?.retryable === "boolean") return error.retryable
  const status = error?.code
  return !(
    typeof status === "number" &&
    status >= 400 &&
    status < 500 &&
    ![401, 403, 408, 429].includes(status)
  )
}
