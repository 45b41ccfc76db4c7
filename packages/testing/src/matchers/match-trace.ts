// toMatchTrace: compares a drawn tree with a file, which the first run writes. Ids, times, ports and the like are drawn
// as what they are, so that every run draws the same.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { dirname } from "node:path"
import { TestingError } from "../errors.ts"
import type { Trace, TraceSpan } from "../recorded/trace.ts"
import { type DrawOptions, drawSpans } from "../tree/draw.ts"
import type { MatchResult } from "./match-result.ts"
import { lineDifference } from "./line-difference.ts"
import { stable } from "./stable.ts"

export interface MatchTraceOptions extends DrawOptions {
  /** Further text that changes from run to run, and what is drawn in its place. */
  readonly replace?: readonly (readonly [RegExp, string])[]
}

/** When files are written: "new" those that are missing, "all" those that differ, too. */
export type UpdateMode = "none" | "new" | "all"

export type Drawable = { traces(): readonly Trace[] } | Trace | TraceSpan

export function matchTrace(
  recorded: Drawable,
  file: string,
  options: MatchTraceOptions,
  update: UpdateMode,
): MatchResult {
  const drawn = drawStable(recorded, options)
  const written = existsSync(file) ? readFileSync(file, "utf8").replaceAll("\r\n", "\n") : undefined
  if (written === drawn)
    return { pass: true, message: () => `the trace is as in ${file}, which was not expected` }
  if (update === "all" || (update === "new" && written === undefined)) {
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, drawn)
    return { pass: true, message: () => `the trace was written to ${file}` }
  }
  return {
    pass: false,
    message: () =>
      written === undefined
        ? `${file} is missing, and is not written on CI; run the test elsewhere, and commit it\n\n${drawn.trimEnd()}`
        : `the trace is not as in ${file}; UPDATE_TRACES=1 writes it anew\n\n${lineDifference(written, drawn)}`,
  }
}

/** All attributes unless told otherwise. */
function drawStable(recorded: Drawable, { replace = [], ...options }: MatchTraceOptions = {}): string {
  const draw = { attributes: true, events: true, ...options }
  return rootsOf(recorded)
    .map((roots) => stable(drawSpans(roots, draw), replace))
    .join("\n")
}

function rootsOf(recorded: Drawable): (readonly TraceSpan[])[] {
  if (typeof recorded === "object" && recorded !== null) {
    if ("traces" in recorded) return recorded.traces().map(({ roots }) => roots)
    if ("roots" in recorded) return [recorded.roots]
    if ("children" in recorded) return [[recorded]]
  }
  throw new TestingError("WRONG_VALUE", "telemetry, a trace or a span can be drawn; this is something else")
}
