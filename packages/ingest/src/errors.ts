// The one error of this package. Its message says what failed, where, and what to do next; a password never
// stands in it. `retryable` says whether the same data can still be stored: later as it is, or, where
// `retryAfterMs` is a minute, once somebody has mended the configuration.

export type IngestErrorCode =
  | "BAD_OPTION"
  | "BAD_URL"
  | "BAD_ROW"
  | "BAD_QUERY"
  | "UNKNOWN_TABLE"
  | "TABLE_MISSING"
  | "DATABASE_MISSING"
  | "SCHEMA_MISMATCH"
  | "AUTHENTICATION"
  | "PERMISSION"
  | "READ_ONLY"
  | "CERTIFICATE"
  | "UNREACHABLE"
  | "TIMEOUT"
  | "OVERLOADED"
  | "TOO_MANY_PARTS"
  | "TOO_MANY_PARTITIONS"
  | "OUT_OF_MEMORY"
  | "SERVER"
  | "CHDB_MISSING"
  | "CHDB_BUSY"
  | "ABORTED"
  | "CLOSED"

export interface IngestErrorDetails {
  cause?: unknown
  /** Whether the same data can be stored later. False unless said. */
  retryable?: boolean | undefined
  /** How long to wait before the next attempt, where that is known. */
  retryAfterMs?: number | undefined
  /** ClickHouse's own number for the exception, as in `Code: 60`. */
  exceptionCode?: number | undefined
  /** The rows, of those handed to `insert`, that are not stored. */
  unstored?: readonly object[] | undefined
}

export class IngestError extends Error {
  override readonly name = "IngestError"
  readonly code: IngestErrorCode
  readonly retryable: boolean
  readonly retryAfterMs: number | undefined
  readonly exceptionCode: number | undefined
  readonly unstored: readonly object[] | undefined

  constructor(code: IngestErrorCode, message: string, details: IngestErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause })
    this.code = code
    this.retryable = details.retryable ?? false
    this.retryAfterMs = details.retryAfterMs
    this.exceptionCode = details.exceptionCode
    this.unstored = details.unstored
  }
}
