// How a value is written in a drawn tree, and what it means when it is expected: "text" exactly, /pattern/, * for
// anything, and everything else by its spelling, so that 7 is the number and the text.

export interface ValueExpectation {
  /** As it was written. */
  readonly text: string
  readonly matches: (value: unknown) => boolean
}

export function readValue(text: string): ValueExpectation {
  if (text === "*") return { text, matches: (value) => value !== undefined }
  const pattern = /^\/(.+)\/([a-z]*)$/s.exec(text)
  if (pattern !== null) {
    const regExp = patternOf(pattern[1]!, pattern[2]!)
    if (regExp !== undefined) return { text, matches: (value) => regExp.test(spell(value)) }
  }
  const quoted = unquote(text)
  if (quoted !== undefined)
    return {
      text,
      matches: (value) => value === quoted || (typeof value !== "string" && spell(value) === quoted),
    }
  return { text, matches: (value) => value !== undefined && spell(value) === text }
}

function patternOf(source: string, flags: string): RegExp | undefined {
  try {
    return new RegExp(source, flags.replaceAll(/[gy]/g, ""))
  } catch {
    return undefined // a path such as /a/b(
  }
}

function unquote(text: string): string | undefined {
  if (!text.startsWith('"')) return undefined
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === "string" ? value : undefined
  } catch {
    return undefined
  }
}

/** Plain text as it is, everything else as JSON. */
export function spell(value: unknown): string {
  if (typeof value === "string") return value
  if (value === undefined) return ""
  if (typeof value === "bigint") return String(value)
  if (value instanceof Uint8Array) return Buffer.from(value).toString("hex")
  try {
    return (
      JSON.stringify(value, (_, inner: unknown) => (typeof inner === "bigint" ? String(inner) : inner)) ??
      String(value)
    )
  } catch {
    return String(value)
  }
}

/** So that reading it again gives the same value, in quotes only where it must be. */
export function writeValue(value: unknown): string {
  const text = spell(value)
  const isAmbiguous =
    text === "" ||
    text === "*" ||
    /^\/.+\/[a-z]*$/s.test(text) ||
    text.startsWith('"') ||
    / {2}|[\n\r\t]|^ | $/.test(text)
  return typeof value === "string" && isAmbiguous ? JSON.stringify(text) : text
}

/** For messages: text in quotes. */
export const showValue = (value: unknown): string =>
  value === undefined ? "not there" : typeof value === "string" ? JSON.stringify(value) : spell(value)
