// Counts as bars, each of a few groups on top of each other. A bar is a link to what it counts.
import { element, roving } from "./element.ts"
import { spellShort } from "./spell.ts"

interface Bar {
  /** What it counts, in words. */
  readonly label: string
  readonly href: string
  readonly counts: Readonly<Record<string, number>>
}

export interface BarChart {
  readonly title: string
  readonly bars: readonly Bar[]
  /** From the bottom up; the name of a group also says its colour, in style.css. */
  readonly groups: readonly string[]
  /** Words under the left end, the middle and the right end. */
  readonly axis: readonly string[]
}

const sum = (bar: Bar): number => Object.values(bar.counts).reduce((all, count) => all + count, 0)

export function barChart({ title, bars, groups, axis }: BarChart): HTMLElement {
  const most = Math.max(1, ...bars.map(sum))
  const seen = groups.filter((group) => bars.some(({ counts }) => (counts[group] ?? 0) > 0))
  const columns = bars.map((bar) => {
    const counted = groups.filter((group) => (bar.counts[group] ?? 0) > 0)
    const told = counted.map((group) => `${spellShort(bar.counts[group] ?? 0)} ${group}`).join(", ")
    const label = `${bar.label}: ${told || "nothing"}`
    const column = element("a", {
      class: "bar",
      href: bar.href,
      title: label,
      "aria-label": label,
      tabindex: -1,
    })
    for (const group of counted) {
      const part = element("span", { class: `part group-${group}` })
      part.style.height = `${((bar.counts[group] ?? 0) / most) * 100}%`
      column.append(part)
    }
    return column
  })
  const plot = element("div", { class: "bars" }, columns)
  roving(plot, ".bar", "ArrowLeft", "ArrowRight")
  return element(
    "figure",
    { class: "chart" },
    element(
      "figcaption",
      {},
      element("span", {}, title),
      element(
        "span",
        { class: "legend" },
        seen.map((group) =>
          element("span", { class: "key" }, element("i", { class: `group-${group}` }), group),
        ),
      ),
      element("span", { class: "most" }, `most ${spellShort(most)}`),
    ),
    plot,
    element(
      "div",
      { class: "axis" },
      axis.map((word) => element("span", {}, word)),
    ),
  )
}
