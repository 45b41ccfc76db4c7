// The one error class of this package. A message says what is wrong, where, and the next step.

export type ClickstackErrorCode = "CONFIG_INVALID" | "DESTINATION_MISSING" | "DELIVERY_FAILED" | "TIMEOUT"

export class ClickstackError extends Error {
  override readonly name = "ClickstackError"
  readonly code: ClickstackErrorCode
  /** Whether the same attempt may succeed later. */
  readonly retryable: boolean
  /** How long the other side asked to wait before the next attempt, in milliseconds. */
  readonly retryAfter: number | undefined

  constructor(
    code: ClickstackErrorCode,
    message: string,
    options: { cause?: unknown; retryable?: boolean; retryAfter?: number | undefined } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.retryable = options.retryable ?? false
    this.retryAfter = options.retryAfter
  }
}
