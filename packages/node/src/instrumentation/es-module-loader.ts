// The loader thread of Node before 22.15, which has no hooks in the thread of the app: adds the footer, touches nothing
// else.
import type { LoadHook } from "node:module"
import { isInstrumented, type ModuleSource, withFooter } from "./module-files.ts"

let files: ReadonlySet<string> = new Set()

export function initialize(given: readonly string[]): void {
  files = new Set(given)
}

export const load: LoadHook = async (url, context, nextLoad) => {
  const loaded = await nextLoad(url, context)
  return loaded.format === "module" && isInstrumented(url, files)
    ? { ...loaded, source: withFooter(url, loaded.source as ModuleSource) }
    : loaded
}
