// One setting: its option in code, its environment variables, its default, one line about it, and what it may hold.
// A kind of value reads the text of a variable and checks the value of an option; both answer the accepted value or throw
// a BadValue that says what was expected. settings.ts has them all.
import { tryParseUrl } from "./endpoints.ts"

export interface Setting {
  /** Where the option stands: `traces.endpoint` is init({ traces: { endpoint } }). */
  readonly path: string
  readonly kind: ValueKind
  /** Environment variables, the one that wins first. */
  readonly variables: readonly string[]
  readonly fallback: unknown
  readonly about: string
  /** The setting for all signals that this one narrows to one signal. */
  readonly general?: string
  /** Names and values of all sources are put together, instead of the first source winning alone. */
  readonly merged?: boolean
  /** Never printed: all of it, or the values of a merged setting. */
  readonly secret?: boolean
  /** The resource attribute that says the same. */
  readonly attribute?: string
  /** What the docs say about the default when it is not a constant. */
  readonly fallbackText?: string
}

/** Every option of code alone, and those whose variable follows from its name: `flushTimeout`, CLICKSTACK_FLUSH_TIMEOUT. */
export function setting(
  path: string,
  kind: ValueKind,
  fallback: unknown,
  about: string,
  more: Partial<Setting> & { codeOnly?: boolean } = {},
): Setting {
  const { codeOnly = false, variables = [], ...rest } = more
  const ours = `CLICKSTACK_${path
    .replace(/([A-Z])/g, "_$1")
    .replace(/\./g, "_")
    .toUpperCase()}`
  return { path, kind, fallback, about, variables: codeOnly ? [] : [ours, ...variables], ...rest }
}

export interface ValueKind {
  /** What the docs and errors call it: `must be ${expected}`. */
  readonly expected: string
  /** From an environment variable; the text is trimmed and not empty. */
  readonly parse: (text: string) => unknown
  /** From an option in code. */
  readonly check: (value: unknown) => unknown
}

export class BadValue extends Error {}

const largestInteger = 2 ** 31 - 1 // what OpenTelemetry asks every language to take

export const text: ValueKind = {
  expected: "a text",
  parse: (input) => input,
  check: (value) =>
    typeof value === "string" && value.trim() !== "" ? value : bad("a text that is not empty"),
}

/** As OpenTelemetry says: only "true" is true; what is neither true nor false is refused. */
export const flag: ValueKind = {
  expected: "true or false",
  parse: (input) => {
    switch (input.toLowerCase()) {
      case "true":
      case "1": // as the variables of existing deployments have it
        return true
      case "false":
      case "0":
        return false
      default:
        return bad("true or false")
    }
  },
  check: (value) => (typeof value === "boolean" ? value : bad("true or false")),
}

/** For a variable that is `1` or `0` in most deployments that have it. */
export const flagOrDigit: ValueKind = {
  ...flag,
  parse: (input) => (input === "1" || input === "0" ? input === "1" : flag.parse(input)),
}

/** A whole number, with what it counts, such as "milliseconds". */
export function integer(of: string, min = 0): ValueKind {
  const expected = `a whole number of ${of} from ${min} to ${largestInteger}`
  const check = (value: unknown) =>
    typeof value === "number" && Number.isInteger(value) && value >= min && value <= largestInteger
      ? value
      : bad(expected)
  return { expected, check, parse: (input) => check(/^\+?\d+$/.test(input) ? Number(input) : undefined) }
}

export const ratio: ValueKind = {
  expected: "a number from 0 to 1",
  parse: (input) => ratio.check(/^\d*\.?\d+(e-?\d+)?$/i.test(input) ? Number(input) : undefined),
  check: (value) => (typeof value === "number" && value >= 0 && value <= 1 ? value : bad(ratio.expected)),
}

/** One of the names, in any spelling of case. */
export function oneOf(...names: string[]): ValueKind {
  const expected = names.length === 1 ? names[0]! : `${names.slice(0, -1).join(", ")} or ${names.at(-1)}`
  const check = (value: unknown) => {
    const found =
      typeof value === "string" && names.find((name) => name.toLowerCase() === value.toLowerCase())
    return found || bad(expected)
  }
  return { expected, check, parse: check }
}

/** Names separated by commas; in code an array, whose other members `accepts` may allow. */
export function listOf(one: ValueKind, accepts: (value: unknown) => boolean = () => false): ValueKind {
  const expected = `a list of ${one.expected}`
  const members = (values: unknown[]) =>
    values.map((value) => {
      if (accepts(value)) return value
      try {
        return one.check(value)
      } catch {
        return bad(expected)
      }
    })
  return {
    expected,
    parse: (input) =>
      members(
        input
          .split(",")
          .map((name) => name.trim())
          .filter(Boolean),
      ),
    check: (value) => (Array.isArray(value) ? members(value) : bad(`${expected}, as an array`)),
  }
}

/** An http or https address. */
export const address: ValueKind = {
  expected: "an http:// or https:// address such as https://collector.example.com:4318",
  parse: (input) => address.check(input),
  check: (value) => {
    // gRPC endpoints may come without a scheme (localhost:4317); what `localhost:` means is settled by `insecure`.
    const given = typeof value === "string" ? value.trim() : value instanceof URL ? value.href : ""
    const url = tryParseUrl(
      /^[\w.-]+:\d+$/.test(given) || /^\[[\d:a-f]+\]:\d+$/i.test(given) ? `http://${given}` : given,
    )
    return url !== undefined && url.hostname !== "" ? given : bad(address.expected)
  },
}

