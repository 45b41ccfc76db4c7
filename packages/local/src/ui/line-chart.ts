// Lines over time. Beside them stands what each of them is, with its value where the pointer is, or its last one.
import { element, shape } from "./element.ts"
import type { Chart, Series } from "./series.ts"
import { spellMoment, spellShort } from "./spell.ts"

// More lines cannot be told apart.
const mostLines = 24
const width = 1000
const height = 240

export function lineChart({ title, unit, series }: Chart, from: number, to: number): HTMLElement {
  const shown = series.toSorted((one, other) => peak(other) - peak(one)).slice(0, mostLines)
  const all = shown.flatMap(({ points }) => points.map(([, value]) => value)).filter(Number.isFinite)
  const low = Math.min(0, ...all)
  const high = niceAbove(Math.max(...all, low + 1e-9))
  const x = (at: number) => ((at - from) / Math.max(1, to - from)) * width
  const y = (value: number) => height - ((value - low) / (high - low)) * height
  const pointer = shape("line", { class: "pointer", y1: 0, y2: height, visibility: "hidden" })
  const plot = shape(
    "svg",
    {
      viewBox: `0 0 ${width} ${height}`,
      preserveAspectRatio: "none",
      role: "img",
      "aria-label": `${title} over time`,
    },
    [0, 0.25, 0.5, 0.75, 1].map((share) =>
      shape("line", { class: "grid", x1: 0, x2: width, y1: share * height, y2: share * height }),
    ),
    shown.map(({ points }, index) => {
      const path = points.map(([at, value]) => `${x(at).toFixed(1)},${y(value).toFixed(1)}`)
      // A lone point would be a line without length.
      const drawn =
        path.length === 1 ? [...path, `${x(points[0]?.[0] ?? 0) + 3},${path[0]?.split(",")[1]}`] : path
      return shape("polyline", { class: `line colour-${index % 8}`, points: drawn.join(" ") })
    }),
    pointer,
  )
  const values = shown.map(({ points }) =>
    element("td", { class: "number" }, valueOf(points.at(-1)?.[1], unit)),
  )
  const when = element("span", { class: "most" }, "")
  const showAt = (at: number | undefined) => {
    pointer.setAttribute("visibility", at === undefined ? "hidden" : "visible")
    if (at !== undefined) for (const end of ["x1", "x2"]) pointer.setAttribute(end, String(x(at)))
    when.textContent = at === undefined ? "" : spellMoment(at, 0)
    for (const [index, cell] of values.entries()) {
      const points = shown[index]?.points ?? []
      cell.textContent = valueOf((at === undefined ? points.at(-1) : nearest(points, at))?.[1], unit)
    }
  }
  plot.addEventListener("pointermove", ({ offsetX }) =>
    showAt(from + (offsetX / Math.max(1, plot.clientWidth)) * (to - from)),
  )
  plot.addEventListener("pointerleave", () => showAt(undefined))
  return element(
    "figure",
    { class: "chart lines" },
    element("figcaption", {}, element("span", {}, unit === "" ? title : `${title}, ${unit}`), when),
    element(
      "div",
      { class: "plot" },
      element(
        "div",
        { class: "scale", "aria-hidden": "true" },
        [high, (high + low) / 2, low].map((value) => element("span", {}, spellShort(value))),
      ),
      plot,
    ),
    element(
      "div",
      { class: "axis" },
      [from, (from + to) / 2, to].map((at) => element("span", {}, spellMoment(at, to - from))),
    ),
    element(
      "table",
      { class: "list series" },
      element(
        "tbody",
        {},
        shown.map(({ name }, index) =>
          element(
            "tr",
            {},
            element("th", { scope: "row" }, element("i", { class: `dot colour-${index % 8}` }), name),
            values[index],
          ),
        ),
      ),
    ),
    series.length > mostLines &&
      element("p", { class: "notice" }, `and ${series.length - mostLines} more with lower values`),
  )
}

const peak = ({ points }: Series): number => Math.max(...points.map(([, value]) => value))

const valueOf = (value: number | undefined, unit: string): string =>
  value === undefined ? "" : `${spellShort(value)}${/^[A-Za-z%]{1,3}$/.test(unit) ? ` ${unit}` : ""}`

function nearest(points: Series["points"], at: number): readonly [number, number] | undefined {
  let found = points[0]
  for (const point of points) if (Math.abs(point[0] - at) < Math.abs((found?.[0] ?? 0) - at)) found = point
  return found
}

/** The next number that begins with 1, 2, 2.5 or 5. */
function niceAbove(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value))
  return ([1, 2, 2.5, 5].find((step) => step * power >= value) ?? 10) * power
}
