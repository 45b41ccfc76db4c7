// Names in one cell: the first ones, how many more there are, and all of them when the pointer rests there.
import { element } from "./element.ts"

const shown = 4

export function fewNames(names: readonly string[]): HTMLElement {
  const more = names.length - shown
  const text = more > 1 ? `${names.slice(0, shown).join(", ")} and ${more} more` : names.join(", ")
  return element("span", { class: "few", title: more > 1 && names.join(", ") }, text)
}
