// Runs our own requests so that no instrumentation makes spans of them.
import type { Context } from "@opentelemetry/api"
import { api, core } from "./opentelemetry.ts"

let suppressed: Context | undefined

export function untraced<T>(fn: () => T): T {
  const { context, ROOT_CONTEXT } = api()
  suppressed ??= core().suppressTracing(ROOT_CONTEXT)
  return context.with(suppressed, fn)
}
