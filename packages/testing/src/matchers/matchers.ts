// The matchers as expect.extend() of vitest and of jest takes them.
import { dirname, resolve } from "node:path"
import { fileURLToPath } from "node:url"
import { beFreeOf, type Secrets } from "./be-free-of.ts"
import { type ConventionOptions, followConventions, type Reviewable } from "./follow-conventions.ts"
import { haveLog, type HasLogs, type LogFilter } from "./have-log.ts"
import { haveMetric, type HasMetrics, type MetricFilter } from "./have-metric.ts"
import { haveTrace, type HasTraces, type TraceOptions } from "./have-trace.ts"
import type { MatchResult } from "./match-result.ts"
import { type Drawable, matchTrace, type MatchTraceOptions, type UpdateMode } from "./match-trace.ts"
import { updateMode } from "./update-mode.ts"

/** What vitest and jest give a matcher as `this`, as far as we read it. */
interface Runner {
  readonly testPath?: string | undefined
  readonly snapshotState?: { readonly _updateSnapshot?: string } | undefined
}

/** For the types of both runners. */
export interface TelemetryMatchers<R = unknown> {
  /** A drawn tree is among the traces, whole or as a part: see the manual for how it is drawn. */
  toHaveTrace(tree: string, options?: TraceOptions): R
  /** There is a log record like that. */
  toHaveLog(filter: LogFilter): R
  /** A metric has a value like that. */
  toHaveMetric(filter: MetricFilter): R
  /** Drawn, the trace is as in a file beside the test, which the first run writes. */
  toMatchTrace(file: string | URL, options?: MatchTraceOptions): R
  /** Nothing about it is against OpenTelemetry's semantic conventions. */
  toFollowConventions(options?: ConventionOptions): R
  /** None of these texts is anywhere in it. */
  toBeFreeOf(secrets: Secrets): R
}

export const matchers = {
  toHaveTrace: (recorded: HasTraces, tree: string, options?: TraceOptions): MatchResult =>
    haveTrace(recorded, tree, options),
  toHaveLog: (recorded: HasLogs, filter: LogFilter): MatchResult => haveLog(recorded, filter),
  toHaveMetric: (recorded: HasMetrics, filter: MetricFilter): MatchResult => haveMetric(recorded, filter),
  toMatchTrace(
    this: Runner,
    recorded: Drawable,
    file: string | URL,
    options?: MatchTraceOptions,
  ): MatchResult {
    return matchTrace(recorded, fileOf(file, this.testPath), options ?? {}, modeOf(this))
  },
  toFollowConventions: (recorded: Reviewable, options?: ConventionOptions): MatchResult =>
    followConventions(recorded, options),
  toBeFreeOf: (recorded: unknown, secrets: Secrets): MatchResult => beFreeOf(recorded, secrets),
}

/** A relative path is relative to the test's file. */
export function fileOf(file: string | URL, testPath: string | undefined): string {
  if (file instanceof URL) return fileURLToPath(file)
  return resolve(testPath === undefined ? process.cwd() : dirname(testPath), file)
}

/** `vitest -u`, `jest -u` and `--ci` say it for their own snapshots. */
function modeOf({ snapshotState }: Runner): UpdateMode {
  const mode = updateMode()
  // oxlint-disable-next-line eslint/no-underscore-dangle
  const own = snapshotState?._updateSnapshot
  if (mode === "all" || own === "all") return "all"
  return own === "none" ? "none" : mode
}
