// Begins a span that has its attributes. The SDK checks and copies those of a span's options three times and sets them
// one by one, which for ten takes 2 us; ours are strings and numbers of a few kilobytes. So the span gets them as they
// are, unless a sampler of the app's own wants to see them or they have to be cut. Rules by path see the path.
import type { Attributes, Context, Span, SpanKind } from "@opentelemetry/api"
import type { Config } from "../../config.ts"
import { api } from "../../opentelemetry.ts"

export type StartSpan = (name: string, kind: SpanKind, attributes: Attributes, parent: Context) => Span

const server = 1 // SpanKind.SERVER
const fewest = 64 // attributes that a span may have, so that ours are never too many

export function createStartSpan({ sampling, limits }: Pick<Config, "sampling" | "limits">): StartSpan {
  const tracer = api().trace.getTracer("@clickstack/node/http")
  const { spanAttributes, spanAttributeLength } = limits
  const plain =
    sampling.sampler === undefined && spanAttributes >= fewest && spanAttributeLength === undefined
  if (!plain) return (name, kind, attributes, parent) => tracer.startSpan(name, { kind, attributes }, parent)
  const byPath = sampling.rules.some(({ path }) => path !== undefined)
  return (name, kind, attributes, parent) => {
    const options = byPath && (kind as number) === server ? withPath(kind, attributes) : { kind }
    const span: Span & { attributes?: Attributes } = tracer.startSpan(name, options, parent)
    if (span.attributes === undefined) return span.setAttributes(attributes) // of another SDK, or not recorded
    // What was set when it began, such as the session.
    for (const key in span.attributes) attributes[key] = span.attributes[key]!
    span.attributes = attributes
    return span
  }
}

const withPath = (kind: SpanKind, attributes: Attributes) => ({
  kind,
  attributes: { "url.path": attributes["url.path"]! },
})
