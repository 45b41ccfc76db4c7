// Attributes whose names an editor completes: those of OpenTelemetry's semantic conventions, and any other.
import type { ConventionalName } from "./names.ts"

export type AttributeName = ConventionalName | (string & {})

/** By name; the conventions' names are suggested, every other one is allowed. */
export type Attributes = { readonly [name in ConventionalName]?: unknown } & {
  readonly [name: string]: unknown
}
