// The ids of the trace in which a line is logged, for the app's own lines: by the names that OpenTelemetry's
// instrumentations of loggers give them.
import type { Context, SpanContext } from "@opentelemetry/api"
import { spanOf } from "../context/local-trace.ts"

const noTrace = "00000000000000000000000000000000"

export const idKeys = ["trace_id", "span_id", "trace_flags"] as const

export function activeIds(context: Context | undefined): SpanContext | undefined {
  if (context === undefined) return undefined
  const ids = spanOf(context)?.spanContext()
  return ids === undefined || ids.traceId === noTrace ? undefined : ids
}

const flagsText = ({ traceFlags }: SpanContext): string =>
  (traceFlags < 16 ? "0" : "") + traceFlags.toString(16)

/** What the app has put there itself stays. */
export function addIds(fields: Record<string, unknown>, ids: SpanContext): void {
  fields["trace_id"] ??= ids.traceId
  fields["span_id"] ??= ids.spanId
  fields["trace_flags"] ??= flagsText(ids)
}

/** The same for an object that is JSON already, and ends with `end`. */
export function addIdsToJson(json: string, ids: SpanContext, end: string): string {
  if (!json.endsWith(end)) return json
  // Most lines hold none of them, in no depth; then nothing need be parsed.
  if (!json.includes('"trace_id"') && !json.includes('"span_id"') && !json.includes('"trace_flags"')) {
    const start = json.slice(0, -end.length)
    const comma = start.endsWith("{") ? "" : ","
    return `${start}${comma}"trace_id":"${ids.traceId}","span_id":"${ids.spanId}","trace_flags":"${flagsText(ids)}"${end}`
  }
  const own = JSON.parse(json) as Record<string, unknown>
  const missing: Record<string, unknown> = { ...own }
  addIds(missing, ids)
  for (const key of Object.keys(own)) delete missing[key]
  const added = JSON.stringify(missing).slice(1, -1)
  return added === "" ? json : `${json.slice(0, -end.length)},${added}${end}`
}

/** What the record says anyway. */
export const isIdOf = (ids: SpanContext | undefined, key: string, value: unknown): boolean =>
  ids !== undefined &&
  ((key === "trace_id" && value === ids.traceId) ||
    (key === "span_id" && value === ids.spanId) ||
    (key === "trace_flags" && value === flagsText(ids)))
