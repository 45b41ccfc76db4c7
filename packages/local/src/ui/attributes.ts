// Attributes as a table, each with a way to look for what has the same.
import { element } from "./element.ts"
import { linkTo, rangeOf, readPlace } from "./place.ts"

/** With a view, each value has a link that filters that view by it. */
export function attributeTable(
  attributes: Readonly<Record<string, string>>,
  view?: "traces" | "logs",
  prefix: "attr." | "resource." = "attr.",
): HTMLElement {
  const range = rangeOf(readPlace(location.hash).search)
  const rows = Object.entries(attributes).map(([key, value]) =>
    element(
      "tr",
      {},
      element("th", { scope: "row" }, key),
      element(
        "td",
        {},
        element("span", { class: "value" }, value),
        view !== undefined &&
          // An address has its limits.
          value.length <= 1_000 &&
          element(
            "a",
            {
              class: "same",
              href: linkTo(view, { ...Object.fromEntries(range), [`${prefix}${key}`]: value }),
              "aria-label": `Only ${view} with this ${key}`,
              title: `Only ${view} with this value`,
            },
            "filter",
          ),
      ),
    ),
  )
  return element("table", { class: "attributes" }, element("tbody", {}, rows))
}
