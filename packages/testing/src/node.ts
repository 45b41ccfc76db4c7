// For node:test, and wherever else node:assert is used: each matcher as a function that throws an AssertionError.
import { AssertionError } from "node:assert"
import { beFreeOf, type Secrets } from "./matchers/be-free-of.ts"
import { type ConventionOptions, followConventions, type Reviewable } from "./matchers/follow-conventions.ts"
import { haveLog, type HasLogs, type LogFilter } from "./matchers/have-log.ts"
import { haveMetric, type HasMetrics, type MetricFilter } from "./matchers/have-metric.ts"
import { haveTrace, type HasTraces, type TraceOptions } from "./matchers/have-trace.ts"
import type { MatchResult } from "./matchers/match-result.ts"
import { fileOf } from "./matchers/matchers.ts"
import { type Drawable, matchTrace, type MatchTraceOptions } from "./matchers/match-trace.ts"
import { updateMode } from "./matchers/update-mode.ts"

/** A drawn tree is among the traces, whole or as a part. */
export function assertTrace(recorded: HasTraces, tree: string, options?: TraceOptions): void {
  check(haveTrace(recorded, tree, options), assertTrace)
}

/** There is a log record like that. */
export function assertLog(recorded: HasLogs, filter: LogFilter): void {
  check(haveLog(recorded, filter), assertLog)
}

/** A metric has a value like that. */
export function assertMetric(recorded: HasMetrics, filter: MetricFilter): void {
  check(haveMetric(recorded, filter), assertMetric)
}

/** Drawn, the trace is as in a file, which the first run writes: `new URL("order.trace", import.meta.url)`. */
export function assertMatchesTrace(
  recorded: Drawable,
  file: string | URL,
  options: MatchTraceOptions = {},
): void {
  check(matchTrace(recorded, fileOf(file, undefined), options, updateMode()), assertMatchesTrace)
}

/** Nothing about it is against OpenTelemetry's semantic conventions. */
export function assertConventions(recorded: Reviewable, options?: ConventionOptions): void {
  check(followConventions(recorded, options), assertConventions)
}

/** None of these texts is anywhere in it. */
export function assertFreeOf(recorded: unknown, secrets: Secrets): void {
  check(beFreeOf(recorded, secrets), assertFreeOf)
}

function check({ pass, message }: MatchResult, stackStartFn: (...args: never[]) => void): void {
  if (!pass) throw new AssertionError({ message: message(), stackStartFn })
}
