// What the URL of a request says beside the statement: parameters of the interface itself, bound parameters
// (`param_x`), and everything else, which is a setting of the query.
import { randomUUID } from "node:crypto"
import type { IncomingHttpHeaders } from "node:http"
import { ClickHouseException } from "./exception.ts"

export interface Parameters {
  readonly queryId: string
  readonly database: string | undefined
  readonly defaultFormat: string
  /** Answer only when all is known, so that an exception has its own status. */
  readonly waitEnd: boolean
  /** Compress the answer if the client accepts it. */
  readonly compress: boolean
  readonly settings: readonly Pair[]
  readonly bound: readonly Pair[]
}

export type Pair = readonly [name: string, value: string]

// They are read by the server, and are not settings.
const OF_THE_INTERFACE = new Set([
  "buffer_size",
  "client_protocol_version",
  "compress",
  "database",
  "decompress",
  "default_format",
  "password",
  "query",
  "query_id",
  "quota_key",
  "stacktrace",
  "user",
  "wait_end_of_query",
])

// Silently ignored, each of these would change what an answer means.
const REFUSED: Readonly<Record<string, string>> = {
  session_id: "Sessions (session_id) are",
  session_timeout: "Sessions (session_timeout) are",
  session_check: "Sessions (session_check) are",
  close_session: "Sessions (close_session) are",
  role: "Roles are",
}

const isOn = (value: string | null): boolean =>
  value !== null && value !== "0" && value.toLowerCase() !== "false"

export function readParameters(url: URLSearchParams, headers: IncomingHttpHeaders): Parameters {
  const settings = new Map<string, string>()
  const bound = new Map<string, string>()
  for (const [name, value] of url) {
    const refused = REFUSED[name]
    if (refused !== undefined)
      throw new ClickHouseException(48, `${refused} not supported by this test server.`)
    if (name.startsWith("param_")) bound.set(name.slice("param_".length), value)
    else if (!OF_THE_INTERFACE.has(name)) settings.set(name, value)
  }
  for (const name of ["compress", "decompress"]) {
    if (isOn(url.get(name))) {
      throw new ClickHouseException(
        48,
        `${name}=1 (ClickHouse's own compression) is not supported by this test server: use gzip.`,
      )
    }
  }
  const header = (name: string) => headers[name]?.toString()
  if (isOn(settings.get("http_write_exception_in_output_format") ?? null)) {
    throw new ClickHouseException(
      48,
      "http_write_exception_in_output_format=1 is not supported by this test server.",
    )
  }
  return {
    queryId: url.get("query_id") || header("x-clickhouse-query-id") || randomUUID(),
    database: url.get("database") || header("x-clickhouse-database") || undefined,
    defaultFormat: url.get("default_format") || header("x-clickhouse-format") || "TabSeparated",
    waitEnd: isOn(url.get("wait_end_of_query")) || settings.get("http_wait_end_of_query") === "1",
    compress: isOn(settings.get("enable_http_compression") ?? null),
    settings: [...settings],
    bound: [...bound],
  }
}
