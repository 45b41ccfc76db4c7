// One log, one span or one trace as one line of the terminal.
import { printable } from "../format-rows.ts"
import type { LiveItem } from "../live.ts"
import type { TraceSummary } from "../read/traces.ts"
import { spellClock, spellDayAndClock } from "../show/local-time.ts"
import { counted, duration, levelName } from "../show/values.ts"
import type { Paint } from "./terminal.ts"

function paintLevel(level: string, paint: Paint): string {
  const padded = printable(level).padEnd(5)
  if (level === "error" || level === "fatal") return paint.red(padded)
  if (level === "warn") return paint.yellow(padded)
  return level === "info" ? paint.green(padded) : paint.dim(padded)
}

/** The first line; the rest is a stack, most often, which the viewer and `clickstack sql` show. */
export function bodyLine(body: string): string {
  const text = body.trim()
  const end = text.search(/[\r\n]/)
  return end === -1 ? printable(text) : `${printable(text.slice(0, end))} …`
}

export function itemLine(item: LiveItem, paint: Paint): string {
  const time = paint.dim(spellClock(item.time))
  const service = paint.cyan(printable(item.service || "?"))
  if (item.kind === "log") {
    const trace = item.traceId === "" ? "" : ` ${paint.dim(item.traceId)}`
    return `${time} ${paintLevel(levelName(item.levelNumber, item.level), paint)} ${service} ${bodyLine(item.body)}${trace}\n`
  }
  const failed = item.status === "Error"
  const mark = failed ? paint.red("span ") : paint.dim("span ")
  const message = failed && item.statusMessage !== "" ? ` ${paint.red(printable(item.statusMessage))}` : ""
  const name = `${printable(item.name)} ${paint.bold(duration(item.durationMs))}`
  return `${time} ${mark} ${service} ${name}${message} ${paint.dim(item.traceId)}\n`
}

export function traceLine(trace: TraceSummary, paint: Paint): string {
  const others = trace.services.filter((service) => service !== trace.service)
  const services = [paint.cyan(printable(trace.service || "?")), ...others.map(printable)].join(", ")
  const errors = trace.errors === 0 ? "" : ` ${paint.red(counted(trace.errors, "error"))}`
  const spans = counted(trace.spans, "span")
  const when = paint.dim(spellDayAndClock(trace.time))
  return `${when} ${paint.dim(trace.traceId)} ${printable(trace.name)} ${paint.bold(duration(trace.durationMs))} ${services} ${spans}${errors}\n`
}
