// A trace as a waterfall in the terminal: a line for each span, indented under its parent, with a bar that shows when
// it began and how long it took.
import { printable } from "../format-rows.ts"
import type { Span, Trace } from "../read/trace.ts"
import { duration, levelName } from "./lines.ts"
import type { Paint } from "./terminal.ts"

interface Placed {
  readonly span: Span
  readonly depth: number
}

const millis = (time: string): number =>
  Date.parse(`${time.slice(0, 23)}Z`) + Number(`0.${time.slice(23, 29) || "0"}`)

export function waterfall(trace: Trace, columns: number, paint: Paint): string {
  const placed = place(trace.spans)
  const start = Math.min(...trace.spans.map(({ time }) => millis(time)))
  const end = Math.max(...trace.spans.map(({ time, durationMs }) => millis(time) + durationMs))
  const total = Math.max(end - start, 0.001)
  const services = [...new Set(trace.spans.map(({ service }) => service))]
  const head = `trace ${trace.traceId}  ${duration(total)}  ${placed.length} spans  ${services.map(printable).join(", ")}\n`
  const labels = placed.map(({ span, depth }) => `${"  ".repeat(Math.min(depth, 20))}${printable(span.name)}`)
  const widest = Math.min(
    Math.max(...labels.map(({ length }) => length), 10),
    Math.max(20, Math.floor(columns * 0.4)),
  )
  const serviceWidth = Math.min(Math.max(...services.map(({ length }) => length), 1), 16)
  const barWidth = Math.max(10, columns - widest - serviceWidth - 14)
  const lines = placed.map(({ span }, index) => {
    const failed = span.status === "Error"
    const label = fit(labels[index] ?? "", widest)
    const line = bar((millis(span.time) - start) / total, span.durationMs / total, barWidth)
    const took = duration(span.durationMs).padStart(8)
    const service = paint.cyan(fit(printable(span.service || "?"), serviceWidth))
    const row = `${failed ? paint.red(label) : label} ${service} ${failed ? paint.red(line) : paint.green(line)} ${took}\n`
    return row + failures(span, "  ".repeat(Math.min(placed[index]?.depth ?? 0, 20) + 1), paint)
  })
  const logs = trace.logs.map(
    ({ time, level, levelNumber, service, body }) =>
      `${paint.dim(time.slice(11, 23))} ${levelName(levelNumber, level).padEnd(5)} ${paint.cyan(printable(service))} ${printable(body)}\n`,
  )
  const more = trace.truncated ? ["... and more than can be shown\n"] : []
  return [head, ...lines, ...(logs.length > 0 ? ["\nlogs\n", ...logs] : []), ...more].join("")
}

/** Parents before children, brothers by time; a span whose parent is not here stands at the edge. */
function place(spans: readonly Span[]): Placed[] {
  const ids = new Set(spans.map(({ spanId }) => spanId))
  const children = new Map<string, Span[]>()
  for (const span of spans) {
    const parent = ids.has(span.parentSpanId) && span.parentSpanId !== span.spanId ? span.parentSpanId : ""
    children.set(parent, [...(children.get(parent) ?? []), span])
  }
  const placed: Placed[] = []
  const seen = new Set<Span>()
  const visit = (first: readonly Span[]) => {
    const open = first.map((span) => ({ span, depth: 0 })).toReversed()
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      if (seen.has(next.span)) continue
      seen.add(next.span)
      placed.push(next)
      const depth = next.depth + 1
      for (const span of (children.get(next.span.spanId) ?? []).toReversed()) open.push({ span, depth })
    }
  }
  visit(children.get("") ?? [])
  // Spans that name each other as parents have no beginning.
  visit(spans)
  return placed
}

function failures(span: Span, indent: string, paint: Paint): string {
  const exception = span.events.find(({ name }) => name === "exception")?.attributes
  const texts = [
    span.status === "Error" ? span.statusMessage : "",
    exception ? `${exception["exception.type"] ?? "exception"}: ${exception["exception.message"] ?? ""}` : "",
  ]
  return texts
    .filter((text, index) => text !== "" && texts.indexOf(text) === index)
    .map((text) => `${indent}${paint.red(printable(text))}\n`)
    .join("")
}

const fit = (text: string, width: number): string =>
  text.length > width ? `${text.slice(0, width - 1)}…` : text.padEnd(width)

function bar(offset: number, share: number, width: number): string {
  const from = Math.min(Math.floor(offset * width), width - 1)
  const length = Math.max(1, Math.min(Math.round(share * width), width - from))
  return `${" ".repeat(from)}${"█".repeat(length)}`.padEnd(width)
}
