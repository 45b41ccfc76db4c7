// A process that dies of an exception leaves its open spans behind, the one of the request before all. Those that lead to
// what threw are ended with it, so that the trace of a crash arrives.
import type { Span } from "@opentelemetry/api"
import { activeContext } from "../context/current.ts"
import { endsSpan, localTraceOf, parentOfSpan, spanOf } from "../context/local-trace.ts"
import { readThrown } from "./read-thrown.ts"

const error = 2 // SpanStatusCode.ERROR
const deepest = 1000

type Endable = Span & { [endsSpan]?: { readonly fail: (type: string) => void } }

let fail: (() => void) | undefined

/** Now when the process dies of it; else when it exits, if they are open then. */
export function failOpenSpans(thrown: unknown, dying: boolean): void {
  const spans = openSpans()
  if (spans.length === 0) return
  const { type, message } = readThrown(thrown)
  const now = () => {
    for (const span of spans) {
      if (!span.isRecording()) continue
      span.setStatus({ code: error, message })
      const own = span[endsSpan]
      if (own === undefined) span.end()
      else own.fail(type)
    }
  }
  if (dying) return now()
  if (fail === undefined) process.prependListener("exit", () => fail?.())
  fail = now
}

/** From the active one outwards. */
function openSpans(): Endable[] {
  const context = activeContext()
  if (context === undefined) return []
  const spans: Endable[] = []
  let span: Endable | undefined = spanOf(context)
  for (let depth = 0; span !== undefined && depth < deepest; depth++) {
    spans.push(span)
    span = parentOfSpan(span)
  }
  const root = localTraceOf(context)?.root
  if (root !== undefined && !spans.includes(root)) spans.push(root)
  return spans.filter((one) => one.isRecording())
}
