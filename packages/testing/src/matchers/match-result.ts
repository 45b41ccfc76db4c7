// What every matcher answers, in the shape that vitest and jest take.
export interface MatchResult {
  readonly pass: boolean
  /** Why it failed; or, where a test said `not`, what is there. */
  readonly message: () => string
}
