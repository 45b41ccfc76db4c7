// Filters as SQL conditions. Whatever comes from outside is a bound parameter; the SQL's own text is only ours.
import { LocalError } from "../local-error.ts"

/** Runs a query with bound parameters. */
export type Ask = <Row>(sql: string, params: Readonly<Record<string, unknown>>) => Promise<Row[]>

/** A moment: milliseconds since 1970, an ISO 8601 time, or so long ago as in "15m", "2h" or "7d". */
export type Moment = number | string

export interface TimeRange {
  from?: Moment | undefined
  to?: Moment | undefined
}

export interface CommonFilter extends TimeRange {
  service?: string | readonly string[] | undefined
  traceId?: string | undefined
  /** Attributes of the span or log, by key; all have to match. */
  attributes?: Readonly<Record<string, string>> | undefined
  /** Attributes of the resource, by key; all have to match. */
  resource?: Readonly<Record<string, string>> | undefined
}

export const levels = ["trace", "debug", "info", "warn", "error", "fatal"] as const
export type Level = (typeof levels)[number]

export interface LogFilter extends CommonFilter {
  spanId?: string | undefined
  /** Any of these levels. */
  level?: Level | readonly Level[] | undefined
  /** Found anywhere in the body, whatever its case. */
  text?: string | undefined
}

export interface SpanFilter extends CommonFilter {
  /** The span's name. */
  name?: string | undefined
  /** Found anywhere in the span's name, its status message or the values of its attributes, whatever its case. */
  text?: string | undefined
  status?: "ok" | "error" | "unset" | undefined
  minDurationMs?: number | undefined
  /** Shorter than this. */
  maxDurationMs?: number | undefined
}

export interface Conditions {
  /** Joined with AND; "1" when there is none. */
  readonly where: string
  readonly params: Readonly<Record<string, unknown>>
  /** What the statement must end in; '' where there is nothing. */
  readonly settings: string
}

type Add = (condition: string, params?: Record<string, unknown>, settings?: string) => void

export function logConditions(filter: LogFilter): Conditions {
  return conditions((add) => {
    common(add, filter, "LogAttributes")
    keyTimes(add, filter)
    if (filter.spanId !== undefined) add("SpanId = {spanId:String}", { spanId: filter.spanId.toLowerCase() })
    const wanted = filter.level === undefined ? [] : [filter.level].flat()
    if (wanted.length > 0) {
      // OTLP gives each level four numbers: trace 1 to 4, debug 5 to 8, and so on.
      const numbers = wanted.map(
        (level) => `SeverityNumber BETWEEN ${lowest(level)} AND ${lowest(level) + 3}`,
      )
      add(`(${numbers.join(" OR ")})`)
    }
    if (filter.text !== undefined && filter.text !== "") {
      if (isWord.test(filter.text) && isLong(filter)) {
        add("lower(Body) LIKE {like:String}", { like: `%${filter.text.toLowerCase()}%` })
      } else {
        add(`${holds(filter.text)}(Body, {text:String}) > 0`, { text: filter.text })
      }
      for (const [index, word] of wholeWords(filter.text).entries()) {
        // Says nothing new, but has an index.
        add(`hasToken(lower(Body), {word${index}:String})`, { [`word${index}`]: word })
      }
    }
  })
}

export function spanConditions(filter: SpanFilter): Conditions {
  return conditions((add) => {
    common(add, filter, "SpanAttributes")
    if (filter.name !== undefined) add("SpanName = {name:String}", { name: filter.name })
    if (filter.status !== undefined)
      add("StatusCode = {status:String}", { status: statusCode(filter.status) })
    if (filter.minDurationMs !== undefined)
      add("Duration >= {minDuration:UInt64}", {
        minDuration: nanosOfMs("minDurationMs", filter.minDurationMs),
      })
    if (filter.maxDurationMs !== undefined)
      add("Duration < {maxDuration:UInt64}", {
        maxDuration: nanosOfMs("maxDurationMs", filter.maxDurationMs),
      })
    if (filter.text !== undefined && filter.text !== "") {
      const { inNames, inValues } = spanText(filter.text)
      add(`(${inNames} OR ${inValues})`, { text: filter.text })
    }
  })
}

