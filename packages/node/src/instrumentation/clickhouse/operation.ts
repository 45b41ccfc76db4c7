// One query under way: it is what the client takes for a tracer and for its span, and ends ours when the method is done
// and, of a result that is streamed, when that was read, closed, or failed.
import type { Attributes, Span } from "@opentelemetry/api"

/** What the methods resolve to, as far as it is read. */
export interface Summarised {
  readonly query_id?: string
  readonly summary?: Readonly<Record<string, string>>
  readonly response_headers?: Readonly<Record<string, string | string[] | undefined>>
}

export interface Operation {
  /** What the client's option `tracer` takes. */
  readonly tracer: {
    startActiveSpan(name: string, options: object, fn: (span: ClientSpan) => unknown): unknown
  }
  readonly answered: (result: Summarised | undefined) => void
  readonly failed: (error: unknown) => void
}

/** What the client calls on a span. */
interface ClientSpan {
  setAttributes(attributes: Readonly<Record<string, unknown>>): void
  setStatus(): void
  recordException(error: unknown): void
  end(): void
}

interface Stream {
  readonly readableEnded?: boolean
  readonly once?: (event: string, listener: () => void) => unknown
}

interface OperationOptions {
  /** Whether its result is read after the method has resolved. */
  readonly streams: boolean
  /** Whether an exception's own words, which repeat the query, may be shown. */
  readonly showsText: boolean
}

const error = 2 // SpanStatusCode.ERROR
const streamSpan = "clickhouse.query.stream"

// As ClickHouse's own spans call them.
const summaryNames = ["read_rows", "read_bytes", "written_rows", "written_bytes", "elapsed_ns"] as const

export function createOperation(span: Span, { streams, showsText }: OperationOptions): Operation {
  let streaming = false
  let ended = false

  const end = () => {
    if (ended) return
    ended = true
    span.end()
  }

  const failed = (thrown: unknown) => {
    if (ended) return
    const { code, type, name, message } = thrown as {
      code?: unknown
      type?: unknown
      name?: string
      message?: string
    }
    const isExceptions = typeof type === "string" && /^\d+$/.test(String(code))
    const kind = isExceptions ? type : (name ?? typeof thrown)
    if (isExceptions) span.setAttribute("db.response.status_code", String(code))
    span.setAttribute("error.type", kind)
    const told =
      showsText || !isExceptions ? String(message ?? thrown) : `ClickHouse exception ${String(code)}`
    span.recordException({ name: kind, message: told })
    span.setStatus({ code: error, message: kind })
    end()
  }

  // The span of the request: what it would say is read from the result.
  const requestSpan: ClientSpan = { setAttributes() {}, setStatus() {}, recordException() {}, end() {} }
  const resultSpan: ClientSpan = {
    setAttributes(attributes) {
      if (ended) return
      const rows = attributes["db.response.returned_rows"]
      if (typeof rows === "number") span.setAttribute("db.response.returned_rows", rows)
    },
    setStatus() {},
    recordException: failed,
    end,
  }

  return {
    tracer: {
      startActiveSpan(name, _options, fn) {
        if (name !== streamSpan) return fn(requestSpan)
        streaming = true
        return fn(resultSpan)
      },
    },
    answered(result) {
      if (result !== undefined) span.setAttributes(attributesOf(result))
      if (!streams) return end()
      const { _stream, stream } = result as { _stream?: Stream; stream?: Stream }
      // A result that is read to its end tells so through the tracer; one that is broken off, or whose rows go to the app
      // as they are, tells by its stream.
      if (streaming) _stream?.once?.("close", () => _stream.readableEnded === true || end())
      else if (stream?.once === undefined) end()
      else stream.once("close", end)
    },
    failed,
  }
}

function attributesOf({ query_id: id, summary, response_headers: headers }: Summarised): Attributes {
  const attributes: Attributes = {}
  if (typeof id === "string" && id !== "") attributes["clickhouse.query_id"] = id
  const counts = summary ?? parse(headers?.["x-clickhouse-summary"])
  for (const name of summaryNames) {
    const count = Number(counts?.[name])
    if (counts?.[name] !== undefined && Number.isFinite(count)) attributes[`clickhouse.${name}`] = count
  }
  const server = headers?.["x-clickhouse-server-display-name"]
  if (typeof server === "string") attributes["clickhouse.server"] = server
  return attributes
}

function parse(header: string | string[] | undefined): Summarised["summary"] {
  if (typeof header !== "string") return undefined
  try {
    return JSON.parse(header) as Summarised["summary"]
  } catch {
    return undefined
  }
}
