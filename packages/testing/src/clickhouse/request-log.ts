// What arrived, for tests to count and to look at; credentials are masked. Bounded: the oldest go first.
import type { IncomingHttpHeaders, IncomingMessage } from "node:http"

export type RequestKind = "insert" | "query" | "ping"

export interface RecordedRequest {
  readonly method: string
  readonly path: string
  /** The URL's parameters, as they came. */
  readonly parameters: Readonly<Record<string, string>>
  readonly headers: Readonly<Record<string, string>>
  kind: RequestKind
  /** The statement without its data, cut at 10,000 characters. */
  sql: string
  queryId: string
  /** Bytes of the body as they came over the wire, compressed or not. */
  bytes: number
  /** Rows that ClickHouse has written for it; also where a fault hid that from the client. */
  writtenRows: number
  /** The status that it was answered with; 0 while there is none (hanging, or reset). */
  status: number
  /** The code of the exception that it was answered with. */
  exception: number | undefined
  /** The fault that it met, by its number. */
  fault: number | undefined
  /** The TCP connection that it came on, counted from 1: how tests see keep-alive. */
  readonly connection: number
}

const KEPT = 10_000
const MASKED = "***"
const SECRET_HEADERS = new Set(["authorization", "x-clickhouse-key", "cookie"])

export interface RequestLog {
  add(request: IncomingMessage, url: URL, connection: number): RecordedRequest
  all(): readonly RecordedRequest[]
  clear(): void
}

export function createRequestLog(): RequestLog {
  let requests: RecordedRequest[] = []
  return {
    add(request, url, connection) {
      const recorded: RecordedRequest = {
        method: request.method ?? "",
        path: url.pathname,
        parameters: parametersOf(url),
        headers: headersOf(request.headers),
        kind: "ping",
        sql: "",
        queryId: "",
        bytes: 0,
        writtenRows: 0,
        status: 0,
        exception: undefined,
        fault: undefined,
        connection,
      }
      requests.push(recorded)
      if (requests.length > KEPT) requests = requests.slice(-KEPT / 2)
      return recorded
    },
    all: () => requests,
    clear: () => (requests = []),
  }
}

function parametersOf(url: URL): Record<string, string> {
  const parameters = Object.fromEntries(url.searchParams)
  return "password" in parameters ? { ...parameters, password: MASKED } : parameters
}

function headersOf(headers: IncomingHttpHeaders): Record<string, string> {
  const plain: Record<string, string> = {}
  for (const [name, value] of Object.entries(headers)) {
    plain[name] = SECRET_HEADERS.has(name) ? MASKED : String(value)
  }
  return plain
}
