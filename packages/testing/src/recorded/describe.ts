// What was recorded, and what is still open, for messages.
import { logLine } from "../tree/draw.ts"
import type { RecordedLog } from "./log.ts"
import type { OpenSpan } from "./telemetry.ts"
import type { Trace } from "./trace.ts"

interface Described {
  readonly logs: readonly RecordedLog[]
  readonly open: readonly OpenSpan[]
  traces(): readonly Trace[]
}

const most = 20 // of each, in one message

export function describeTelemetry(telemetry: Described): string {
  const traces = telemetry.traces()
  const inTraces = new Set(traces.flatMap((trace) => trace.spans.map(({ spanId }) => spanId)))
  const loose = telemetry.logs.filter(({ spanId }) => spanId === undefined || !inTraces.has(spanId))
  const parts = [
    section(
      "recorded",
      traces.map((trace) => trace.tree().trimEnd()),
    ),
    section(
      "logs outside of them",
      loose.map((log) => logLine(log)),
    ),
    section("still open", openLines(telemetry.open)),
  ]
  return parts.join("") || "nothing was recorded: did the code run, and was it loaded after what traces it?\n"
}

export const openLines = (open: readonly OpenSpan[]): string[] =>
  open.map(({ name, age }) => `${name}, for ${Math.round(age)} ms`)

export function section(title: string, lines: readonly string[]): string {
  if (lines.length === 0) return ""
  const more = lines.length > most ? [`... and ${lines.length - most} more`] : []
  const shown = [...lines.slice(0, most), ...more].map((line) => line.replaceAll(/^/gm, "  "))
  return `${title}:\n${shown.join("\n")}\n`
}
