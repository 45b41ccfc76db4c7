// The one error of this package. Its code decides what a sender is told (reply.ts holds the table) and whether
// it may send the same again.

export type ReceiverErrorCode =
  | "BAD_OPTION"
  | "LISTEN_FAILED"
  | "MALFORMED"
  | "TOO_LARGE"
  | "UNSUPPORTED_MEDIA_TYPE"
  | "UNSUPPORTED_ENCODING"
  | "UNAUTHENTICATED"
  | "FORBIDDEN"
  | "NOT_FOUND"
  | "METHOD_NOT_ALLOWED"
  | "TIMEOUT"
  | "OVERLOADED"
  | "REJECTED"
  | "SINK_FAILED"
  | "CLOSING"

const retryableCodes: ReadonlySet<ReceiverErrorCode> = new Set([
  "OVERLOADED",
  "SINK_FAILED",
  "CLOSING",
  "TIMEOUT",
])

export interface ReceiverErrorOptions {
  cause?: unknown
  /** Whether the sender may send the same again; without it the code decides. */
  retryable?: boolean
  /** Seconds that the sender should wait before it does. */
  retryAfter?: number
}

export class ReceiverError extends Error {
  override readonly name = "ReceiverError"
  readonly code: ReceiverErrorCode
  readonly retryable: boolean
  readonly retryAfter: number | undefined

  constructor(code: ReceiverErrorCode, message: string, options: ReceiverErrorOptions = {}) {
    super(message, "cause" in options ? { cause: options.cause } : undefined)
    this.code = code
    this.retryable = options.retryable ?? retryableCodes.has(code)
    this.retryAfter = options.retryAfter
  }
}

/** Whatever was thrown, as one of ours; what is not tells a sender nothing about our inside. */
export function receiverError(cause: unknown): ReceiverError {
  return cause instanceof ReceiverError
    ? cause
    : new ReceiverError("SINK_FAILED", "the receiver failed; try again later", { cause })
}
