// toHaveTrace: whether a drawn tree is among what was recorded, as a trace or as a part of one.
import { describeTelemetry, openLines, section } from "../recorded/describe.ts"
import type { RecordedLog } from "../recorded/log.ts"
import type { OpenSpan } from "../recorded/telemetry.ts"
import type { Trace, TraceSpan } from "../recorded/trace.ts"
import {
  compareSequence,
  createComparer,
  logDifferences,
  missingRows,
  pairFreely,
  type Row,
} from "../tree/compare.ts"
import { drawSpans, logLine } from "../tree/draw.ts"
import { readTree } from "../tree/expected.ts"
import { sideBySide } from "../tree/side-by-side.ts"
import { TestingError } from "../errors.ts"
import type { MatchResult } from "./match-result.ts"

export interface TraceOptions {
  /** `"any"`: the children of a span may have begun in any order. */
  readonly order?: "drawn" | "any"
}

/** Telemetry, one trace of it, or a span with its children. */
export type HasTraces =
  | { traces(): readonly Trace[]; readonly logs: readonly RecordedLog[]; readonly open?: readonly OpenSpan[] }
  | Trace
  | TraceSpan

export interface TraceResult extends MatchResult {
  /** One for each tree that was drawn. */
  readonly found: readonly TraceSpan[]
}

export function haveTrace(
  recorded: HasTraces,
  tree: string,
  { order = "drawn" }: TraceOptions = {},
): TraceResult {
  const expected = readTree(tree)
  const { roots, spans, logs, open } = partsOf(recorded)
  const compare = createComparer({ anyOrder: order === "any" })
  const pairs = pairFreely(expected.roots, spans, compare).filter(([want]) => want !== undefined)
  const ids = new Set(spans.map(({ spanId }) => spanId))
  const loose = logs.filter(({ spanId }) => spanId === undefined || !ids.has(spanId))
  const looseLogs = compareSequence(expected.logs, loose, logDifferences, (log, want) =>
    logLine(
      log,
      want.attributes.map(({ name }) => name),
    ),
  )
  const misses = pairs.filter(([want, got]) => got === undefined || compare(want!, got).cost > 0)
  const pass = misses.length === 0 && looseLogs.cost === 0
  const message = () => {
    if (pass)
      return `the trace was not expected, but it is there:\n\n${drawSpans(pairs.map(([, got]) => got!))}`
    if (roots.length === 0 && loose.length === 0) {
      return `expected a trace, but there is none\n\nexpected:\n${tree.trimEnd()}\n\n${section("still open", openLines(open)) || describeTelemetry({ traces: () => [], logs, open })}`
    }
    // Without a pair that is near, the whole of what was recorded tells most.
    const rows = pairs.flatMap(([want, got]): Row[] =>
      got === undefined ? missingRows(want!, 0) : compare(want!, got).rows(0),
    )
    const shown = new Set(pairs.map(([, got]) => got))
    const others = roots.filter(
      (root) => !shown.has(root) && !pairs.some(([, got]) => got !== undefined && holds(root, got)),
    )
    const parts = [
      "the recorded trace is not the expected one\n\n",
      `${sideBySide([...rows, ...looseLogs.rows(0)])}\n`,
      others.length > 0
        ? `\n${section(
            "also recorded",
            others.map((root) => drawSpans([root]).trimEnd()),
          )}`
        : "",
      open.length > 0 ? `\n${section("still open", openLines(open))}` : "",
    ]
    return parts.join("").trimEnd()
  }
  return { pass, message, found: pass ? pairs.map(([, got]) => got!) : [] }
}

function partsOf(recorded: HasTraces) {
  if (typeof recorded === "object" && recorded !== null) {
    if ("traces" in recorded) {
      const traces = recorded.traces()
      return {
        roots: traces.flatMap((trace) => trace.roots),
        spans: traces.flatMap((trace) => trace.spans),
        logs: recorded.logs,
        open: recorded.open ?? [],
      }
    }
    if ("roots" in recorded)
      return { roots: recorded.roots, spans: recorded.spans, logs: recorded.logs, open: [] }
    if ("children" in recorded)
      return { roots: [recorded], spans: withDescendants(recorded), logs: [], open: [] }
  }
  throw new TestingError(
    "WRONG_VALUE",
    "a trace is looked for in telemetry, in a trace, or in a span of one; this is something else",
  )
}

const withDescendants = (span: TraceSpan): TraceSpan[] => [span, ...span.children.flatMap(withDescendants)]
const holds = (root: TraceSpan, span: TraceSpan): boolean => withDescendants(root).includes(span)
