// The context that is active now, without loading the API: before init(), and where nothing else registered one, there
// is none, and what depends on it does nothing.
import type { Context, ContextManager, DiagLogger } from "@opentelemetry/api"

const apiKey = Symbol.for("opentelemetry.js.api.1")
type Registered = { readonly context?: ContextManager; readonly diag?: DiagLogger }

const registered = () => (globalThis as { [apiKey]?: Registered })[apiKey]

export const activeContext = (): Context | undefined => registered()?.context?.active()

export function runIn<T>(context: Context, fn: () => T): T {
  const manager = registered()?.context
  return manager === undefined ? fn() : manager.with(context, fn)
}

export const debug = (line: string): void => registered()?.diag?.debug(line)
