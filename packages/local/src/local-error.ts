// The one error of this package: its message says what failed, where, and what to do next.

export type LocalErrorCode =
  | "BAD_OPTION"
  | "BAD_REQUEST"
  | "DIRECTORY_HELD"
  | "DIRECTORY_UNSAFE"
  | "FORBIDDEN"
  | "LISTEN_FAILED"
  | "NOT_FOUND"
  | "NOT_RUNNING"
  | "NOT_STORING"
  | "UNAUTHENTICATED"

export class LocalError extends Error {
  override readonly name = "LocalError"
  readonly code: LocalErrorCode

  constructor(code: LocalErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options)
    this.code = code
  }
}
