// What the groups `capture` and `redact` come to.
import type { RedactFunction } from "./options.ts"

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
