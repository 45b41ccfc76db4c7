// For testing kits: an SDK that takes the place of whatever the process has registered, and gives it back.
import type { SpanProcessor } from "@opentelemetry/sdk-trace-base"
import { createRequire } from "./builtins.ts"
import type { Options } from "./options.ts"
import { type Clickstack, start } from "./start.ts"

const require = createRequire(import.meta.url)
const apiCopies = (): typeof import("./api-copies.ts") => require("./api-copies.js")
const reader = (): typeof import("./read-options.ts") => require("./read-options.js")

export interface IsolationOptions {
  /** In place of the process's environment; empty unless given. */
  readonly env?: NodeJS.ProcessEnv
  /** Sees every span start and end. */
  readonly watch?: SpanProcessor
}

/**
 * Starts an SDK beside one that may be running already. Until its shutdown() all copies of the API, and all tracers,
 * loggers and meters that this package has handed out, lead to it; then they lead back to where they led before. What
 * the process listens to, such as signals, stays as it is.
 * @throws ClickstackError CONFIG_INVALID for unknown or wrong options.
 */
export function startIsolated(options: Options, { env = {}, watch }: IsolationOptions = {}): Clickstack {
  return start(
    () => reader().readOptions(options),
    () => ({ copies: apiCopies().loadedApiCopies(), libraries: [] }),
    { env, watch },
  )
}
