// The services that sent anything: how many requests, how many failed, how long they took.
import type { Service } from "../read/services.ts"
import { duration } from "../show/values.ts"
import { get } from "./api.ts"
import { nothingHere } from "./empty.ts"
import { element } from "./element.ts"
import { listTable } from "./list-table.ts"
import { type Place, linkTo, queryOf, rangeOf } from "./place.ts"
import { spellCount } from "./spell.ts"

export async function showServices({ search }: Place, signal: AbortSignal): Promise<Node[]> {
  const range = rangeOf(search)
  const { services } = await get<{ services: Service[] }>("/api/services", queryOf(range), signal)
  if (services.length === 0) return [element("h1", {}, "Services"), nothingHere("services", search)]
  const link = (view: string, more: Record<string, string>, text: string | number) =>
    element("a", { href: linkTo(view, { ...Object.fromEntries(range), ...more }) }, text)
  const rows = services.map((service) => {
    const { name, requests, errors } = service
    const rate = requests === 0 ? 0 : errors / requests
    return element(
      "tr",
      {},
      element("th", { scope: "row" }, link("traces", { service: name }, name || "(without a name)")),
      element("td", { class: "number" }, requests === 0 ? "–" : spellCount(requests)),
      element(
        "td",
        { class: "number" },
        errors === 0
          ? requests === 0
            ? "–"
            : "0 %"
          : element(
              "span",
              { class: "bad" },
              link(
                "traces",
                { service: name, status: "error" },
                `${(rate * 100).toFixed(rate < 0.1 ? 1 : 0)} %`,
              ),
            ),
      ),
      element("td", { class: "number" }, requests === 0 ? "–" : duration(service.p50Ms)),
      element("td", { class: "number" }, requests === 0 ? "–" : duration(service.p95Ms)),
      element(
        "td",
        { class: "number" },
        service.spans === 0 ? "–" : link("traces", { service: name }, spellCount(service.spans)),
      ),
      element(
        "td",
        { class: "number" },
        service.logs === 0 ? "–" : link("logs", { service: name }, spellCount(service.logs)),
      ),
    )
  })
  const heads = ["requests", "failed", "median", "95 % below", "spans", "logs"]
  return [
    element("h1", {}, "Services"),
    listTable(
      ["service", ...heads.map((head) => element("th", { scope: "col", class: "number" }, head))],
      rows,
    ),
  ]
}
