// The groups `capture` and `redact`: their settings, and what they come to.
import type { RedactFunction } from "./options.ts"
import {
  bad,
  flag,
  headerName,
  integer,
  listOf,
  oneOf,
  type Setting,
  setting,
  text,
  type ValueKind,
} from "./setting.ts"

/** A content type without parameters, such as text/html, text/* or application/*+json. */
const contentType: ValueKind = {
  expected: "content types such as application/json or text/*",
  parse: (input) => contentType.check(input),
  check: (value) =>
    typeof value === "string" && /^[\w.+*-]+\/[\w.+*-]+$/.test(value)
      ? value.toLowerCase()
      : bad(contentType.expected),
}

/** A regular expression, which finds all that it matches in a text. */
const pattern: ValueKind = {
  expected: "regular expressions",
  parse: (input) => pattern.check(input),
  check: (value) => {
    if (typeof value !== "string" && !(value instanceof RegExp)) return bad(pattern.expected)
    if (value === "") return bad(pattern.expected)
    try {
      if (typeof value === "string") return new RegExp(value, "g")
      // Sticky, it would find only what stands at the text's start.
      return new RegExp(value.source, `${value.flags.replace(/[gy]/g, "")}g`)
    } catch {
      return bad(pattern.expected)
    }
  },
}

function functionOf(expected: string): ValueKind {
  return {
    expected,
    parse: () => bad(expected),
    check: (value) => (typeof value === "function" ? value : bad(expected)),
  }
}

export const capture: readonly Setting[] = [
  setting(
    "capture.requestHeaders",
    listOf(headerName),
    [],
    "Request headers that become attributes of HTTP spans, of servers and clients: `http.request.header.<name>`.",
  ),
  setting(
    "capture.responseHeaders",
    listOf(headerName),
    [],
    "Response headers that do: `http.response.header.<name>`.",
  ),
  setting(
    "capture.queryStrings",
    flag,
    true,
    "Whether URLs keep their query. Signatures and what looks like a secret in it are `[REDACTED]` in any case.",
  ),
  setting(
    "capture.sqlLiterals",
    flag,
    false,
    "Whether the SQL on spans keeps its literals, each of which is a `?` otherwise. Bound parameters are never captured.",
  ),
  setting("capture.clientAddress", flag, true, "Whether server spans hold the address of the client."),
  setting("capture.userAgent", flag, true, "Whether HTTP spans hold the user agent."),
  setting(
    "capture.bodies",
    oneOf("none", "request", "response", "both"),
    "none",
    "Which bodies of HTTP requests become attributes: `http.request.body`, `http.response.body`.",
  ),
  setting(
    "capture.bodyBytes",
    integer("bytes", 1),
    16 * 1024,
    "How much of a body is captured; the rest of it is left out.",
  ),
  setting(
    "capture.bodyTypes",
    listOf(contentType),
    ["application/json", "application/*+json", "application/x-www-form-urlencoded", "text/*"],
    "The content types whose bodies are captured; a `*` stands for any.",
  ),
  setting(
    "capture.network",
    flag,
    false,
    "All headers and both bodies, where the options for them say nothing else: what existing deployments call advanced network capture.",
    { variables: ["HDX_NODE_ADVANCED_NETWORK_CAPTURE"] },
  ),
  setting(
    "capture.exceptions",
    flag,
    true,
    "Whether uncaught exceptions and unhandled rejections are recorded.",
  ),
  setting(
    "capture.sourceLines",
    flag,
    true,
    "Whether an exception holds the source lines around its frames.",
  ),
  setting(
    "capture.localVariables",
    flag,
    false,
    "Whether an exception holds the local variables of the frames that threw it.",
  ),
]

export const redact: readonly Setting[] = [
  setting(
    "redact.enabled",
    flag,
    true,
    "Whether secrets are replaced by `[REDACTED]`; `redact: false` is the same. Telemetry is then sent as it was recorded.",
    { variables: ["CLICKSTACK_REDACT"] },
  ),
  setting(
    "redact.keys",
    listOf(text),
    [],
    "More keys whose values are secrets, in any spelling: `accountNumber` is also `account_number` and `user.account-number`.",
  ),
  setting(
    "redact.patterns",
    listOf(pattern),
    [],
    "Regular expressions: what they find in any text is `[REDACTED]`. In a variable a comma is written `\\x2c`.",
  ),
  setting(
    "redact.decide",
    functionOf("a function (key, value) => what is to be sent, or undefined to leave it to the rules"),
    undefined,
    "`(key, value) => …` gets every attribute and what is nested in it, and a log's body without a key; what it returns is sent, `undefined` leaves it to the rules. `redact: (key, value) => …` is the same.",
    { codeOnly: true, fallbackText: "none" },
  ),
]

export interface CaptureConfig {
  /** In lower case. All of them with `network`. */
  readonly requestHeaders: readonly string[] | "all"
  readonly responseHeaders: readonly string[] | "all"
  readonly queryStrings: boolean
  readonly sqlLiterals: boolean
  readonly clientAddress: boolean
  readonly userAgent: boolean
  readonly bodies: "none" | "request" | "response" | "both"
  readonly bodyBytes: number
  /** In lower case; a `*` stands for any characters. */
  readonly bodyTypes: readonly string[]
  readonly exceptions: boolean
  readonly sourceLines: boolean
  readonly localVariables: boolean
}

export interface RedactConfig {
  readonly enabled: boolean
  readonly keys: readonly string[]
  readonly patterns: readonly RegExp[]
  readonly decide: RedactFunction | undefined
}

type Resolved = ReadonlyMap<string, { readonly value: unknown; readonly source: string }>

export function captureOf(resolved: Resolved): CaptureConfig {
  const value = <Name extends keyof CaptureConfig | "network">(name: Name) =>
    resolved.get(`capture.${name}`)!.value as Name extends keyof CaptureConfig ? CaptureConfig[Name] : boolean
  const network = value("network")
  const unless = <Name extends keyof CaptureConfig>(name: Name, all: CaptureConfig[Name]) =>
    network && resolved.get(`capture.${name}`)!.source === "default" ? all : value(name)
  return {
    requestHeaders: unless("requestHeaders", "all"),
    responseHeaders: unless("responseHeaders", "all"),
    queryStrings: value("queryStrings"),
    sqlLiterals: value("sqlLiterals"),
    clientAddress: value("clientAddress"),
    userAgent: value("userAgent"),
    bodies: unless("bodies", "both"),
    bodyBytes: value("bodyBytes"),
    bodyTypes: value("bodyTypes"),
    exceptions: value("exceptions"),
    sourceLines: value("sourceLines"),
    localVariables: value("localVariables"),
  }
}
