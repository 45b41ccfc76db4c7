// toHaveLog: whether there is a log record like that; else which ones are near, and what is other about them.
import { TestingError } from "../errors.ts"
import type { Attributes } from "../conventions/attributes.ts"
import type { RecordedLog, Severity } from "../recorded/log.ts"
import { logLine } from "../tree/draw.ts"
import { showValue, spell } from "../tree/value.ts"
import type { MatchResult } from "./match-result.ts"

/** What is left out is not compared; text is compared whole, a regular expression looks for a part. */
export interface LogFilter {
  readonly severity?: Severity
  readonly body?: unknown
  readonly session?: string | RegExp
  readonly service?: string | RegExp
  readonly eventName?: string | RegExp
  readonly traceId?: string
  readonly spanId?: string
  readonly attributes?: Attributes
}

export type HasLogs = { readonly logs: readonly RecordedLog[] } | readonly RecordedLog[]

const shown = 5

export function haveLog(recorded: HasLogs, filter: LogFilter): MatchResult {
  const logs = Array.isArray(recorded)
    ? (recorded as readonly RecordedLog[])
    : (recorded as { logs?: readonly RecordedLog[] } | undefined)?.logs
  if (logs === undefined)
    throw new TestingError(
      "WRONG_VALUE",
      "a log is looked for in telemetry, a trace, or a list of logs; this is something else",
    )
  const judged = logs
    .map((log) => ({ log, notes: differ(log, filter) }))
    .sort((a, b) => a.notes.length - b.notes.length)
  const pass = judged[0]?.notes.length === 0
  return {
    pass,
    message: () => {
      const wanted = Object.entries(filter)
        .map(([name, value]) => `${name}: ${show(value)}`)
        .join(", ")
      if (pass) return `no log was expected with ${wanted}\n\nthere is:\n  ${logLine(judged[0]!.log, true)}`
      const lines = judged.slice(0, shown).map(({ log, notes }) => {
        const names = Object.keys(filter.attributes ?? {})
        return [`  ${logLine(log, names)}`, ...notes.map((note) => `    ^ ${note}`)].join("\n")
      })
      const more = judged.length > shown ? `\n  ... and ${judged.length - shown} more` : ""
      const there =
        lines.length === 0
          ? "no log was recorded"
          : `recorded, the nearest first:\n${lines.join("\n")}${more}`
      return `expected a log with ${wanted}\n\n${there}`
    },
  }
}

function differ(log: RecordedLog, { attributes = {}, ...fields }: LogFilter): string[] {
  const notes: string[] = []
  for (const [name, wanted] of Object.entries(fields)) {
    const value = log[name as keyof RecordedLog]
    if (wanted !== undefined && !isLike(value, wanted)) notes.push(`${name} is ${showValue(value)}`)
  }
  for (const [name, wanted] of Object.entries(attributes)) {
    if (!isLike(log.attributes[name], wanted)) notes.push(`${name} is ${showValue(log.attributes[name])}`)
  }
  return notes
}

/** Equal, or found by a regular expression, or by a matcher such as expect.any(Number). */
export function isLike(value: unknown, wanted: unknown): boolean {
  if (wanted instanceof RegExp)
    return (
      value !== undefined &&
      new RegExp(wanted.source, wanted.flags.replaceAll(/[gy]/g, "")).test(spell(value))
    )
  const asymmetric = wanted as { asymmetricMatch?: (value: unknown) => boolean } | null
  if (typeof asymmetric?.asymmetricMatch === "function") return asymmetric.asymmetricMatch(value)
  if (typeof wanted === "object" && wanted !== null)
    return value !== undefined && spell(value) === spell(wanted)
  return value === wanted
}

export const show = (value: unknown): string => {
  if (value instanceof RegExp) return String(value)
  if (typeof value !== "object" || value === null) return showValue(value)
  return `{ ${Object.entries(value)
    .map(([name, inner]) => `${name}: ${show(inner)}`)
    .join(", ")} }`
}
