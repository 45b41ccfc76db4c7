// Headers that become attributes of HTTP spans, because `capture` lists them, or wants all: `http.request.header.<name>`,
// a list of texts each. What is secret in them is hidden later, with everything else.
import type { Attributes } from "@opentelemetry/api"
import type { CaptureConfig } from "../privacy-config.ts"

/** By name, in lower case. */
export type Headers = Readonly<Record<string, string | number | readonly string[] | undefined>>

/** Gives the attributes; undefined when there are none. */
export type CaptureHeaders = (headers: Headers) => Attributes | undefined

export interface CapturedHeaders {
  /** undefined when none is to be captured. */
  readonly ofRequest: CaptureHeaders | undefined
  readonly ofResponse: CaptureHeaders | undefined
}

const most = 40 // of a message, when all are wanted: whoever asks may send thousands

export const capturedHeaders = (
  config: Pick<CaptureConfig, "requestHeaders" | "responseHeaders">,
): CapturedHeaders => ({
  ofRequest: createCapture("http.request.header.", config.requestHeaders),
  ofResponse: createCapture("http.response.header.", config.responseHeaders),
})

function createCapture(prefix: string, names: readonly string[] | "all"): CaptureHeaders | undefined {
  if (names.length === 0) return undefined
  const wanted = names === "all" ? undefined : names.map((name) => [name, prefix + name] as const)
  return (headers) => {
    const attributes: Attributes = {}
    let count = 0
    const add = (attribute: string, value: Headers[string]) => {
      if (value === undefined || count >= most) return
      count++
      attributes[attribute] = typeof value === "object" ? value.map(String) : [String(value)]
    }
    if (wanted !== undefined) for (const [name, attribute] of wanted) add(attribute, headers[name])
    else for (const name in headers) if (!name.startsWith(":")) add(prefix + name, headers[name])
    return count === 0 ? undefined : attributes
  }
}

/** What node:http has written; getHeaders() lacks those that were given to writeHead(). */
export const headersOfWritten = (message: object): Headers =>
  headersOfText((message as Record<string, unknown>)["_header"])

/** A head as node:http has written it: the first line, then the headers. */
function headersOfText(head: unknown): Headers {
  const headers: Record<string, string[]> = {}
  if (typeof head !== "string") return headers
  for (const line of head.split("\r\n").slice(1)) {
    const colon = line.indexOf(":")
    if (colon > 0) (headers[line.slice(0, colon).toLowerCase()] ??= []).push(line.slice(colon + 1).trim())
  }
  return headers
}

/** Names and values in turn, as undici has them; on old versions a text. */
export function headersOfList(list: unknown): Headers {
  if (typeof list === "string") return headersOfText(`\r\n${list}`)
  const headers: Record<string, string[]> = {}
  if (!Array.isArray(list)) return headers
  const given = list as readonly unknown[]
  for (let index = 0; index + 1 < given.length; index += 2) {
    const name = String(given[index]).toLowerCase()
    ;(headers[name] ??= []).push(...[given[index + 1]].flat().map(String))
  }
  return headers
}
