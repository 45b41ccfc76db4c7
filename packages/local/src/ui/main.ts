// The viewer: shows what the address says, asks again when it changes, and when a token is wanted asks for that.
import { ApiError, rememberToken } from "./api.ts"
import { element } from "./element.ts"
import { showLogs } from "./logs.ts"
import { showMetric, showMetrics } from "./metrics.ts"
import { type Place, changed, defaultRange, linkTo, rangeOf, readPlace } from "./place.ts"
import { showServices } from "./services.ts"
import { showSession, showSessions } from "./sessions.ts"
import { spellRange } from "./spell.ts"
import { startTheme } from "./theme.ts"
import { showTrace } from "./trace.ts"
import { showTraces } from "./traces.ts"

/** Resolves to what is shown; what goes on afterwards ends with the signal. */
type View = (place: Place, signal: AbortSignal) => Promise<Node[]>

const views: Readonly<Record<string, View>> = {
  services: showServices,
  traces: showTraces,
  trace: showTrace,
  logs: showLogs,
  metrics: (place, signal) => (place.part === "" ? showMetrics : showMetric)(place, signal),
  sessions: (place, signal) => (place.part === "" ? showSessions : showSession)(place, signal),
}

const tabs = ["services", "traces", "logs", "metrics", "sessions"] as const
const ranges = ["5m", "15m", "1h", "6h", "24h", "7d"]

const main = find("main")
let current = new AbortController()

async function show(): Promise<void> {
  current.abort()
  const { signal } = (current = new AbortController())
  const place = readPlace(location.hash)
  const focused = document.activeElement?.id
  const view = Object.hasOwn(views, place.view) ? views[place.view] : undefined
  showHeader(place)
  document.title = `${place.part || place.view} · ClickStack`
  main.setAttribute("aria-busy", "true")
  let content: Node[]
  try {
    if (view === undefined) throw new Error(`there is no view ${place.view}; choose one above`)
    content = await view(place, signal)
  } catch (error) {
    if (signal.aborted) return
    content = [failure(error)]
  }
  if (signal.aborted) return
  main.removeAttribute("aria-busy")
  const typing = document.activeElement
  main.replaceChildren(...content)
  const again = document.getElementById(typing?.id || focused || "")
  if (again === null || document.activeElement === again) return
  again.focus({ preventScroll: true })
  // What was typed while the answer was under way stays.
  if (
    typing instanceof HTMLInputElement &&
    again instanceof HTMLInputElement &&
    typing.value !== typing.defaultValue
  )
    again.value = typing.value
}

function showHeader(place: Place): void {
  const range = rangeOf(place.search)
  find("nav").replaceChildren(
    ...tabs.map((tab) => {
      const chosen = place.view === tab || (tab === "traces" && place.view === "trace")
      return element(
        "a",
        { id: `tab-${tab}`, href: linkTo(tab, range), "aria-current": chosen && "page" },
        tab,
      )
    }),
  )
  const from = place.search.get("from") ?? defaultRange
  const exact = place.search.has("to") || !ranges.includes(from)
  const choose = ({ target }: Event) => {
    const { value } = target as HTMLSelectElement
    if (value !== "")
      location.hash = linkTo(
        place.view,
        changed(place.search, { from: value, to: undefined }),
        place.part || undefined,
      )
  }
  // One trace and one session are shown whole, whenever they were.
  const isWhole = place.view === "trace" || (place.view === "sessions" && place.part !== "")
  find(".tools").replaceChildren(
    element(
      "select",
      { id: "range", "aria-label": "Time", hidden: isWhole, change: choose },
      exact && element("option", { value: "", selected: true }, "a chosen time"),
      ranges.map((value) =>
        element("option", { value, selected: !exact && value === from }, `last ${spellRange(value)}`),
      ),
    ),
    element(
      "button",
      { id: "refresh", type: "button", title: "Ask again (r)", click: () => void show() },
      "Refresh",
    ),
    element("button", { id: "theme", type: "button", title: "Light or dark", click: theme.turn }, "◐"),
  )
}

function failure(error: unknown): HTMLElement {
  if (error instanceof ApiError && error.status === 401) return signIn()
  const again =
    error instanceof ApiError &&
    element("p", {}, element("button", { type: "button", click: () => void show() }, "Ask again"))
  return element("div", { class: "notice error", role: "alert" }, (error as Error).message, again)
}

function signIn(): HTMLElement {
  const input = element("input", {
    id: "token",
    type: "password",
    autocomplete: "off",
    required: true,
    autofocus: true,
  })
  const submit = (event: SubmitEvent) => {
    event.preventDefault()
    rememberToken(input.value)
    void show()
  }
  return element(
    "form",
    { class: "sign-in", submit },
    element("h1", {}, "This ClickStack asks for a token"),
    element(
      "p",
      {},
      "It is the value of CLICKSTACK_LOCAL_TOKEN where it was started. It is kept until this tab is closed.",
    ),
    element("label", { for: "token" }, "Token"),
    input,
    element("button", { type: "submit", class: "main" }, "Show"),
  )
}

function find(selector: string): HTMLElement {
  const found = document.querySelector<HTMLElement>(selector)
  if (found === null) throw new Error(`the page has no ${selector}`)
  return found
}

const theme = startTheme()
find(".skip").addEventListener("click", (event) => {
  event.preventDefault()
  main.focus()
})
addEventListener("hashchange", () => void show())
addEventListener("keydown", (event) => {
  const typing = (event.target as Element).closest("input, select, textarea") !== null
  if (typing || event.ctrlKey || event.metaKey || event.altKey) return
  if (event.key === "r") void show()
  if (event.key === "/") {
    const search = document.querySelector<HTMLInputElement>("input[type=search]")
    if (search !== null) event.preventDefault()
    search?.focus()
  }
})
void show()
