// One trace as a waterfall: a line for each span, and beside it everything about the chosen one.
import type { Span, Trace } from "../read/trace.ts"
import { type PlacedSpan, placeSpans } from "../show/span-tree.ts"
import { duration, millisOf } from "../show/values.ts"
import { spellTime } from "../show/local-time.ts"
import { get } from "./api.ts"
import { element, roving } from "./element.ts"
import { logList } from "./log-list.ts"
import { type Place, changed, linkTo } from "./place.ts"
import { spanDetails } from "./span-details.ts"
import { plural } from "./spell.ts"

// More lines at once make browsers slow; the rest comes with a button.
const linesAtOnce = 1_000

export async function showTrace(place: Place, signal: AbortSignal): Promise<Node[]> {
  const path = `/api/traces/${encodeURIComponent(place.part)}`
  const trace = await get<Trace>(path, new URLSearchParams(), signal)
  const placed = placeSpans(trace.spans)
  const first = placed[0]?.span
  const start = Math.min(...trace.spans.map(({ time }) => millisOf(time)))
  const end = Math.max(...trace.spans.map(({ time, durationMs }) => millisOf(time) + durationMs))
  const total = Math.max(end - start, 0.001)
  const services = [...new Set(trace.spans.map(({ service }) => service))]
  const failed = trace.spans.filter(({ status }) => status === "Error").length
  const head = element(
    "div",
    { class: "title" },
    element("h1", { title: first?.name }, first?.name || "Trace"),
    element(
      "p",
      {},
      first !== undefined && `${spellTime(first.time)} · ${duration(total)} · `,
      `${plural(trace.spans.length, "span")} · ${plural(trace.logs.length, "log")}`,
      failed > 0 && element("span", { class: "tag bad" }, `${failed} failed`),
      " ",
      element("code", {}, trace.traceId),
    ),
    trace.truncated && element("p", { class: "notice" }, "It is longer than what is shown here."),
  )
  if (first === undefined) return [head, element("h2", {}, "Logs"), logList(trace.logs, place)]

  const details = element("aside", { class: "details", "aria-label": "The chosen span", tabindex: -1 })
  const rows = new Map<Span, HTMLElement>()
  let chosen: Span | undefined
  const choose = (span: Span) => {
    if (span === chosen) return
    if (chosen !== undefined) rows.get(chosen)?.setAttribute("aria-selected", "false")
    rows.get(span)?.setAttribute("aria-selected", "true")
    chosen = span
    details.replaceChildren(...spanDetails(span, trace, millisOf(span.time) - start))
    // Not a new place to go back to, but the same again when it is passed on.
    history.replaceState(
      null,
      "",
      linkTo("trace", changed(place.search, { span: span.spanId }), trace.traceId),
    )
  }
  const lines = placed.map(({ span, depth, times }) => {
    const offset = (millisOf(span.time) - start) / total
    const row = line({ span, depth, times }, services, offset, span.durationMs / total)
    row.addEventListener("click", () => choose(span))
    row.addEventListener("focus", () => choose(span))
    row.addEventListener("keydown", ({ key }) => {
      if (key === "Enter" || key === "ArrowRight") details.focus()
    })
    rows.set(span, row)
    return row
  })
  details.addEventListener("keydown", ({ key, target }) => {
    const back = key === "Escape" || (key === "ArrowLeft" && target === details)
    if (back && chosen !== undefined) rows.get(chosen)?.focus()
  })
  const list = element(
    "div",
    { class: "waterfall", role: "listbox", "aria-label": "Spans, by when they began" },
    lines.slice(0, linesAtOnce),
  )
  roving(list, ".span", "ArrowUp", "ArrowDown")
  if (lines.length > linesAtOnce) {
    const all = element("button", { type: "button" }, `Show ${lines.length - linesAtOnce} more spans`)
    all.addEventListener("click", () => all.replaceWith(...lines.slice(linesAtOnce)))
    list.append(all)
  }
  const wanted = place.search.get("span")
  choose(trace.spans.find(({ spanId }) => spanId === wanted) ?? first)
  const ruler = element(
    "div",
    { class: "ruler", "aria-hidden": "true" },
    [0, 0.25, 0.5, 0.75, 1].map((share) => {
      const mark = element("span", {}, duration(total * share))
      mark.style.left = `${share * 100}%`
      return mark
    }),
  )
  const left = element(
    "div",
    { class: "timeline" },
    element("div", { class: "span-head" }, element("span", {}, "span"), ruler),
    list,
  )
  const logs = trace.logs.length === 0 ? [] : [element("h2", {}, "Logs"), logList(trace.logs, place)]
  return [head, element("div", { class: "split" }, element("div", {}, left, ...logs), details)]
}

function line(
  { span, depth, times }: PlacedSpan,
  services: readonly string[],
  offset: number,
  share: number,
): HTMLElement {
  const colour = `service-${services.indexOf(span.service) % 8}`
  const failed = span.status === "Error"
  const name = element(
    "span",
    { class: "name" },
    element("i", { class: `dot ${colour}` }),
    element(
      "span",
      { class: "text" },
      failed && element("b", { class: "bad" }, "! "),
      times > 1 && `${times} × `,
      span.name || "(without a name)",
    ),
    element("small", {}, span.service),
  )
  name.style.setProperty("--depth", String(Math.min(depth, 24)))
  const bar = element("span", { class: `took ${failed ? "failed" : colour}` })
  bar.style.left = `${Math.min(offset, 0.998) * 100}%`
  bar.style.width = `${Math.min(share, 1 - offset) * 100}%`
  const label = element("span", { class: "label" }, duration(span.durationMs))
  // Behind the bar, or in front of it, or in it: where there is space.
  if (offset + share <= 0.85) label.style.left = `${(offset + share) * 100}%`
  else if (offset > 0.15) label.style.right = `${(1 - offset) * 100}%`
  else {
    label.classList.add("inside")
    label.style.right = `${Math.max(0, 1 - offset - share) * 100}%`
  }
  return element(
    "div",
    { class: failed ? "span failed" : "span", role: "option", tabindex: -1, "aria-selected": "false" },
    name,
    element("span", { class: "track" }, bar, label),
  )
}
