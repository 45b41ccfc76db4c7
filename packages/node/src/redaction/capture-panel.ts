// What `capture` turns off, taken from a span whatever instrumentation has made it: before the names that the UI reads are
// derived, and before it is kept.
import type { Attributes } from "@opentelemetry/api"
import type { ReadableSpan, SpanProcessor } from "@opentelemetry/sdk-trace-base"
import type { CaptureConfig } from "../privacy-config.ts"
import { type Dialect, dialectOf, rememberWithoutLiterals, withoutLiterals } from "./sql-literals.ts"

const isServer = ({ kind }: { readonly kind: number }) => kind === 1 // SpanKind.SERVER
const isError = ({ code }: { readonly code: number }) => code === 2 // SpanStatusCode.ERROR

type Panel = Pick<CaptureConfig, "queryStrings" | "sqlLiterals" | "clientAddress" | "userAgent">
type Change = (span: ReadableSpan) => void

/** undefined when everything may stay. Stands before what enriches spans. */
export function capturePanel(config: Panel): SpanProcessor | undefined {
  const changes: Change[] = []
  if (!config.sqlLiterals) changes.push(hideSqlLiterals)
  if (!config.queryStrings) changes.push(dropQueryStrings)
  if (!config.clientAddress) changes.push(dropAddresses)
  if (!config.userAgent) changes.push((span) => drop(span.attributes, agents))
  if (changes.length === 0) return undefined
  return {
    onStart: () => undefined,
    onEnd: (span) => {
      for (const change of changes) change(span)
    },
    forceFlush: () => Promise.resolve(),
    shutdown: () => Promise.resolve(),
  }
}

const addresses = [
  "client.address",
  "client.port",
  "network.peer.address",
  "network.peer.port",
  "net.peer.ip",
  "net.peer.port",
  "net.sock.peer.addr",
  "net.sock.peer.port",
  "http.client_ip",
]
function dropAddresses(span: ReadableSpan): void {
  if (isServer(span)) drop(span.attributes, addresses)
}

const agents = [
  "user_agent.original",
  "http.user_agent",
  "http.request.header.user-agent",
  "http.request.header.user_agent",
]

function drop(attributes: Attributes, names: readonly string[]): void {
  for (const name of names) if (attributes[name] !== undefined) delete attributes[name]
}

const urls = ["url.full", "http.url", "http.target"]

function dropQueryStrings({ attributes }: ReadableSpan): void {
  if (attributes["url.query"] !== undefined) delete attributes["url.query"]
  for (const name of urls) {
    const url = attributes[name]
    if (typeof url !== "string") continue
    const query = url.indexOf("?")
    if (query < 0) continue
    const fragment = url.indexOf("#", query)
    attributes[name] = url.slice(0, query) + (fragment < 0 ? "" : url.slice(fragment))
  }
}

function hideSqlLiterals(span: ReadableSpan): void {
  const { attributes } = span
  const stable = attributes["db.query.text"]
  const old = attributes["db.statement"]
  if (stable === undefined && old === undefined) return
  const dialect = dialectOf(attributes["db.system.name"] ?? attributes["db.system"])
  if (dialect === undefined) return
  if (isError(span.status)) hideInErrors(span, [stable, old], dialect)
  if (typeof stable === "string") attributes["db.query.text"] = rememberWithoutLiterals(stable, dialect)
  if (typeof old === "string") attributes["db.statement"] = rememberWithoutLiterals(old, dialect)
}

const fewest = 3 // characters of a literal that is looked for elsewhere; shorter ones are a part of any word

/** Databases repeat in their errors what they did not understand. */
function hideInErrors(span: ReadableSpan, texts: readonly unknown[], dialect: Dialect): void {
  const literals = new Set<string>()
  for (const text of texts) {
    if (typeof text !== "string") continue
    withoutLiterals(text, dialect, (literal) => literal.length >= fewest && literals.add(literal))
  }
  if (literals.size === 0) return
  const hide = (text: string) => {
    let made = text
    for (const literal of literals) made = made.replaceAll(literal, "?")
    return made
  }
  const { message } = span.status
  if (message !== undefined) (span.status as { message?: string }).message = hide(message)
  for (const { attributes } of span.events) {
    for (const name in attributes) {
      const value = attributes[name]
      if (typeof value === "string") attributes[name] = hide(value)
    }
  }
}
