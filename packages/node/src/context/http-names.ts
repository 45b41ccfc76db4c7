// The HTTP attributes under the names that ClickStack's UI reads, derived from those that instrumentations write: its
// panel opens only if there is `http.url`. And what a server span's status means: an error is the server's own.
import type { Attributes, AttributeValue } from "@opentelemetry/api"

const server = 1 // SpanKind.SERVER
const unset = 0 // SpanStatusCode.UNSET
const error = 2 // SpanStatusCode.ERROR

interface HttpSpan {
  readonly kind: number
  readonly attributes: Attributes
  status: { code: number; message?: string }
}

let reasons: { readonly [status: number]: string | undefined } | undefined
const reasonOf = (status: number): string | undefined =>
  (reasons ??= process.getBuiltinModule("node:http").STATUS_CODES)[status]

/** Of an HTTP span with stable names; one that has the old names, too, keeps them. */
export function addOldHttpNames(span: HttpSpan): void {
  const { attributes } = span
  const method = attributes["http.request.method"]
  if (method === undefined) return
  attributes["http.method"] ??= method
  if (attributes["http.url"] === undefined) {
    const url = attributes["url.full"] ?? (span.kind === server ? urlOfServer(attributes) : undefined)
    if (url !== undefined) attributes["http.url"] = url
  }
  const peer = attributes["network.peer.address"]
  if (peer !== undefined) attributes["net.peer.ip"] ??= peer
  const status = attributes["http.response.status_code"]
  if (typeof status === "number") {
    attributes["http.status_code"] ??= status
    if (attributes["http.status_text"] === undefined) {
      const reason = reasonOf(status)
      if (reason !== undefined) attributes["http.status_text"] = reason
    }
    if (span.kind === server) judge(span, status)
  }
  // The header names are the same; a list of one is what nearly every header is, and is shown as a text.
  for (const name in attributes) {
    if (name.length > 20 && name.startsWith("http.re") && isHeader(name)) unwrap(attributes, name)
  }
}

const isHeader = (name: string) =>
  name.startsWith("http.request.header.") || name.startsWith("http.response.header.")

function unwrap(attributes: Attributes, name: string): void {
  const value = attributes[name]
  if (Array.isArray(value) && value.length === 1) attributes[name] = value[0] as AttributeValue
}

function judge(span: HttpSpan, status: number): void {
  if (status >= 500) {
    if (span.status.code === unset) span.status = { code: error }
  } else if (status >= 400 && span.status.code === error) span.status = { code: unset }
}

function urlOfServer(attributes: Attributes): string | undefined {
  const path = attributes["url.path"]
  if (path === undefined) return undefined
  const scheme = attributes["url.scheme"] ?? "http"
  const address = attributes["server.address"]
  const port = attributes["server.port"]
  const query = attributes["url.query"]
  const standard = port === undefined || port === (scheme === "https" ? 443 : 80)
  let url = address === undefined ? "" : `${scheme as string}://${address as string}`
  if (address !== undefined && !standard) url += `:${port as number}`
  url += path as string
  if (query !== undefined && query !== "") url += `?${query as string}`
  return url
}
