// node:fs is what modules are loaded with: were the SDK loaded by its first span after fs is patched, that span would
// never begin. So it is loaded before; a span that is not traced does that.
import { api, core } from "../opentelemetry.ts"

export function fsOptions(): Record<string, unknown> {
  const { context, trace } = api()
  const untraced = core().suppressTracing(context.active())
  trace.getTracer("@clickstack/node").startSpan("load", {}, untraced).end()
  return { requireParentSpan: true }
}
