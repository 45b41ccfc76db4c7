// Draws what was recorded, in the language that expectations are written in.
import type { RecordedLog } from "../recorded/log.ts"
import type { SpanEvent, RecordedSpan } from "../recorded/span.ts"
import type { Trace, TraceSpan } from "../recorded/trace.ts"
import type { AttributeName } from "../conventions/attributes.ts"
import { spell, writeValue } from "./value.ts"

export interface DrawOptions {
  /** Which attributes: none unless given, `true` for all. */
  readonly attributes?: boolean | readonly AttributeName[]
  /** `false` leaves logs out. */
  readonly logs?: boolean
  /** `true` draws a span's events, too. */
  readonly events?: boolean
  /** The service behind each span; left out, where there are several. */
  readonly services?: boolean
}

export function drawTrace(trace: Trace, options: DrawOptions = {}): string {
  const { services = new Set(trace.spans.map(({ service }) => service)).size > 1 } = options
  return drawSpans(trace.roots, { ...options, services })
}

export function drawSpans(spans: readonly TraceSpan[], options: DrawOptions = {}, indent = ""): string {
  return spans.map((span) => drawSpan(span, options, indent)).join("")
}

function drawSpan(span: TraceSpan, options: DrawOptions, indent: string): string {
  const inner = `${indent}  `
  const service = options.services ? `  service.name=${writeValue(span.service)}` : ""
  const lines = [`${indent}${spanLine(span, options.attributes)}${service}\n`]
  if (options.events)
    for (const event of span.events) lines.push(`${inner}${eventLine(event, options.attributes)}\n`)
  // Logs between the children, by time.
  const logs = options.logs === false ? [] : [...span.logs]
  for (const child of span.children) {
    while (logs.length > 0 && logs[0]!.time < child.start)
      lines.push(`${inner}${logLine(logs.shift()!, options.attributes)}\n`)
    lines.push(drawSpan(child, options, inner))
  }
  for (const log of logs) lines.push(`${inner}${logLine(log, options.attributes)}\n`)
  return lines.join("")
}

export function spanLine(span: RecordedSpan, attributes: DrawOptions["attributes"] = false): string {
  const status = httpStatusOf(span)
  return [
    writeName(span.name),
    ...(span.kind === "internal" ? [] : [span.kind]),
    ...(status === undefined ? [] : [String(status)]),
    ...(span.status === "unset"
      ? []
      : [span.statusMessage ? `${span.status} ${JSON.stringify(span.statusMessage)}` : span.status]),
    ...attributeColumns(span.attributes, attributes),
  ].join("  ")
}

export const eventLine = (event: SpanEvent, attributes: DrawOptions["attributes"] = false): string =>
  [`event ${writeName(event.name)}`, ...attributeColumns(event.attributes, attributes)].join("  ")

export function logLine(log: RecordedLog, attributes: DrawOptions["attributes"] = false): string {
  const severity = log.severity === undefined ? "" : ` ${log.severity.toLowerCase()}`
  const body = log.body === undefined ? "" : ` ${JSON.stringify(spell(log.body))}`
  return [`log${severity}${body}`, ...attributeColumns(log.attributes, attributes)].join("  ")
}

/** Named ones in the order of their names, all of them in that of the alphabet. */
function attributeColumns(all: object, wanted: DrawOptions["attributes"]): string[] {
  if (wanted === false || wanted === undefined) return []
  const given = all as Readonly<Record<string, unknown>>
  const names = wanted === true ? Object.keys(given).sort() : wanted
  return names.filter((name) => given[name] !== undefined).map((name) => `${name}=${writeValue(given[name])}`)
}

export const httpStatusOf = ({ attributes }: RecordedSpan): unknown =>
  attributes["http.response.status_code"] ?? attributes["http.status_code"]

const writeName = (name: string): string =>
  /^(log|event)( |$)|^\.\.\.$|^#/.test(name) ? JSON.stringify(name) : writeValue(name)
