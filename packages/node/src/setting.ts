// One setting: its option in code, its environment variables, its default, one line about it. settings.ts has them all.
import type { ValueKind } from "./value-kinds.ts"

export interface Setting {
  /** Where the option stands: `traces.endpoint` is init({ traces: { endpoint } }). */
  readonly path: string
  readonly kind: ValueKind
  /** Environment variables, the one that wins first. */
  readonly variables: readonly string[]
  readonly fallback: unknown
  readonly about: string
  /** The setting for all signals that this one narrows to one signal. */
  readonly general?: string
  /** Names and values of all sources are put together, instead of the first source winning alone. */
  readonly merged?: boolean
  /** Never printed: all of it, or the values of a merged setting. */
  readonly secret?: boolean
  /** The resource attribute that says the same. */
  readonly attribute?: string
  /** What the docs say about the default when it is not a constant. */
  readonly fallbackText?: string
}

/** Every option of code alone, and those whose variable follows from its name: `flushTimeout`, CLICKSTACK_FLUSH_TIMEOUT. */
export function setting(
  path: string,
  kind: ValueKind,
  fallback: unknown,
  about: string,
  more: Partial<Setting> & { codeOnly?: boolean } = {},
): Setting {
  const { codeOnly = false, variables = [], ...rest } = more
  const ours = `CLICKSTACK_${path
    .replace(/([A-Z])/g, "_$1")
    .replace(/\./g, "_")
    .toUpperCase()}`
  return { path, kind, fallback, about, variables: codeOnly ? [] : [ours, ...variables], ...rest }
}
