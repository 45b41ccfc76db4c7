// A trace as a waterfall in the terminal: a line for each span, indented under its parent, with a bar that shows when
// it began and how long it took.
import { printable } from "../format-rows.ts"
import type { Span, Trace } from "../read/trace.ts"
import { spellClock } from "../show/local-time.ts"
import { counted, duration, levelName, millisOf } from "../show/values.ts"
import { readFrames } from "../show/stack-frames.ts"
import { placeSpans } from "../show/span-tree.ts"
import { cutToWidth, padToWidth, textWidth } from "../text-width.ts"
import { bodyLine } from "./lines.ts"
import type { Paint } from "./terminal.ts"

export function waterfall(trace: Trace, columns: number, paint: Paint): string {
  const placed = placeSpans(trace.spans)
  const start = Math.min(...trace.spans.map(({ time }) => millisOf(time)))
  const end = Math.max(...trace.spans.map(({ time, durationMs }) => millisOf(time) + durationMs))
  const total = Math.max(end - start, 0.001)
  const services = [...new Set(trace.spans.map(({ service }) => service))]
  const head = `trace ${trace.traceId}  ${duration(total)}  ${counted(trace.spans.length, "span")}  ${services.map(printable).join(", ")}\n`
  const labels = placed.map(
    ({ span, depth, times }) =>
      `${"  ".repeat(Math.min(depth, 20))}${times > 1 ? `${times} × ` : ""}${printable(span.name)}`,
  )
  const widest = Math.min(Math.max(...labels.map(textWidth), 10), Math.max(20, Math.floor(columns * 0.4)))
  const serviceWidth = Math.min(Math.max(...services.map(textWidth), 1), 16)
  const barWidth = Math.max(10, columns - widest - serviceWidth - 14)
  const lines = placed.map(({ span }, index) => {
    const failed = span.status === "Error"
    const label = fit(labels[index] ?? "", widest)
    const line = bar((millisOf(span.time) - start) / total, span.durationMs / total, barWidth)
    const took = duration(span.durationMs).padStart(8)
    const service = paint.cyan(fit(printable(span.service || "?"), serviceWidth))
    const row = `${failed ? paint.red(label) : label} ${service} ${failed ? paint.red(line) : paint.green(line)} ${took}\n`
    return row + failures(span, "  ".repeat(Math.min(placed[index]?.depth ?? 0, 20) + 1), paint)
  })
  const logs = trace.logs.map(
    ({ time, level, levelNumber, service, body }) =>
      `${paint.dim(spellClock(time))} ${levelName(levelNumber, level).padEnd(5)} ${paint.cyan(printable(service))} ${bodyLine(body)}\n`,
  )
  const more = trace.truncated ? ["... and more than can be shown\n"] : []
  return [head, ...lines, ...(logs.length > 0 ? ["\nlogs\n", ...logs] : []), ...more].join("")
}

function failures(span: Span, indent: string, paint: Paint): string {
  const exception = span.events.find(({ name }) => name === "exception")?.attributes
  const texts = [
    span.status === "Error" ? span.statusMessage : "",
    exception ? `${exception["exception.type"] ?? "exception"}: ${exception["exception.message"] ?? ""}` : "",
  ]
  const failed = texts
    .filter((text, index) => text !== "" && texts.indexOf(text) === index)
    .map((text) => `${indent}${paint.red(printable(text))}\n`)
  const thrown = exception ? whereThrown(exception, indent, paint) : ""
  return failed.join("") + thrown
}

/** Where the app itself was last, with its line when that was sent. */
function whereThrown(exception: Readonly<Record<string, string>>, indent: string, paint: Paint): string {
  const frames = readFrames(exception["exception.parsed_stacktrace"] ?? "") ?? []
  const frame = frames.find(({ inApp }) => inApp) ?? frames[0]
  if (frame === undefined) return ""
  const place = `${indent}  ${paint.dim(`at ${printable(frame.function)} (${printable(frame.place)})`)}\n`
  const source = frame.lines.find(({ current }) => current)?.text.trim()
  return source ? `${place}${indent}  > ${printable(source)}\n` : place
}

const fit = (text: string, width: number): string => padToWidth(cutToWidth(text, width), width)

function bar(offset: number, share: number, width: number): string {
  const from = Math.min(Math.floor(offset * width), width - 1)
  const length = Math.max(1, Math.min(Math.round(share * width), width - from))
  return `${" ".repeat(from)}${"█".repeat(length)}`.padEnd(width)
}
