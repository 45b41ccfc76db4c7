// Which metrics there are, and one of them as charts.
import type { MetricInfo, MetricKind, MetricPoint } from "../read/metrics.ts"
import { get } from "./api.ts"
import { element } from "./element.ts"
import { nothingHere } from "./empty.ts"
import { fewNames } from "./few-names.ts"
import { momentOf } from "./histogram.ts"
import { lineChart } from "./line-chart.ts"
import { listTable } from "./list-table.ts"
import { type Place, changed, defaultRange, linkTo, queryOf, rangeOf } from "./place.ts"
import { chartsOf } from "./series.ts"
import { plural } from "./spell.ts"

const mostPoints = 10_000

export async function showMetrics({ search }: Place, signal: AbortSignal): Promise<Node[]> {
  const { metrics } = await get<{ metrics: MetricInfo[] }>("/api/metrics", queryOf(rangeOf(search)), signal)
  if (metrics.length === 0) return [element("h1", {}, "Metrics"), nothingHere("metrics", rangeOf(search))]
  const wanted = element("input", {
    id: "filter-text",
    type: "search",
    placeholder: "Only with this in their name",
    "aria-label": "Only with this in their name",
  })
  const rows = metrics.map((metric) => ({
    metric,
    row: element(
      "tr",
      {},
      element(
        "th",
        { scope: "row" },
        element(
          "a",
          { href: linkTo("metrics", changed(rangeOf(search), { kind: metric.kind }), metric.name) },
          metric.name,
        ),
      ),
      element("td", { class: "kind" }, metric.kind.replace("_", " ")),
      element("td", {}, metric.unit),
      element("td", { class: "services" }, fewNames(metric.services)),
      element("td", { class: "wide" }, metric.description),
    ),
  }))
  wanted.addEventListener("input", () => {
    const text = wanted.value.toLowerCase()
    for (const { metric, row } of rows) row.hidden = !metric.name.toLowerCase().includes(text)
  })
  return [
    element("h1", {}, "Metrics"),
    element(
      "form",
      { class: "filters", role: "search", submit: (event: Event) => event.preventDefault() },
      wanted,
    ),
    listTable(
      ["metric", "kind", "unit", "services", "description"],
      rows.map(({ row }) => row),
    ),
  ]
}

export async function showMetric(place: Place, signal: AbortSignal): Promise<Node[]> {
  const { part, search } = place
  const query = changed(queryOf(search), { limit: String(mostPoints) })
  const [{ metrics }, { points }] = await Promise.all([
    get<{ metrics: MetricInfo[] }>("/api/metrics", queryOf(rangeOf(search)), signal),
    get<{ points: MetricPoint[] }>(`/api/metrics/${encodeURIComponent(part)}`, query, signal),
  ])
  const kind = search.get("kind") ?? ""
  const metric = metrics.find((one) => one.name === part && one.kind === kind)
  const head = element(
    "div",
    { class: "title" },
    element("h1", {}, part),
    element("p", {}, [kind.replace("_", " "), metric?.unit, metric?.description].filter(Boolean).join(" · ")),
  )
  if (points.length === 0) return [head, nothingHere("points", rangeOf(search))]
  const now = Date.now()
  const to = momentOf(search.get("to") ?? String(now), now)
  const first = Date.parse(points[0]?.time ?? "")
  // Where more were stored than are read, the chart begins with what was.
  const cut = points.length >= mostPoints
  const from = cut ? first : momentOf(search.get("from") ?? defaultRange, now)
  const charts = chartsOf(kind as MetricKind, metric?.unit ?? "", points)
  return [
    head,
    ...charts.map((chart) => lineChart(chart, from, to)),
    element(
      "p",
      { class: "notice" },
      cut ? `The newest ${plural(points.length, "point")} of this time.` : plural(points.length, "point"),
    ),
  ]
}