/** Where a span's text is, apart: conditions on the parameter `text`. */
export function spanText(text: string): { inNames: string; inValues: string; inToken: string } {
  const found = (column: string) => `${holds(text)}(${column}, {text:String}) > 0`
  return {
    inNames: `${found("SpanName")} OR ${found("StatusMessage")}`,
    inValues: `arrayExists(value -> ${found("value")}, mapValues(SpanAttributes))`,
    inToken: found("token"),
  }
}

function nanosOfMs(name: string, ms: number): number {
  const nanos = Math.max(0, Math.round(ms * 1e6))
  if (!Number.isSafeInteger(nanos)) throw badFilter(name, ms, "milliseconds")
  return nanos
}

export function rangeConditions(
  range: TimeRange,
  column: "Timestamp" | "TimeUnix",
  service?: string,
): Conditions {
  return conditions((add) => {
    times(add, range, column)
    if (service !== undefined) add("ServiceName = {service:String}", { service })
  })
}

function conditions(build: (add: Add) => void): Conditions {
  const all: string[] = []
  const params: Record<string, unknown> = {}
  let settings = ""
  build((condition, more = {}, needed = "") => {
    all.push(condition)
    Object.assign(params, more)
    settings ||= needed
  })
  return { where: all.length === 0 ? "1" : all.join(" AND "), params, settings }
}

// Some parts have the index of the items and others do not: those that no merge has made it for yet. Over both, ClickHouse
// 26.7 fails: it puts the expression together again for the others and loses its lambda, but not in its older planner.
export const olderPlanner = " SETTINGS allow_experimental_analyzer = 0"

function common(add: Add, filter: CommonFilter, column: "LogAttributes" | "SpanAttributes"): void {
  times(add, filter, "Timestamp")
  const services = filter.service === undefined ? [] : [filter.service].flat()
  if (services.length > 0) add("ServiceName IN {services:Array(String)}", { services })
  if (filter.traceId !== undefined)
    add("TraceId = {traceId:String}", { traceId: filter.traceId.toLowerCase() })
  pairs(add, filter.attributes, column, "a")
  pairs(add, filter.resource, "ResourceAttributes", "r")
}

function pairs(
  add: Add,
  wanted: Readonly<Record<string, string>> | undefined,
  column: "LogAttributes" | "SpanAttributes" | "ResourceAttributes",
  prefix: string,
): void {
  for (const [index, [key, value]] of Object.entries(wanted ?? {}).entries()) {
    const names = [`${prefix}k${index}`, `${prefix}v${index}`, `${prefix}i${index}`] as const
    const item = `${key}=${value}`
    // The items have an index (of ClickStack's tables from ClickHouse 26.2 on), in just these words, and a row that has
    // the item is never looked at otherwise. A row without the key has no item, but is asked for by ''.
    if (value !== "") add(`has(${itemsOf(column)}, {${names[2]}:String})`, { [names[2]]: item }, olderPlanner)
    // "a=b=c" may be of the key a or of a=b.
    if (value === "" || item.split("=").length > 2) {
      add(`${column}[{${names[0]}:String}] = {${names[1]}:String}`, { [names[0]]: key, [names[1]]: value })
    }
  }
}

export const itemsOf = (column: string): string =>
  `arrayMap(item -> concat(item.1, '=', item.2), CAST(${column}, 'Array(Tuple(String, String))'))`

function times(add: Add, { from, to }: TimeRange, column: "Timestamp" | "TimeUnix"): void {
  const at = (name: string) => `fromUnixTimestamp64Nano({${name}:Int64}, 'UTC')`
  if (from !== undefined) add(`${column} >= ${at("from")}`, { from: String(nanosOf(from, "from")) })
  if (to !== undefined) add(`${column} < ${at("to")}`, { to: String(nanosOf(to, "to")) })
}

