// What stands under a secret's key, with every text in it hidden. Numbers and booleans stay: a count of tokens is no
// token. An object that is neither a list nor plain is hidden as a whole.
export const hidden = "[REDACTED]"

const deepest = 20

export function hideTexts(value: unknown, depth = 0): unknown {
  if (typeof value === "string") return value === "" ? "" : hidden
  if (typeof value !== "object" || value === null) return value
  if (depth >= deepest) return hidden
  try {
    if (Array.isArray(value)) return value.map((one) => hideTexts(one, depth + 1))
    const prototype = Object.getPrototypeOf(value) as unknown
    if (prototype !== null && prototype !== Object.prototype) return hidden
    if (typeof (value as { toJSON?: unknown }).toJSON === "function") return hidden
    const made: [string, unknown][] = []
    for (const name of Object.keys(value)) {
      made.push([name, hideTexts((value as Record<string, unknown>)[name], depth + 1)])
    }
    return Object.fromEntries(made)
  } catch {
    return hidden
  }
}
