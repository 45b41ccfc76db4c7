// Begins a span that has its attributes. The SDK checks and copies those of a span's options three times and sets them
// one by one, which for ten takes 2 us; ours are strings and numbers of a few kilobytes. So the span gets them as they
// are, unless a sampler of the app's own wants to see them or they have to be cut.
import type { Attributes, Context, Span, SpanKind } from "@opentelemetry/api"
import type { Config } from "../../config.ts"
import { api } from "../../opentelemetry.ts"

export type StartSpan = (name: string, kind: SpanKind, attributes: Attributes, parent: Context) => Span

const fewest = 64 // attributes that a span may have, so that ours are never too many

export function createStartSpan({ sampler, limits }: Pick<Config, "sampler" | "limits">): StartSpan {
  const tracer = api().trace.getTracer("@clickstack/node/http")
  const { spanAttributes, spanAttributeLength } = limits
  const plain = typeof sampler === "string" && spanAttributes >= fewest && spanAttributeLength === undefined
  if (!plain) return (name, kind, attributes, parent) => tracer.startSpan(name, { kind, attributes }, parent)
  return (name, kind, attributes, parent) => {
    const span: Span & { attributes?: Attributes } = tracer.startSpan(name, { kind }, parent)
    if (span.attributes === undefined) return span.setAttributes(attributes) // of another SDK, or not recorded
    // What was set when it began, such as the session.
    for (const key in span.attributes) attributes[key] = span.attributes[key]!
    span.attributes = attributes
    return span
  }
}
