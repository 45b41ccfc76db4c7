// init(): the SDK started from code, after parts of the app have been loaded.
import { appDirectories, loadedApiCopies } from "./api-copies.ts"
import { loadedTooEarly } from "./loaded-too-early.ts"
import type { Options } from "./options.ts"
import { type Clickstack, start } from "./start.ts"

/**
 * Starts the SDK; a second call gives what the first gave.
 * @throws ClickstackError CONFIG_INVALID for unknown or wrong options; nothing else, and nothing later.
 */
export function init(options: Options = {}): Clickstack {
  return start(options, () => ({ copies: loadedApiCopies(appDirectories()), libraries: loadedTooEarly() }))
}
