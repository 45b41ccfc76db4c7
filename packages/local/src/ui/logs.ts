// Logs: found by text and filters, counted over time, read page by page, or followed as they come.
import type { LogPage } from "../read/logs.ts"
import { get, serviceNames } from "./api.ts"
import { element } from "./element.ts"
import { nothingHere } from "./empty.ts"
import { filterBar } from "./filter-bar.ts"
import { type CountedOverTime, histogram } from "./histogram.ts"
import { followLogs } from "./live-tail.ts"
import { logLine, logList } from "./log-list.ts"
import { type Place, changed, linkTo, queryOf } from "./place.ts"

const levels = ["fatal", "error", "warn", "info", "debug", "trace"] as const
const atOnce = "200"

export async function showLogs(place: Place, signal: AbortSignal): Promise<Node[]> {
  const { search } = place
  const isLive = search.has("live")
  const query = queryOf(search, "live")
  const page = changed(query, { limit: atOnce })
  const [{ logs, next }, counted, services] = await Promise.all([
    get<LogPage>("/api/logs", page, signal),
    get<CountedOverTime>("/api/histogram/logs", changed(query, { by: "level" }), signal),
    serviceNames(search),
  ])
  const bar = filterBar(
    {
      place,
      services,
      searchIn: "Search the text of logs",
      choices: [{ name: "level", label: "every level", values: levels.map((level) => [level, level]) }],
    },
    liveButton(place, isLive),
  )
  const list = logList(logs, place)
  const chart = histogram("Logs over time", place, counted, [...levels, "none"], (group) =>
    levels.some((level) => level === group) ? group : "none",
  )
  const head = [element("h1", {}, "Logs"), bar]
  if (isLive) {
    const state = element("p", { class: "live-state", role: "status" })
    followLogs({ search, list, state, place, signal })
    return [...head, state, list]
  }
  if (logs.length === 0) return [...head, nothingHere("logs", search)]
  return [...head, chart, list, ...(next === undefined ? [] : [olderButton(page, next, list, place, signal)])]
}

function liveButton(place: Place, isLive: boolean): HTMLElement | undefined {
  const { search, view } = place
  // The stream knows none of these.
  if ([...search.keys()].some((name) => /^(attr|resource)\.|^(span|to)$/.test(name))) return undefined
  return element(
    "a",
    {
      id: "live",
      class: "button",
      role: "button",
      "aria-pressed": String(isLive),
      href: linkTo(view, changed(search, { live: isLive ? undefined : "1" })),
    },
    isLive ? "■ Stop" : "▶ Live",
  )
}

function olderButton(
  page: URLSearchParams,
  first: string,
  list: HTMLElement,
  place: Place,
  signal: AbortSignal,
): HTMLElement {
  let next: string | undefined = first
  const button = element("button", { type: "button", class: "older" }, "Older logs")
  const load = async () => {
    button.disabled = true
    const older: LogPage = await get("/api/logs", changed(page, { to: next }), signal)
    list.append(...older.logs.map((log) => logLine(log, place)))
    next = older.next
    button.disabled = false
    if (next === undefined) button.remove()
  }
  button.addEventListener("click", () => {
    load().catch((error: Error) => {
      button.disabled = false
      button.textContent = `Older logs (${error.message})`
    })
  })
  return button
}
