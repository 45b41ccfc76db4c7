// init(): the SDK started from code, after parts of the app have been loaded.
import { createRequire } from "./builtins.ts"
import { loadedTooEarly } from "./loaded-too-early.ts"
import type { Options } from "./options.ts"
import { type Clickstack, start } from "./start.ts"

const require = createRequire(import.meta.url)
const apiCopies = (): typeof import("./api-copies.ts") => require("./api-copies.js")
const reader = (): typeof import("./read-options.ts") => require("./read-options.js")

/**
 * Starts the SDK; a second call gives what the first gave.
 * @throws ClickstackError CONFIG_INVALID for unknown or wrong options; nothing else, and nothing later.
 */
export function init(options: Options = {}): Clickstack {
  return start(
    () => reader().readOptions(options),
    () => ({ copies: apiCopies().loadedApiCopies(), libraries: loadedTooEarly() }),
  )
}
