// toFollowConventions: what a reviewer who knows OpenTelemetry's semantic conventions would find.
import { conventionalNames } from "../conventions/names.ts"
import { TestingError } from "../errors.ts"
import type { RecordedLog } from "../recorded/log.ts"
import type { Trace, TraceSpan } from "../recorded/trace.ts"
import type { MatchResult } from "./match-result.ts"

export type Convention = "names" | "deprecated" | "cardinality" | "errors" | "orphans" | "clock"

export interface ConventionOptions {
  /** Kinds of findings that do not count. */
  readonly ignore?: readonly Convention[]
  /** Attribute names of your own in a namespace of the conventions, or patterns of them. */
  readonly allow?: readonly (string | RegExp)[]
}

export interface Finding {
  readonly convention: Convention
  /** Where, and what to do about it. */
  readonly message: string
}

export type Reviewable = { traces(): readonly Trace[]; readonly logs: readonly RecordedLog[] } | Trace

const known: Readonly<Record<string, string>> = {
  ...conventionalNames,
  // Of exception events by @clickstack/node, for ClickStack's UI.
  "exception.cause": "",
  "exception.parsed_stacktrace": "",
}

// Clocks of two machines differ; what is meant here is a wrong start or end time.
const toleratedSkew = 1000 // milliseconds
const mostNames = 50 // of spans of one scope and kind

export function followConventions(recorded: Reviewable, options: ConventionOptions = {}): MatchResult {
  const findings = review(recorded, options)
  return {
    pass: findings.length === 0,
    message: () =>
      findings.length === 0
        ? "the telemetry follows the conventions, which was not expected"
        : `${findings.length === 1 ? "1 finding" : `${findings.length} findings`} against the semantic conventions:\n${findings.map(({ convention, message }) => `  ${convention}: ${message}`).join("\n")}`,
  }
}

export function review(recorded: Reviewable, { ignore = [], allow = [] }: ConventionOptions = {}): Finding[] {
  const { traces, logs } = partsOf(recorded)
  const findings = new Map<string, Finding>()
  const find = (convention: Convention, message: string) => {
    if (!ignore.includes(convention)) findings.set(`${convention} ${message}`, { convention, message })
  }
  const isAllowed = (name: string) =>
    allow.some((one) => (one instanceof RegExp ? one.test(name) : one === name))
  for (const trace of traces) {
    for (const span of trace.spans) {
      const where = `span ${JSON.stringify(span.name)}`
      reviewNames(span.attributes, where)
      for (const event of span.events)
        reviewNames(event.attributes, `event ${JSON.stringify(event.name)} of ${where}`)
      reviewSpanName(span, find)
      reviewError(span, find)
      reviewClock(span, find)
    }
    for (const root of trace.roots) {
      if (root.parentId !== undefined && root.parentIsRemote === false) {
        find(
          "orphans",
          `span ${JSON.stringify(root.name)} has a parent in this process that was not recorded: it was not ended, or not sampled`,
        )
      }
    }
  }
  reviewVariety(traces, find)
  for (const log of logs) reviewNames(log.attributes, `log ${JSON.stringify(log.body)}`)

  function reviewNames(attributes: object, where: string): void {
    for (const name of Object.keys(attributes)) {
      if (isAllowed(name)) continue
      const instead = known[name]
      if (instead === "") continue
      if (instead !== undefined) {
        // Beside the new name the old one is for those who still read it.
        const isBesideNew = instead.split(" or ").some((one) => one in attributes)
        if (!isBesideNew)
          find("deprecated", `${where}: ${name} is deprecated${instead === "-" ? "" : `, use ${instead}`}`)
      } else reviewUnknown(name, where)
    }
  }

  function reviewUnknown(name: string, where: string): void {
    if (Object.keys(known).some((one) => one.endsWith(".*") && name.startsWith(one.slice(0, -1)))) return
    if (!/^[a-z][a-z0-9_]*(\.[a-z0-9_-]+)+$/i.test(name)) {
      if (!name.includes("."))
        find("names", `${where}: ${name} has no namespace; something like app.${snake(name)} would not clash`)
      return
    }
    const namespace = name.slice(0, name.indexOf("."))
    const ofNamespace = Object.keys(known).filter((one) => one.startsWith(`${namespace}.`))
    if (ofNamespace.length === 0) return // a namespace of the app's own
    const nearest = nearestName(name, ofNamespace)
    find(
      "names",
      `${where}: ${name} is unknown in the namespace ${namespace}${nearest === undefined ? "" : `, did you mean ${nearest}`}`,
    )
  }
  return [...findings.values()]
}

