// The spans of a trace as a tree, in the order in which its lines are shown.
import type { Span } from "../read/trace.ts"

export interface PlacedSpan {
  readonly span: Span
  readonly depth: number
}

/** Parents before children, brothers by time; a span whose parent is not here stands at the edge. */
export function placeSpans(spans: readonly Span[]): PlacedSpan[] {
  const ids = new Set(spans.map(({ spanId }) => spanId))
  const children = new Map<string, Span[]>()
  for (const span of spans) {
    const parent = ids.has(span.parentSpanId) && span.parentSpanId !== span.spanId ? span.parentSpanId : ""
    const brothers = children.get(parent)
    if (brothers === undefined) children.set(parent, [span])
    else brothers.push(span)
  }
  const placed: PlacedSpan[] = []
  const seen = new Set<Span>()
  const visit = (first: readonly Span[]) => {
    const open = first.map((span) => ({ span, depth: 0 })).toReversed()
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      if (seen.has(next.span)) continue
      seen.add(next.span)
      placed.push(next)
      const depth = next.depth + 1
      for (const span of (children.get(next.span.spanId) ?? []).toReversed()) open.push({ span, depth })
    }
  }
  visit(children.get("") ?? [])
  // Spans that name each other as parents have no beginning.
  visit(spans)
  return placed
}