/** Of a server, or of ClickHouse in this process. */
export const clickhouseAddress: ValueKind = {
  expected:
    "an http://, https:// or chdb: address such as http://user:password@clickhouse.example.com:8123/database",
  parse: (input) => clickhouseAddress.check(input),
  check: (value) => {
    if (typeof value === "string" && /^\s*chdb:./.test(value)) return value.trim()
    try {
      const given = address.check(value) as string
      return /^https?:/i.test(given) ? given : `http://${given}`
    } catch {
      return bad(clickhouseAddress.expected)
    }
  },
}

const scalars = new Set(["string", "number", "boolean"])

/** Names and values: `a=1,b=2`, percent-encoded, as W3C baggage writes them; in code an object. */
export const pairs: ValueKind = {
  expected: "a list of name=value, separated by commas, with special characters percent-encoded",
  parse: (input) => {
    const result: Record<string, string> = {}
    for (const part of input.split(",")) {
      if (part.trim() === "") continue
      const equals = part.indexOf("=")
      const name = part.slice(0, equals).trim()
      if (equals < 1 || name === "") return bad(pairs.expected)
      try {
        result[decodeURIComponent(name)] = decodeURIComponent(part.slice(equals + 1).trim())
      } catch {
        return bad(pairs.expected)
      }
    }
    return result
  },
  check: (value) => {
    const ok =
      isPlainObject(value) &&
      Object.values(value).every(
        (one) =>
          one === undefined ||
          scalars.has(typeof one) ||
          (Array.isArray(one) && one.every((each) => scalars.has(typeof each))),
      )
    return ok ? value : bad("an object of names and texts, numbers, true or false, or arrays of them")
  },
}

/** HTTP header names and values. */
export const headers: ValueKind = {
  expected: pairs.expected,
  parse: (input) => headers.check(pairs.parse(input)),
  check: (value) => {
    if (!isPlainObject(value)) return bad("an object of header names and texts")
    for (const [name, content] of Object.entries(value)) {
      // RFC 9110: a name is a token; a value holds no control character but tab. Node sends it as Latin-1.
      if (!/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name)) return bad(`header names; "${name}" is none`)
      // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
      if (typeof content !== "string" || /[\u0000-\u0008\u000a-\u001f\u007f]/.test(content)) {
        return bad(`a text without line breaks for the header ${name}`)
      }
      if (/[^\t -\u00ff]/.test(content)) return bad(`a text in Latin-1 for the header ${name}`)
    }
    return value
  },
}

/** RFC 9110: a name is a token. In lower case, as Node hands headers over. */
export const headerName: ValueKind = {
  expected: "the name of a header",
  parse: (input) => headerName.check(input),
  // A lone star is a token as well, and would be taken for "all headers".
  check: (value) =>
    typeof value === "string" && value !== "*" && /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(value)
      ? value.toLowerCase()
      : bad(headerName.expected),
}

/** A host as lists of hosts name it, without scheme and path: a URL there would never match. */
export const host: ValueKind = {
  expected:
    "hosts such as api.example.com, api.example.com:8443, *.example.com or *, without scheme and path",
  parse: (input) => host.check(input),
  check: (value) =>
    typeof value === "string" && /^(\*|(\*\.)?[\w.-]+(:\d+)?|\[[\da-f:.]+\](:\d+)?)$/i.test(value)
      ? value.toLowerCase()
      : bad(host.expected),
}

/** A function or a text, for keys that expire. */
export const textOrFunction: ValueKind = {
  expected: "a text, in code also a function that returns one or a promise of one",
  parse: (input) => input,
  check: (value) => (typeof value === "function" ? value : text.check(value)),
}

/** An object that has every one of the methods. */
export function objectWith(expected: string, ...methods: string[]): ValueKind {
  return {
    expected,
    parse: () => bad(expected),
    check: (value) =>
      typeof value === "object" &&
      value !== null &&
      methods.every((name) => typeof (value as Record<string, unknown>)[name] === "function")
        ? value
        : bad(expected),
  }
}

/** What either kind takes. */
export function either(first: ValueKind, second: ValueKind): ValueKind {
  const expected = `${first.expected}, or ${second.expected}`
  const attempt = (how: "parse" | "check") => (value: never) => {
    for (const kind of [first, second]) {
      try {
        return kind[how](value)
      } catch {
        // the other kind may take it
      }
    }
    return bad(expected)
  }
  return {
    expected,
    parse: attempt("parse") as ValueKind["parse"],
    check: attempt("check") as ValueKind["check"],
  }
}

export function isPlainObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value)
}

export function bad(expected: string): never {
  throw new BadValue(expected)
}

/** A wrong value for a message: short, and nothing of what may be a secret. */
export function printable({ secret, merged }: Setting, value: unknown): string {
  if (secret === true) return "***"
  const shown = process
    .getBuiltinModule("node:util")
    .inspect(value, { depth: 1, breakLength: Infinity, maxStringLength: 80, maxArrayLength: 5 })
  return /[@?]/.test(shown) || merged === true ? "***" : shown.slice(0, 120)
}
