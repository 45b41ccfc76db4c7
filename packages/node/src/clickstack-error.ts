// The one error class of this package. A message says what is wrong, where, and the next step.

export type ClickstackErrorCode = "CONFIG_INVALID" | "DESTINATION_MISSING" | "DELIVERY_FAILED" | "TIMEOUT"

export interface ClickstackErrorDetails {
  cause?: unknown
  retryable?: boolean
  retryAfter?: number | undefined
  tooLarge?: boolean
  unauthorized?: boolean
}

export class ClickstackError extends Error {
  override readonly name = "ClickstackError"
  readonly code: ClickstackErrorCode
  /** Whether the same attempt may succeed later. */
  readonly retryable: boolean
  /** How long the other side asked to wait before the next attempt, in milliseconds. */
  readonly retryAfter: number | undefined

  /** The same data in smaller pieces may be taken. */
  readonly tooLarge: boolean
  /** Somebody has to correct a key or a header. */
  readonly unauthorized: boolean

  constructor(code: ClickstackErrorCode, message: string, options: ClickstackErrorDetails = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.retryable = options.retryable ?? false
    this.retryAfter = options.retryAfter
    this.tooLarge = options.tooLarge ?? false
    this.unauthorized = options.unauthorized ?? false
  }
}
