// What ClickStack's collector does to a log before it is stored, so that a log looks the same however it came: JSON in
// the body becomes attributes, nested attributes become dotted keys, and every log has a severity.
//
// The collector does it with its transform language. Two of that language's habits are kept: `flatten` runs for every
// log, not only for those with JSON, and it numbers the items of a list (`tags.0`), leaving what is inside them alone.

/** The part of a log record that the rules read and change. */
export interface RuledLog {
  body?: unknown
  severityNumber?: number | undefined
  severityText?: string | undefined
  attributes: Record<string, unknown>
}

type Attributes = Record<string, unknown>

/** Changes the record in place: it was made for one request and has no other reader yet. */
export function applyLogRules(log: RuledLog): void {
  const { body } = log
  if (typeof body === "string") mergeJson(log.attributes, body)
  if (hasNested(log.attributes)) log.attributes = flatten(log.attributes)
  if (isMap(body)) merge(log.attributes, body)
  if (!log.severityNumber && !log.severityText && !promoteLevel(log)) inferLevel(log)
  if (log.severityText) log.severityText = log.severityText.toLowerCase()
}

// --- The body ------------------------------------------------------------------------------------------------

function mergeJson(attributes: Attributes, body: string): void {
  const start = body.indexOf("{")
  if (start < 0) return
  const end = body.lastIndexOf("}")
  if (end < start) return
  try {
    // The outermost braces enclose an object or no JSON at all.
    merge(attributes, JSON.parse(body.slice(start, end + 1)) as Attributes)
  } catch {
    // Braces of something else: the body stays as it is, and nothing is added.
  }
}

function merge(into: Attributes, from: Attributes): void {
  for (const key of Object.keys(from)) set(into, key, from[key])
}

/** Like an assignment, but `__proto__` becomes a plain key and changes no prototype. */
function set(into: Attributes, key: string, value: unknown): void {
  if (key === "__proto__") {
    Object.defineProperty(into, key, { value, enumerable: true, configurable: true, writable: true })
  } else {
    into[key] = value
  }
}

// --- Flattening ------------------------------------------------------------------------------------------------

// Keys repeat the path to them, so that flattening something very deep would cost the square of its size; what is
// deeper than anybody reads stays one value.
const deepest = 64

function hasNested(attributes: Attributes): boolean {
  for (const key in attributes) {
    const value = attributes[key]
    if (typeof value === "object" && (isMap(value) || Array.isArray(value))) return true
  }
  return false
}

function flatten(attributes: Attributes): Attributes {
  const flat: Attributes = {}
  flattenInto(flat, attributes, "", 1)
  return flat
}

function flattenInto(flat: Attributes, map: Attributes, prefix: string, depth: number): void {
  for (const key of Object.keys(map)) {
    const value = map[key]
    if (isMap(value) && depth < deepest) flattenInto(flat, value, `${prefix}${key}.`, depth + 1)
    else if (Array.isArray(value)) {
      for (const [index, item] of value.entries()) set(flat, `${prefix}${key}.${index}`, item)
    } else set(flat, prefix + key, value)
  }
}

const isMap = (value: unknown): value is Attributes =>
  typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array)

// --- The severity ----------------------------------------------------------------------------------------------

const levelKeys = ["level", "Level", "LEVEL", "severity", "Severity", "SEVERITY", "log.level"]

const info = 9

/** What a promoted level's text may contain, and the number it then has; a later rule overrules an earlier one. */
const numberRules: readonly (readonly [RegExp, number])[] = [
  [/alert|crit|emerg|fatal/i, 21],
  [/error|err/i, 17],
  [/warn|notice/i, 13],
  [/info/i, info],
  [/debug|dbug/i, 5],
  [/trace/i, 1],
]

function promoteLevel(log: RuledLog): boolean {
  const key = levelKeys.find((name) => Object.hasOwn(log.attributes, name) && isText(log.attributes[name]))
  if (key === undefined) return false
  const text = log.attributes[key] as string
  log.severityText = text
  log.severityNumber = numberRules.findLast(([pattern]) => pattern.test(text))?.[1] ?? info
  return true
}

const isText = (value: unknown): value is string => typeof value === "string" && value !== ""

// The first word that starts like one of these, within so many characters of the body.
const inferredFrom = 256
const levelWord = /\b(?:(alert|crit|emerg|fatal)|(err)|(warn|notice)|(debug|dbug)|(trace))/i

const inferred: readonly (readonly [string, number])[] = [
  ["fatal", 21],
  ["error", 17],
  ["warn", 13],
  ["debug", 5],
  ["trace", 1],
]

function inferLevel(log: RuledLog): void {
  const found = levelWord.exec(textOf(log.body).slice(0, inferredFrom))
  const level = found === null ? undefined : inferred[found.slice(1).findIndex((word) => word !== undefined)]
  ;[log.severityText, log.severityNumber] = level ?? ["info", info]
}

function textOf(body: unknown): string {
  if (typeof body === "string") return body
  if (body === undefined || body === null) return ""
  try {
    return JSON.stringify(body, (_key, value: unknown) => (typeof value === "bigint" ? String(value) : value))
  } catch {
    // Nested deeper than JSON.stringify can follow.
    return ""
  }
}
