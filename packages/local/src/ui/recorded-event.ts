// What an event of a session's recording is, in words. The numbers are rrweb's.

const kinds = ["page ready", "page loaded", "whole page", "change", "page", "custom", "plug-in"]
const sources = [
  "elements changed",
  "pointer moved",
  "pointer pressed",
  "scrolled",
  "window resized",
  "typed",
  "touched",
  "media played",
  "style changed",
  "drawn on canvas",
  "font loaded",
  "logged",
  "dragged",
  "style declared",
  "selected",
]

export function describeEvent(json: string): { kind: string; what: string } {
  const event = parse(json) as { type?: unknown; data?: unknown } | null | undefined
  const type = event?.type
  const data = (typeof event?.data === "object" && event.data !== null ? event.data : {}) as Record<
    string,
    unknown
  >
  const kind = typeof type === "number" ? (kinds[type] ?? "unknown") : "unknown"
  if (kind === "page")
    return { kind, what: `${text(data["href"])} ${text(data["width"])} × ${text(data["height"])}` }
  if (kind === "change") return { kind, what: sources[Number(data["source"])] ?? "" }
  return { kind, what: kind === "custom" ? text(data["tag"]) : "" }
}

function parse(json: string): unknown {
  try {
    return JSON.parse(json)
  } catch {
    return undefined
  }
}

const text = (value: unknown): string =>
  typeof value === "string" || typeof value === "number" ? String(value) : ""