type Find = (convention: Convention, message: string) => void

const idLike = [
  [/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/i, "a UUID"],
  [/\b(?=[0-9a-f]*\d)(?=[0-9a-f]*[a-f])[0-9a-f]{16,}\b/i, "an id"],
  [/\/\d+(\/|$|\?)/, "a number in its path"],
  [/\b\d{5,}\b/, "a long number"],
  [/\?[^ =]+=/, "a query string"],
  [/[\w.+-]+@[\w-]+\.\w+/, "an e-mail address"],
  [/\b(where|values|set)\b.*('[^']*'|= ?\d)/i, "a value in its SQL"],
] as const

function reviewSpanName({ name }: TraceSpan, find: Find): void {
  const found = idLike.find(([pattern]) => pattern.test(name))
  if (found !== undefined)
    find(
      "cardinality",
      `span ${JSON.stringify(name)} has ${found[1]} in its name; put that into an attribute`,
    )
  else if (name.trim() === "") find("cardinality", "a span has no name")
}

function reviewVariety(traces: readonly Trace[], find: Find): void {
  const names = new Map<string, Set<string>>()
  for (const { name, kind, scope } of traces.flatMap(({ spans }) => spans)) {
    const key = `${kind} spans of ${scope.name || "an unnamed scope"}`
    names.set(key, (names.get(key) ?? new Set()).add(name))
  }
  for (const [key, different] of names) {
    if (different.size > mostNames) find("cardinality", `${key} have ${different.size} different names`)
  }
}

function reviewError(span: TraceSpan, find: Find): void {
  if (span.status !== "error") return
  const tellsWhy =
    span.events.some(({ name }) => name === "exception") ||
    span.attributes["error.type"] !== undefined ||
    span.attributes["exception.type"] !== undefined ||
    span.logs.some(({ attributes }) => attributes["exception.type"] !== undefined)
  if (!tellsWhy)
    find("errors", `span ${JSON.stringify(span.name)} failed, and has neither an exception nor error.type`)
}

function reviewClock(span: TraceSpan, find: Find): void {
  const where = `span ${JSON.stringify(span.name)}`
  if (span.duration < 0) find("clock", `${where} ended ${-span.duration} ms before it began`)
  if (span.start === 0) find("clock", `${where} began in 1970`)
  for (const child of span.children) {
    if (child.start + toleratedSkew < span.start) {
      find(
        "clock",
        `span ${JSON.stringify(child.name)} began ${Math.round(span.start - child.start)} ms before its parent ${JSON.stringify(span.name)}`,
      )
    }
  }
  for (const event of span.events) {
    if (event.time + toleratedSkew < span.start || event.time > span.start + span.duration + toleratedSkew) {
      find("clock", `event ${JSON.stringify(event.name)} of ${where} is outside of its time`)
    }
  }
}

function partsOf(recorded: Reviewable): { traces: readonly Trace[]; logs: readonly RecordedLog[] } {
  if (typeof recorded === "object" && recorded !== null) {
    if ("traces" in recorded) return { traces: recorded.traces(), logs: recorded.logs }
    if ("roots" in recorded) return { traces: [recorded], logs: recorded.logs }
  }
  throw new TestingError("WRONG_VALUE", "telemetry or a trace can be reviewed; this is something else")
}

const snake = (name: string) =>
  name
    .replaceAll(/([a-z0-9])([A-Z])/g, "$1_$2")
    .replaceAll(/\W/g, "_")
    .toLowerCase()

function nearestName(name: string, names: readonly string[]): string | undefined {
  const near = names.map((one) => ({ one, steps: distance(name, one) })).sort((a, b) => a.steps - b.steps)[0]
  return near !== undefined && near.steps <= Math.max(2, name.length / 4) ? near.one : undefined
}

/** How many letters have to change. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)))
    }
    row = next
  }
  return row[b.length]!
}
