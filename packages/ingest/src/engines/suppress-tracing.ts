// Our own requests must not become spans: the exporter would trace itself for ever. OpenTelemetry's instrumentations
// look for this key in the context. `@opentelemetry/core` exports the same, with thirty more files; a test holds the
// two together.
import { context, createContextKey } from "@opentelemetry/api"

const suppressed = createContextKey("OpenTelemetry SDK Context Key SUPPRESS_TRACING")

export function withoutTracing<Result>(work: () => Result): Result {
  return context.with(context.active().setValue(suppressed, true), work)
}
