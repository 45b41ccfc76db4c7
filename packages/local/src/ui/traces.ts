// Traces, newest first, with what says when they were and how long they took.
import type { DurationBucket } from "../read/durations.ts"
import type { TraceSummary } from "../read/traces.ts"
import { counted, duration } from "../show/values.ts"
import { spellTime } from "../show/local-time.ts"
import { get, serviceNames } from "./api.ts"
import { barChart } from "./bar-chart.ts"
import { element } from "./element.ts"
import { nothingHere } from "./empty.ts"
import { fewNames } from "./few-names.ts"
import { filterBar } from "./filter-bar.ts"
import { type CountedOverTime, histogram } from "./histogram.ts"
import { type Place, changed, linkTo, queryOf, rangeOf, readPlace } from "./place.ts"

const most = 100

export async function showTraces(place: Place, signal: AbortSignal): Promise<Node[]> {
  const { search } = place
  const query = queryOf(search)
  const [{ traces }, overTime, durations, services] = await Promise.all([
    get<{ traces: TraceSummary[] }>("/api/traces", changed(query, { limit: String(most) }), signal),
    get<CountedOverTime>("/api/histogram/traces", changed(query, { by: "status" }), signal),
    get<{ buckets: DurationBucket[] }>("/api/histogram/durations", query, signal),
    serviceNames(search),
  ])
  const bar = filterBar({
    place,
    services,
    searchIn: "Search names, messages and attributes",
    choices: [
      {
        name: "status",
        label: "any status",
        values: [
          ["error", "failed"],
          ["ok", "marked ok"],
          ["unset", "not marked"],
        ],
      },
    ],
    numbers: [
      { name: "minDurationMs", label: "at least ms" },
      { name: "maxDurationMs", label: "below ms" },
    ],
  })
  const head = [element("h1", {}, "Traces"), bar]
  if (traces.length === 0) return [...head, nothingHere("traces", search)]
  const charts = element(
    "div",
    { class: "charts" },
    histogram("Spans over time", place, overTime, ["ok", "error"], (group) =>
      group === "Error" ? "error" : "ok",
    ),
    durationChart(place, durations.buckets),
  )
  return [...head, charts, traceTable(traces), traces.length >= most && more()].filter((one) => one !== false)
}

const more = () =>
  element(
    "p",
    { class: "notice" },
    `These are the newest ${most}; narrow the time or the filters to see others.`,
  )

function durationChart(place: Place, buckets: readonly DurationBucket[]): HTMLElement {
  const [first] = buckets
  const end = buckets.at(-1)?.toMs ?? 0
  const bars = []
  // The ones that nothing fell into, too: each is twice the one before.
  let from = first?.fromMs ?? 0
  for (let to = first?.toMs ?? Infinity; to <= end; to *= 2) {
    const { count = 0, errors = 0 } = buckets.find(({ toMs }) => toMs === to) ?? {}
    bars.push({
      label: `${duration(from)} to ${duration(to)}`,
      href: linkTo(
        place.view,
        changed(place.search, { minDurationMs: String(from), maxDurationMs: String(to) }),
      ),
      counts: { ok: count - errors, error: errors },
    })
    from = to
  }
  const axis = first === undefined ? [] : [duration(first.fromMs), duration(end)]
  return barChart({ title: "Spans by duration", bars, groups: ["ok", "error"], axis })
}

export function traceTable(traces: readonly TraceSummary[]): HTMLElement {
  const slowest = Math.max(...traces.map(({ durationMs }) => durationMs), 0.001)
  const range = rangeOf(readPlace(location.hash).search)
  const rows = traces.map((trace) => {
    const bar = element("span", { class: trace.errors > 0 ? "length failed" : "length" })
    bar.style.width = `${Math.max(1, (trace.durationMs / slowest) * 100)}%`
    return element(
      "tr",
      {},
      element("td", { class: "time" }, spellTime(trace.time)),
      element(
        "th",
        { scope: "row" },
        element(
          "a",
          { class: "few", title: trace.name, href: linkTo("trace", range, trace.traceId) },
          trace.name || "(without a name)",
        ),
        trace.errors > 0 && element("span", { class: "tag bad" }, counted(trace.errors, "error")),
      ),
      element(
        "td",
        { class: "services" },
        fewNames([trace.service, ...trace.services.filter((name) => name !== trace.service)]),
      ),
      element("td", { class: "number spans" }, trace.spans),
      element("td", { class: "took" }, element("span", { class: "number" }, duration(trace.durationMs)), bar),
    )
  })
  return element(
    "table",
    { class: "list traces" },
    element(
      "thead",
      {},
      element(
        "tr",
        {},
        ["time", "trace", "services"].map((head) => element("th", { scope: "col" }, head)),
        element("th", { scope: "col", class: "number" }, "spans"),
        element("th", { scope: "col" }, "took"),
      ),
    ),
    element("tbody", {}, rows),
  )
}
