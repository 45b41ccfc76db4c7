// Runs our own requests and exports so that no instrumentation makes spans or log records of them.
import type { Context } from "@opentelemetry/api"
import { asOwnWork } from "./logging/app-lines.ts"
import { api, core } from "./opentelemetry.ts"

let suppressed: Context | undefined

export function untraced<T>(fn: () => T): T {
  const { context, ROOT_CONTEXT } = api()
  suppressed ??= asOwnWork(core().suppressTracing(ROOT_CONTEXT))
  return context.with(suppressed, fn)
}
