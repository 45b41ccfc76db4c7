// A trace as a tree: spans under their parents in the order in which they began, logs under the span they belong to.
import { drawTrace, type DrawOptions } from "../tree/draw.ts"
import type { RecordedLog } from "./log.ts"
import type { RecordedSpan } from "./span.ts"

export interface TraceSpan extends RecordedSpan {
  readonly children: readonly TraceSpan[]
  readonly logs: readonly RecordedLog[]
}

export interface Trace {
  readonly traceId: string
  /** The first of `roots`. */
  readonly root: TraceSpan
  /** Spans without a parent among those recorded: several, where the parent is elsewhere or was lost. */
  readonly roots: readonly TraceSpan[]
  /** All of them, parents before children. */
  readonly spans: readonly TraceSpan[]
  /** All of them, by time. */
  readonly logs: readonly RecordedLog[]
  /** Drawn. */
  tree(options?: DrawOptions): string
}

/** By the time they began. `order` tells of spans that began in the same millisecond which was first. */
export function buildTraces(
  spans: readonly RecordedSpan[],
  logs: readonly RecordedLog[],
  order: (spanId: string) => number = () => 0,
): Trace[] {
  const logsOf = groupBy(logs, (log) => log.traceId)
  const traces = [...groupBy(spans, (span) => span.traceId)].map(([traceId, members]) =>
    buildTrace(traceId, members, logsOf.get(traceId) ?? [], order),
  )
  return traces.sort((a, b) => a.root.start - b.root.start || order(a.root.spanId) - order(b.root.spanId))
}

function buildTrace(
  traceId: string,
  members: readonly RecordedSpan[],
  logs: readonly RecordedLog[],
  order: (spanId: string) => number,
): Trace {
  const known = new Set(members.map(({ spanId }) => spanId))
  const byTime = [...members].sort((a, b) => order(a.spanId) - order(b.spanId) || a.start - b.start)
  const childrenOf = groupBy(byTime, ({ parentId, spanId }) =>
    parentId !== undefined && parentId !== spanId && known.has(parentId) ? parentId : undefined,
  )
  const sortedLogs = [...logs].sort((a, b) => a.time - b.time)
  const logsOf = groupBy(sortedLogs, (log) => log.spanId)
  const spans: TraceSpan[] = []
  const seen = new Set<string>()
  const place = (span: RecordedSpan): TraceSpan => {
    seen.add(span.spanId)
    const children: TraceSpan[] = []
    const placed: TraceSpan = { ...span, children, logs: logsOf.get(span.spanId) ?? [] }
    spans.push(placed)
    for (const child of childrenOf.get(span.spanId) ?? [])
      if (!seen.has(child.spanId)) children.push(place(child))
    return placed
  }
  const roots = (childrenOf.get(undefined) ?? []).map(place)
  // Spans that name each other as parents have no beginning.
  for (const span of byTime) if (!seen.has(span.spanId)) roots.push(place(span))
  const trace: Trace = {
    traceId,
    root: roots[0]!,
    roots,
    spans,
    logs: sortedLogs,
    tree: (options) => drawTrace(trace, options),
  }
  return trace
}

function groupBy<T, K>(items: readonly T[], keyOf: (item: T) => K): Map<K, T[]> {
  const groups = new Map<K, T[]>()
  for (const item of items) {
    const key = keyOf(item)
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [item])
    else group.push(item)
  }
  return groups
}
