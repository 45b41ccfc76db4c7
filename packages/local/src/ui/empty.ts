// What stands where nothing is: which time was looked at, and what to do.
import { element } from "./element.ts"
import { changed, defaultRange, linkTo, readPlace } from "./place.ts"
import { spellRange } from "./spell.ts"

export function nothingHere(what: string, search: URLSearchParams): HTMLElement {
  const place = readPlace(location.hash)
  const from = search.get("from") ?? defaultRange
  const filtered = [...search.keys()].some((name) => !["from", "to", "live"].includes(name))
  const when = search.has("to") ? "in the chosen time" : `in the last ${spellRange(from)}`
  const anew = (text: string, to: string) => element("a", { class: "button", href: to }, text)
  return element(
    "div",
    { class: "notice" },
    element("p", {}, filtered ? `No ${what} ${when} match the filters.` : `No ${what} ${when}.`),
    element(
      "p",
      {},
      from !== "7d" &&
        anew("Look at the last 7 days", linkTo(place.view, changed(search, { from: "7d", to: undefined }))),
      filtered && anew("Without filters", linkTo(place.view, { from: search.get("from") ?? undefined })),
    ),
    !filtered &&
      element(
        "p",
        {},
        "Senders reach this ClickStack by OTLP over HTTP on port 4318, or gRPC on 4317, unless it was started with others: see its terminal.",
      ),
  )
}
