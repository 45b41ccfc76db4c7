// Browser sessions: those that were recorded, and what is known of one of them.
import type { LogPage } from "../read/logs.ts"
import type { RecordedEvent, SessionSummary } from "../read/sessions.ts"
import type { TraceSummary } from "../read/traces.ts"
import { duration, millisOf } from "../show/values.ts"
import { spellTime } from "../show/local-time.ts"
import { get } from "./api.ts"
import { element } from "./element.ts"
import { nothingHere } from "./empty.ts"
import { logList } from "./log-list.ts"
import { listTable } from "./list-table.ts"
import { type Place, changed, linkTo, queryOf, rangeOf } from "./place.ts"
import { describeEvent } from "./recorded-event.ts"
import { plural } from "./spell.ts"
import { traceTable } from "./traces.ts"

export async function showSessions({ search }: Place, signal: AbortSignal): Promise<Node[]> {
  const { sessions } = await get<{ sessions: SessionSummary[] }>(
    "/api/sessions",
    queryOf(rangeOf(search)),
    signal,
  )
  if (sessions.length === 0)
    return [element("h1", {}, "Sessions"), nothingHere("recorded sessions", rangeOf(search))]
  return [
    element("h1", {}, "Sessions"),
    listTable(
      ["began", "session", "service", "lasted", "events"],
      sessions.map((session) =>
        element(
          "tr",
          {},
          element("td", { class: "time" }, spellTime(session.start)),
          element(
            "th",
            { scope: "row" },
            element("a", { href: linkTo("sessions", rangeOf(search), session.id) }, session.id),
          ),
          element("td", {}, session.service),
          element("td", {}, duration(millisOf(session.end) - millisOf(session.start))),
          element("td", {}, session.events),
        ),
      ),
    ),
  ]
}

export async function showSession(place: Place, signal: AbortSignal): Promise<Node[]> {
  const id = place.part
  const its = changed(new URLSearchParams({ from: "7d", limit: "100" }), { "resource.rum.sessionId": id })
  const [{ events }, { traces }, { logs }] = await Promise.all([
    get<{ events: RecordedEvent[] }>(
      `/api/sessions/${encodeURIComponent(id)}`,
      new URLSearchParams(),
      signal,
    ),
    get<{ traces: TraceSummary[] }>("/api/traces", its, signal),
    get<LogPage>("/api/logs", its, signal),
  ])
  const start = millisOf(events[0]?.time ?? "")
  return [
    element(
      "div",
      { class: "title" },
      element("h1", {}, "Session"),
      element(
        "p",
        {},
        element("code", {}, id),
        ` · ${plural(events.length, "recorded event")} · ${plural(traces.length, "trace")} · ${plural(logs.length, "log")}`,
      ),
    ),
    ...(traces.length === 0 ? [] : [element("h2", {}, "Traces"), traceTable(traces)]),
    ...(logs.length === 0 ? [] : [element("h2", {}, "Logs"), logList(logs, place)]),
    ...(events.length === 0
      ? []
      : [element("h2", {}, "Recorded"), eventTable(events.slice(0, 2_000), start)]),
  ]
}

const eventTable = (events: readonly RecordedEvent[], start: number): HTMLElement =>
  listTable(
    ["after", "event", "", element("th", { scope: "col", class: "number" }, "size")],
    events.map((event) => {
      const { kind, what } = describeEvent(event.json)
      return element(
        "tr",
        {},
        element("td", { class: "time" }, duration(Math.max(0, millisOf(event.time) - start))),
        element("th", { scope: "row" }, kind),
        element(
          "td",
          { class: "wide" },
          what,
          !event.complete && element("span", { class: "tag bad" }, "a part is missing"),
        ),
        element("td", { class: "number" }, plural(event.json.length, "character")),
      )
    }),
  )
