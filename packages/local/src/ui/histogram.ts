// Counts over time, from the API, as a chart of which each bar leads to its time.
import { barChart } from "./bar-chart.ts"
import { type Place, changed, defaultRange, linkTo } from "./place.ts"
import { spellMoment } from "./spell.ts"

export interface CountedOverTime {
  readonly stepSeconds: number
  readonly buckets: readonly { time: string; group: string; count: number }[]
}

const lengths: Readonly<Record<string, number>> = { s: 1e3, m: 60e3, h: 3_600e3, d: 86_400e3 }

/** A moment of the address in milliseconds. */
export function momentOf(text: string, now: number): number {
  const [, number, unit = ""] = /^(\d+)([smhd])$/.exec(text) ?? []
  if (number !== undefined) return now - Number(number) * (lengths[unit] ?? 0)
  return /^\d+(\.\d+)?$/.test(text) ? Number(text) : Date.parse(text)
}

export function histogram(
  title: string,
  place: Place,
  counted: CountedOverTime,
  groups: readonly string[],
  nameOf: (group: string) => string,
): HTMLElement {
  const now = Date.now()
  const step = counted.stepSeconds * 1000
  const from = momentOf(place.search.get("from") ?? defaultRange, now)
  const to = momentOf(place.search.get("to") ?? String(now), now)
  const first = Math.floor(from / step) * step
  const counts = new Map<number, Record<string, number>>()
  for (let at = first; at < to && counts.size < 500; at += step) counts.set(at, {})
  for (const { time, group, count } of counted.buckets) {
    const bucket = counts.get(Date.parse(time))
    const name = nameOf(group)
    if (bucket !== undefined) bucket[name] = (bucket[name] ?? 0) + count
  }
  const bars = [...counts].map(([at, bucket]) => ({
    label: `${spellMoment(at, to - from)} to ${spellMoment(at + step, to - from)}`,
    href: linkTo(
      place.view,
      changed(place.search, { from: String(at), to: String(at + step), live: undefined }),
    ),
    counts: bucket,
  }))
  const axis = [first, (first + to) / 2, to].map((at) => spellMoment(at, to - from))
  return barChart({ title, bars, groups, axis })
}
