// What ClickHouse's exceptions mean for data on its way in. The code decides, not the HTTP status: most come with
// status 500, and some with 200.
import { IngestError, type IngestErrorCode } from "./errors.ts"

interface Meaning {
  readonly code: IngestErrorCode
  /** Later, unchanged. */
  readonly retryable: boolean
  readonly retryAfterMs?: number
  readonly advice: string
}

const aMinute = 60_000

// The server is busy, starting, or cut off from its replicas: the same bytes can go through in a moment.
const busy: Meaning = { code: "OVERLOADED", retryable: true, advice: "it is tried again" }

// Somebody has to change something; the data stays good, so it is worth asking again, slowly.
const configuration = (code: IngestErrorCode, advice: string): Meaning => ({
  code,
  retryable: true,
  retryAfterMs: aMinute,
  advice,
})

const badRow: Meaning = {
  code: "BAD_ROW",
  retryable: false,
  advice: "rows with such a value cannot be stored",
}

const mismatch = configuration(
  "SCHEMA_MISMATCH",
  "the table's columns have changed; compare it with what schemaSql() prints",
)
const permission = configuration("PERMISSION", "grant the user INSERT and SELECT on the database")
const readOnly = configuration("READ_ONLY", "use a user or a server that may write")
const authentication = configuration("AUTHENTICATION", "check the user name and the password")
const noTable = configuration("TABLE_MISSING", "create it with ensureSchema()")

const meanings = new Map<number, Meaning>([
  ...[159, 202, 203, 209, 210, 225, 236, 242, 279, 285, 319, 425, 439, 999].map(
    (code) => [code, busy] as const,
  ),
  [
    252,
    {
      code: "TOO_MANY_PARTS",
      retryable: true,
      retryAfterMs: 5_000,
      advice: "merges have fallen behind: insert larger batches less often, or set asyncInsert",
    },
  ],
  [
    241,
    {
      code: "OUT_OF_MEMORY",
      retryable: true,
      advice: "smaller inserts are tried; give the server more memory",
    },
  ],
  ...[25, 26, 27, 38, 41, 53, 72, 117, 190, 469].map((code) => [code, badRow] as const),
  ...[10, 16, 47].map((code) => [code, mismatch] as const),
  [115, configuration("BAD_OPTION", "correct the option `settings`")],
  [60, noTable],
  [218, noTable],
  [81, configuration("DATABASE_MISSING", "create it with ensureSchema(), or name another with `database`")],
  ...[192, 193, 194, 516].map((code) => [code, authentication] as const),
  [497, permission],
  [164, readOnly],
  [243, configuration("SERVER", "the server's disk is full")],
  [62, { code: "BAD_QUERY", retryable: false, advice: "correct the SQL" }],
  [394, { code: "ABORTED", retryable: false, advice: "somebody stopped the query" }],
])

const unknown: Meaning = {
  code: "SERVER",
  retryable: true,
  advice: "look the code up in ClickHouse's documentation",
}

// The same exceptions in answer to somebody's own SQL, which they can correct.
const badSql = new Set([16, 43, 47, 53, 62, 46, 36, 70, 117, 190, 456, 457, 10, 26, 27, 38, 41, 72])

const badName = new Map<number, IngestErrorCode>([
  [60, "TABLE_MISSING"],
  [218, "TABLE_MISSING"],
  [81, "DATABASE_MISSING"],
])

/** The error for an exception in answer to a query that a user wrote. */
export function queryError(exceptionCode: number, text: string, where: string, cause?: unknown): IngestError {
  const code = badName.get(exceptionCode) ?? (badSql.has(exceptionCode) ? "BAD_QUERY" : undefined)
  if (code === undefined) return exceptionError(exceptionCode, text, where, cause)
  const advice =
    code === "BAD_QUERY" ? "correct the SQL" : "check its name; ensureSchema() creates ClickStack's own"
  return new IngestError(code, `${where}: ${plain(text)} (code ${exceptionCode}); ${advice}`, {
    exceptionCode,
    cause,
  })
}

/** The error for an exception of ClickHouse's. `where` names the server, and what was being done. */
export function exceptionError(
  exceptionCode: number,
  text: string,
  where: string,
  cause?: unknown,
): IngestError {
  // The same code stands for parts that wait to be merged and for one insert into more than 100 partitions.
  if (exceptionCode === 252 && text.includes("partitions for single INSERT")) {
    return new IngestError("TOO_MANY_PARTITIONS", `${where}: ${plain(text)}; it is sent in smaller pieces`, {
      exceptionCode,
      cause,
    })
  }
  const { code, retryable, retryAfterMs, advice } = meanings.get(exceptionCode) ?? unknown
  return new IngestError(code, `${where}: ${plain(text)} (code ${exceptionCode}); ${advice}`, {
    exceptionCode,
    retryable,
    retryAfterMs,
    cause,
  })
}

/** One line of the exception, without its version and its code: those stand beside it. */
function plain(text: string): string {
  const [line = ""] = text
    .replace(/^.*?DB::Exception: /s, "")
    .replace(/\s*\(version [^)]*\([^)]*\)\)|\s*\(version [^)]*\)/g, "")
    .trim()
    .split("\n")
  return cut(line.replace(/\s*\([A-Z][A-Z0-9_]{2,}\)$/, "").replace(/[.:]$/, ""))
}

const cut = (line: string): string => (line.length > 300 ? `${line.slice(0, 300)}...` : line)

const certificateProblems =
  /^(CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_(GET_ISSUER|VERIFY)|ERR_TLS_CERT|INVALID_CA|HOSTNAME_MISMATCH)/
const wrongProtocol = /^(EPROTO|ERR_SSL|HPE_)/

/** The error for a failed connection, from what Node.js says of it. */
export function connectionError(error: unknown, where: string): IngestError {
  const reason = rootOf(error)
  const { code, message } = reason
  if (certificateProblems.test(code)) {
    const advice = "renew it, or name its authority with `tls.caCert`"
    return fault(
      "CERTIFICATE",
      `${where}: the server's certificate is not accepted: ${message}`,
      advice,
      error,
      aMinute,
    )
  }
  if (wrongProtocol.test(code)) {
    const advice = "check http and https, and the port (8123 for http, 8443 for https)"
    return fault("UNREACHABLE", `${where}: no HTTP there: ${message}`, advice, error, aMinute)
  }
  if (/timeout/i.test(message) || code === "ETIMEDOUT") {
    return fault(
      "TIMEOUT",
      `${where}: no answer in time`,
      "it is tried again, or set a longer `timeoutMs`",
      error,
    )
  }
  const advice = /ENOTFOUND|EAI_AGAIN|ECONNREFUSED/.test(code)
    ? "check host and port, and that the server runs"
    : "it is tried again"
  return fault("UNREACHABLE", `${where}: ${message}`, advice, error)
}

const fault = (
  code: IngestErrorCode,
  what: string,
  advice: string,
  cause: unknown,
  retryAfterMs?: number,
): IngestError => new IngestError(code, `${what}; ${advice}`, { cause, retryable: true, retryAfterMs })

/** Node.js wraps failed connects to several addresses in an AggregateError without a message of its own. */
function rootOf(error: unknown): { code: string; message: string } {
  const inner = error instanceof AggregateError ? (error.errors[0] as unknown) : error
  const { code = "", message = String(inner) } = (inner ?? {}) as { code?: unknown; message?: string }
  // What a proxy answers may be a page.
  return { code: String(code), message: cut(message.replace(/\s+/g, " ").trim()) }
}
