// The one error of this package. `code` is for programs, the message says what, where and the next step.

export type TestingErrorCode =
  /** The optional peer `chdb` is not installed, or has no build for this platform. */
  | "CHDB_MISSING"
  /** Another process, or another server of this one, has the data directory open. */
  | "DIRECTORY_IN_USE"
  /** The data directory cannot be created, read or written. */
  | "DIRECTORY_UNUSABLE"
  /** Something else listens on the port that was asked for. */
  | "PORT_IN_USE"
  /** An option is unknown or has a wrong value. */
  | "WRONG_OPTION"
  /** The child process ended, or did not come up. */
  | "SERVER_FAILED"
  /** The server was closed before it was asked. */
  | "CLOSED"
  /** A line of an expected trace cannot be read. */
  | "WRONG_PATTERN"
  /** A matcher was given something that it does not look at. */
  | "WRONG_VALUE"
  /** What was waited for did not come. */
  | "TIMED_OUT"
  /** There are several traces, and none was named. */
  | "AMBIGUOUS"
  /** testTelemetry() is open already. */
  | "IN_USE"
  /** The script to run is not there. */
  | "SCRIPT_MISSING"
  /** An optional package is not installed. */
  | "PACKAGE_MISSING"

export class TestingError extends Error {
  override readonly name = "TestingError"
  readonly code: TestingErrorCode
  /** Whether the same call may succeed later without a change. */
  readonly retryable: boolean

  constructor(
    code: TestingErrorCode,
    message: string,
    options: { cause?: unknown; retryable?: boolean } = {},
  ) {
    super(message, "cause" in options ? { cause: options.cause } : undefined)
    this.code = code
    this.retryable = options.retryable ?? false
  }
}
