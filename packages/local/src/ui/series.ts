// The points of a metric as lines: one for each service and set of attributes.
import type { MetricKind, MetricPoint } from "../read/metrics.ts"

export interface Series {
  readonly name: string
  /** Milliseconds and value, by time. */
  readonly points: readonly (readonly [number, number])[]
}

export interface Chart {
  readonly title: string
  readonly unit: string
  readonly series: readonly Series[]
}

const delta = 1

/** What is worth looking at: values of gauges, changes a second of what only grows, means of histograms. */
export function chartsOf(kind: MetricKind, unit: string, points: readonly MetricPoint[]): Chart[] {
  const groups = groupPoints(points)
  const each = (read: (points: readonly MetricPoint[]) => (readonly [number, number])[]): Series[] =>
    [...groups]
      .map(([name, own]) => ({ name, points: read(own) }))
      .filter((series) => series.points.length > 0)
  if (kind === "gauge") return [{ title: "Value", unit, series: each(values) }]
  if (kind === "sum") {
    const grows = points.some(({ monotonic, temporality }) => monotonic === true || temporality === delta)
    return grows
      ? [{ title: "Change a second", unit, series: each((own) => rates(own, ({ value = 0 }) => value)) }]
      : [{ title: "Value", unit, series: each(values) }]
  }
  return [
    { title: "Mean", unit, series: each(means) },
    { title: "Measurements a second", unit: "", series: each((own) => rates(own, ({ count = 0 }) => count)) },
  ]
}

function groupPoints(points: readonly MetricPoint[]): Map<string, MetricPoint[]> {
  const groups = new Map<string, MetricPoint[]>()
  for (const point of points) {
    const attributes = Object.entries(point.attributes).map(([key, value]) => `${key}=${value}`)
    const name = [point.service || "?", ...attributes].join(" ")
    const group = groups.get(name)
    if (group === undefined) groups.set(name, [point])
    else group.push(point)
  }
  return groups
}

const at = ({ time }: MetricPoint): number => Date.parse(time)

const values = (points: readonly MetricPoint[]): (readonly [number, number])[] =>
  points.map((point) => [at(point), point.value ?? 0] as const)

/** Each point with what came since the one before, and how many milliseconds that took. */
function changes(points: readonly MetricPoint[], read: (point: MetricPoint) => number) {
  return points.slice(1).flatMap((point, index) => {
    const before = points[index]
    if (before === undefined || at(point) <= at(before)) return []
    const grown = read(point) - read(before)
    // A counter that is lower than before began anew.
    const change = point.temporality === delta || grown < 0 ? read(point) : grown
    return [{ time: at(point), change, ms: at(point) - at(before) }]
  })
}

const rates = (points: readonly MetricPoint[], read: (point: MetricPoint) => number) =>
  changes(points, read).map(({ time, change, ms }) => [time, (change / ms) * 1000] as const)

function means(points: readonly MetricPoint[]): (readonly [number, number])[] {
  const counts = changes(points, ({ count = 0 }) => count)
  const sums = changes(points, ({ sum = 0 }) => sum)
  const between = counts.flatMap(({ time, change }, index) =>
    change > 0 ? [[time, (sums[index]?.change ?? 0) / change] as const] : [],
  )
  // A single point, or one that did not change, still has a mean of its own.
  if (between.length > 0) return between
  return points.flatMap((point) =>
    point.count ? [[at(point), (point.sum ?? 0) / point.count] as const] : [],
  )
}