// The sort key of the logs begins with their five minutes, and ClickHouse does not see what times mean for those.
function keyTimes(add: Add, { from, to }: TimeRange): void {
  // Beyond, they wrap around, and rows would be missed.
  const isPlain = (moment: Moment | undefined, name: string) =>
    moment !== undefined &&
    nanosOf(moment, name) >= 0n &&
    nanosOf(moment, name) < mostSeconds * 1_000_000_000n
  if (!isPlain(from, "from") || !isPlain(to, "to")) return
  const fiveMinutes = (name: string) => `toStartOfFiveMinutes(fromUnixTimestamp64Nano({${name}:Int64}))`
  add(
    `indexHint(toStartOfFiveMinutes(Timestamp) >= ${fiveMinutes("from")} AND toStartOfFiveMinutes(Timestamp) <= ${fiveMinutes("to")})`,
  )
}

const mostSeconds = 2n ** 32n

const units: Record<string, number> = { s: 1e3, m: 60e3, h: 3_600e3, d: 86_400e3 }

/** Nanoseconds since 1970. */
export function nanosOf(moment: Moment, name: string, now: () => number = Date.now): bigint {
  const text = String(moment).trim()
  const ago = /^(\d{1,9})([smhd])$/.exec(text)
  if (ago !== null) {
    const at = now() - Number(ago[1]) * (units[ago[2] ?? ""] ?? 0)
    if (Math.abs(at) <= mostOfDate) return millis(at)
  }
  if (/^\d{1,15}(\.\d+)?$/.test(text)) return millis(Number(text))
  // Date has milliseconds, and takes much that is no time; so the text's form is ours, and so are its other digits.
  const [, day, time = "00:00", fraction = "", zone = "Z"] =
    /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d)?)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)?)?$/.exec(text) ?? []
  const whole = Date.parse(`${day}T${time}${zone}`)
  if (Number.isFinite(whole)) return BigInt(whole) * 1_000_000n + BigInt(fraction.padEnd(9, "0"))
  throw badFilter(name, moment, 'milliseconds, a time such as 2026-01-31T12:00:00Z, or "15m", "2h", "7d" ago')
}

// Milliseconds before and after 1970.
const mostOfDate = 8_640_000_000_000_000

const millis = (value: number) => BigInt(Math.round(value)) * 1_000_000n

/** The search that knows all letters costs more, and is only needed for those. */
const holds = (text: string): string =>
  Array.from(text).every(isAscii) ? "positionCaseInsensitive" : "positionCaseInsensitiveUTF8"

// ClickHouse finds such a part of a word by going through the words of its text index: for a day's logs that is
// quicker than reading what was said, for an hour's it is not.
const isWord = /^[a-z0-9]{4,}$/i
const longRange = 2n * 3_600n * 1_000_000_000n

const isLong = ({ from, to }: TimeRange): boolean =>
  from === undefined || nanosOf(to ?? Date.now(), "to") - nanosOf(from, "from") > longRange

/** Words of a text that others of its characters enclose: only they are whole words of a body that holds the text. */
function wholeWords(text: string): string[] {
  return [...text.toLowerCase().matchAll(/(?<=[^a-z0-9])[a-z0-9]+(?=[^a-z0-9])/g)]
    .filter(({ index, 0: word }) => isAscii(text[index - 1]) && isAscii(text[index + word.length]))
    .map(([word]) => word)
    .slice(0, 8)
}

// The index takes other letters than ASCII's for separators or for parts of words, as its version goes.
const isAscii = (character: string | undefined): boolean => character !== undefined && character < "\u0080"

function lowest(level: Level): number {
  const index = levels.indexOf(level)
  if (index < 0) throw badFilter("level", level, `one of ${levels.join(", ")}`)
  return index * 4 + 1
}

function statusCode(status: string): string {
  if (status === "ok" || status === "error" || status === "unset")
    return status[0]?.toUpperCase() + status.slice(1)
  throw badFilter("status", status, "ok, error or unset")
}

export function limitOf(limit: number | undefined, usual: number, most: number): number {
  if (limit === undefined) return usual
  if (Number.isInteger(limit) && limit > 0 && limit <= most) return limit
  throw badFilter("limit", limit, `a whole number from 1 to ${most}`)
}

export const badFilter = (name: string, value: unknown, wanted: string): LocalError =>
  new LocalError("BAD_REQUEST", `${name} must be ${wanted}, not ${JSON.stringify(value) ?? String(value)}`)
