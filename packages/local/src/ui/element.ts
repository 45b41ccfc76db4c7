// Elements out of data. Texts become text nodes and nothing else, attributes are named here and not by data, and links
// lead only into this page: whatever a span holds, none of it can act.

export type Child = Node | string | number | undefined | false | readonly Child[]

type Property = string | number | boolean | undefined | ((event: never) => void)
export type Properties = Readonly<Record<string, Property>>

export function element<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  properties: Properties = {},
  ...children: Child[]
): HTMLElementTagNameMap[Tag] {
  const made = document.createElement(tag)
  apply(made, properties)
  append(made, children)
  return made
}

export function shape<Tag extends keyof SVGElementTagNameMap>(
  tag: Tag,
  properties: Properties = {},
  ...children: Child[]
): SVGElementTagNameMap[Tag] {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag)
  apply(made, properties)
  append(made, children)
  return made
}

function apply(to: Element, properties: Properties): void {
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined || value === false) continue
    if (typeof value === "function") to.addEventListener(name, value as EventListener)
    else if (name === "href" && !String(value).startsWith("#/")) throw new Error("links stay on this page")
    else to.setAttribute(name, value === true ? "" : String(value))
  }
}

function append(to: Element, children: readonly Child[]): void {
  for (const child of children) {
    if (child === undefined || child === false) continue
    if (typeof child === "object" && !(child instanceof Node)) append(to, child)
    else to.append(child instanceof Node ? child : String(child))
  }
}

/** Arrow keys, Home and End move among items of which only one can be reached with Tab. */
export function roving(container: Element, selector: string, back: string, on: string): void {
  container.querySelector(selector)?.setAttribute("tabindex", "0")
  container.addEventListener("keydown", (event) => {
    const { key } = event as KeyboardEvent
    const items = [...container.querySelectorAll<HTMLElement | SVGElement>(selector)]
    const at = items.indexOf(document.activeElement as HTMLElement)
    if (at < 0) return
    const to = { [back]: at - 1, [on]: at + 1, Home: 0, End: items.length - 1 }[key]
    const next = to === undefined ? undefined : items[to]
    if (next === undefined) return
    event.preventDefault()
    items[at]?.setAttribute("tabindex", "-1")
    next.setAttribute("tabindex", "0")
    next.focus()
  })
}
