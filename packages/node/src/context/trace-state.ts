// The header `tracestate` of W3C Trace Context, level 2: up to 32 members key=value, separated by commas. One bad
// member makes all of it invalid. Kept as text, because nearly always it is only passed on.
import type { TraceState } from "@opentelemetry/api"

const maxMembers = 32
/** 32 members of 256 + "=" + 256, with a comma and some white space each: longer cannot be valid. */
const maxLength = maxMembers * 520
/**
 * What the specification asks everybody to pass on. More would let a caller fill the 16 KB that servers take as
 * headers, and so make the app's own requests fail.
 */
const maxSent = 512
/** Of a list that is too long, members longer than this go first. */
const longMember = 128

type Member = readonly [key: string, value: string]

class ParsedTraceState implements TraceState {
  readonly #members: readonly Member[]

  constructor(members: readonly Member[]) {
    this.#members = members
  }

  get(key: string): string | undefined {
    return this.#members.find(([name]) => name === key)?.[1]
  }

  /** A member that changes goes to the front. What is not valid changes nothing. */
  set(key: string, value: string): TraceState {
    if (!isKey(key) || !isValue(value)) return this
    const others = this.#members.filter(([name]) => name !== key)
    return new ParsedTraceState([[key, value] as const, ...others].slice(0, maxMembers))
  }

  unset(key: string): TraceState {
    return new ParsedTraceState(this.#members.filter(([name]) => name !== key))
  }

  serialize(): string {
    return join(this.#members)
  }

  /** As it goes out. */
  header(): string {
    const whole = join(this.#members)
    if (whole.length <= maxSent) return whole
    const kept = [...this.#members]
    const drop = (at: number) => kept.splice(at, 1)
    for (let at = kept.length - 1; at >= 0 && join(kept).length > maxSent; at--) {
      const [key, value] = kept[at]!
      if (key.length + 1 + value.length > longMember) drop(at)
    }
    while (join(kept).length > maxSent) drop(kept.length - 1)
    return join(kept)
  }
}

/** Undefined when it is not valid, or empty. */
export function parseTracestate(header: unknown): TraceState | undefined {
  if (typeof header !== "string" || header.length > maxLength) return undefined
  const members: Member[] = []
  const keys = new Set<string>()
  for (const part of header.split(",")) {
    const member = withoutSpace(part)
    if (member === "") continue // allowed by the grammar
    const equals = member.indexOf("=")
    const key = member.slice(0, equals)
    const value = member.slice(equals + 1)
    if (equals < 1 || !isKey(key) || !isValue(value) || keys.has(key)) return undefined
    if (members.length === maxMembers) return undefined
    keys.add(key)
    members.push([key, value])
  }
  return members.length === 0 ? undefined : new ParsedTraceState(members)
}

/** What a request may carry of it: never anything invalid, whoever made it. */
export function tracestateHeader(state: TraceState | undefined): string | undefined {
  if (state === undefined) return undefined
  const own = state instanceof ParsedTraceState ? state : parseTracestate(written(state))
  return (own as ParsedTraceState | undefined)?.header() || undefined
}

function written(state: TraceState): unknown {
  try {
    return state.serialize()
  } catch {
    return undefined
  }
}

const join = (members: readonly Member[]): string => members.map((member) => member.join("=")).join(",")

/** Spaces and tabs around a member; a space at the start of a value belongs to it. */
const withoutSpace = (text: string): string => {
  let from = 0
  let to = text.length
  while (from < to && isSpace(text.charCodeAt(from))) from++
  while (to > from && isSpace(text.charCodeAt(to - 1))) to--
  return text.slice(from, to)
}
const isSpace = (code: number) => code === 32 || code === 9

const isKey = (key: string): boolean => key.length <= 256 && /^[a-z0-9][a-z0-9_*/@-]*$/.test(key)
const isValue = (value: string): boolean =>
  value.length <= 256 && /^[\x20-\x2b\x2d-\x3c\x3e-\x7e]*[\x21-\x2b\x2d-\x3c\x3e-\x7e]$/.test(value)
