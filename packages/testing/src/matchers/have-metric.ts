// toHaveMetric: whether a metric has a value like that, for attributes like those.
import { TestingError } from "../errors.ts"
import type { Attributes } from "../conventions/attributes.ts"
import type { RecordedMetric, RecordedPoint } from "../recorded/metric.ts"
import { spell } from "../tree/value.ts"
import { isLike, show } from "./have-log.ts"
import type { MatchResult } from "./match-result.ts"

/** What is left out is not compared. */
export interface MetricFilter {
  readonly name: string
  readonly unit?: string
  readonly type?: RecordedMetric["type"]
  /** A number; of a histogram, some of what it has: `{ count: 2 }`. */
  readonly value?: unknown
  readonly attributes?: Attributes
}

export type HasMetrics = { readonly metrics: readonly RecordedMetric[] } | readonly RecordedMetric[]

export function haveMetric(recorded: HasMetrics, filter: MetricFilter): MatchResult {
  const metrics = Array.isArray(recorded)
    ? (recorded as readonly RecordedMetric[])
    : (recorded as { metrics?: readonly RecordedMetric[] } | undefined)?.metrics
  if (metrics === undefined)
    throw new TestingError(
      "WRONG_VALUE",
      "a metric is looked for in telemetry or a list of metrics; this is something else",
    )
  const named = metrics.filter(({ name }) => name === filter.name)
  const pass = named.some(
    (metric) => isMetric(metric, filter) && metric.points.some((point) => isPoint(point, filter)),
  )
  return {
    pass,
    message: () => {
      const wanted = Object.entries(filter)
        .map(([name, value]) => `${name}: ${show(value)}`)
        .join(", ")
      if (pass) return `no metric was expected with ${wanted}\n\nthere is:\n${named.map(draw).join("\n")}`
      const names = [...new Set(metrics.map(({ name }) => name))].join(", ")
      const there =
        named.length > 0
          ? `recorded:\n${named.map(draw).join("\n")}`
          : names === ""
            ? "no metric was recorded; await flush() collects them"
            : `recorded are only ${names}`
      return `expected a metric with ${wanted}\n\n${there}`
    },
  }
}

const isMetric = (metric: RecordedMetric, { unit, type }: MetricFilter) =>
  (unit === undefined || unit === metric.unit) && (type === undefined || type === metric.type)

function isPoint(point: RecordedPoint, { value, attributes = {} }: MetricFilter): boolean {
  const isValue =
    value === undefined ||
    isLike(point.value, value) ||
    (isRecord(value) &&
      isRecord(point.value) &&
      Object.entries(value).every(([name, inner]) =>
        isLike((point.value as Record<string, unknown>)[name], inner),
      ))
  return (
    isValue && Object.entries(attributes).every(([name, wanted]) => isLike(point.attributes[name], wanted))
  )
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value)

function draw({ name, type, unit, points }: RecordedMetric): string {
  const lines = points.map(({ attributes, value }) => `    ${spell(attributes)}  ${spell(value)}`)
  return [`  ${[name, type, unit].filter((one) => one !== "").join("  ")}`, ...lines].join("\n")
}
