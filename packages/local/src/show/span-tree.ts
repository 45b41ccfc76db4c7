// The spans of a trace as a tree, in the order in which its lines are shown.
import type { Span } from "../read/trace.ts"
import { millisOf } from "./values.ts"

export interface PlacedSpan {
  readonly span: Span
  readonly depth: number
  /** More than 1: of so many equal ones, from the first one's beginning to the last one's end. */
  readonly times: number
}

// ClickHouse makes a span each time a processor works, thousands for one query.
const groupsFrom = 5
const spanLog = "system.opentelemetry_span_log"

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
  const isLeaf = ({ spanId }: Span) => !children.has(spanId)
  const visit = (first: readonly Span[]) => {
    const open = first.map((span) => ({ span, depth: 0, times: 1 })).toReversed()
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      if (seen.has(next.span)) continue
      seen.add(next.span)
      placed.push(next)
      if (next.times > 1) continue
      const depth = next.depth + 1
      const brothers = children.get(next.span.spanId) ?? []
      for (const group of grouped(brothers, isLeaf).toReversed()) {
        for (const span of group.all) seen.add(span)
        open.push({ span: group.shown, depth, times: Math.max(1, group.all.length) })
      }
    }
  }
  visit(children.get("") ?? [])
  // Spans that name each other as parents have no beginning.
  visit(spans)
  return placed
}

interface Group {
  readonly shown: Span
  /** What it stands for. */
  readonly all: readonly Span[]
}

/** Equal work of ClickHouse's as one; everything else by itself. */
function grouped(brothers: readonly Span[], isLeaf: (span: Span) => boolean): Group[] {
  const canJoin = (span: Span) => span.scope === spanLog && span.status !== "Error" && isLeaf(span)
  const byName = new Map<string, Span[]>()
  for (const span of brothers) {
    if (!canJoin(span)) continue
    const same = byName.get(span.name)
    if (same === undefined) byName.set(span.name, [span])
    else same.push(span)
  }
  return brothers.flatMap((span): Group[] => {
    const same = canJoin(span) ? (byName.get(span.name) ?? []) : []
    if (same.length < groupsFrom) return [{ shown: span, all: [] }]
    if (same[0] !== span) return []
    const end = Math.max(...same.map(({ time, durationMs }) => millisOf(time) + durationMs))
    return [{ shown: { ...span, durationMs: end - millisOf(span.time) }, all: same }]
  })
}
