// The filters of a list: what is chosen goes into the address, and from there into the question to the API.
import { element } from "./element.ts"
import { type Place, changed, linkTo, readPlace } from "./place.ts"

export interface FilterBar {
  readonly place: Place
  readonly services: readonly string[]
  readonly searchIn: string
  /** Parameters that have one value of a few. */
  readonly choices: readonly { name: string; label: string; values: readonly (readonly [string, string])[] }[]
  /** Parameters that are numbers. */
  readonly numbers?: readonly { name: string; label: string }[]
}

export function filterBar(bar: FilterBar, ...more: readonly (Node | undefined)[]): HTMLElement {
  const { place, services } = bar
  const { search, view } = place
  const go = (values: Parameters<typeof changed>[1]) => {
    // Not from `search`: what was chosen a moment ago may be under way still.
    location.hash = linkTo(view, changed(readPlace(location.hash).search, values))
  }
  const chosen = ({ target }: Event) => {
    const { name, value } = target as HTMLSelectElement
    go({ [name]: value })
  }
  const select = (name: string, label: string, values: readonly (readonly [string, string])[]) => {
    const now = search.get(name) ?? ""
    const unlisted = now === "" || values.some(([value]) => value === now) ? [] : [[now, now] as const]
    return element(
      "select",
      { id: `filter-${name}`, name, "aria-label": label, change: chosen },
      [["", label] as const, ...unlisted, ...values].map(([value, text]) =>
        element("option", { value, selected: value === now }, text),
      ),
    )
  }
  const text = element("input", {
    id: "filter-text",
    type: "search",
    name: "text",
    placeholder: bar.searchIn,
    "aria-label": bar.searchIn,
    title: "/ puts the cursor here",
    value: search.get("text") ?? "",
  })
  const attribute = element("input", {
    id: "filter-attribute",
    type: "text",
    placeholder: "attribute=value",
    "aria-label": "An attribute and its value, as in http.route=/cart",
    size: 22,
  })
  const numbers = (bar.numbers ?? []).map(({ name, label }) =>
    element("input", {
      id: `filter-${name}`,
      type: "number",
      name,
      min: 0,
      step: "any",
      placeholder: label,
      "aria-label": label,
      value: search.get(name) ?? "",
    }),
  )
  const submit = (event: SubmitEvent) => {
    event.preventDefault()
    const [, key = "", value = ""] = /^\s*([^=]+?)\s*=\s*(.*?)\s*$/s.exec(attribute.value) ?? []
    attribute.value = ""
    go({
      text: text.value,
      ...Object.fromEntries(numbers.map((input) => [input.name, input.value])),
      ...(key === "" ? {} : { [`attr.${key}`]: value }),
    })
  }
  return element(
    "form",
    { class: "filters", role: "search", submit, "aria-label": "Filters" },
    text,
    select(
      "service",
      "every service",
      // What came without a name cannot be asked for: an empty value is every service.
      services.filter((name) => name !== "").map((name) => [name, name] as const),
    ),
    bar.choices.map(({ name, label, values }) => select(name, label, values)),
    numbers,
    attribute,
    element("button", { type: "submit" }, "Search"),
    more.filter((one) => one !== undefined),
    chips(place),
  )
}

/** The filters that have no field of their own, each with a way to let go of it. */
function chips({ search, view }: Place): HTMLElement[] {
  const names = [...new Set(search.keys())].filter(
    (name) => /^(attr|resource)\./.test(name) || ["trace", "span", "name"].includes(name),
  )
  return names.map((name) =>
    element(
      "a",
      {
        class: "chip",
        href: linkTo(view, changed(search, { [name]: undefined })),
        "aria-label": `Remove the filter ${name}`,
      },
      element(
        "span",
        {},
        name.replace(/^(attr|resource)\./, (kind) => (kind === "attr." ? "" : "resource ")),
      ),
      "=",
      element("strong", {}, search.get(name) ?? ""),
      " ×",
    ),
  )
}
