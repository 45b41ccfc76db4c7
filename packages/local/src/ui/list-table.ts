// A list of things, one row each, under a head for each column.
import { element } from "./element.ts"

/** A head is a text, or a cell that was made for it. */
export const listTable = (
  heads: readonly (string | HTMLElement)[],
  rows: readonly HTMLElement[],
): HTMLElement =>
  element(
    "table",
    { class: "list" },
    element(
      "thead",
      {},
      element(
        "tr",
        {},
        heads.map((head) => (typeof head === "string" ? element("th", { scope: "col" }, head) : head)),
      ),
    ),
    element("tbody", {}, rows),
  )
