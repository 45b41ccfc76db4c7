// Which bodies are captured, by their content type, and as which characters they are read.

/** The charset of a body that is captured; undefined for one that is not. */
export type CharsetOf = (contentType: string | undefined) => string | undefined

const mostKept = 200

/** @param types In lower case; a `*` stands for any characters. */
export function createCharsetOf(types: readonly string[]): CharsetOf {
  const anyOf = types.map((type) => type.replace(/[.+?^${}()|[\]\\]/g, "\\$&").replaceAll("*", ".*"))
  const allowed = new RegExp(`^(?:${anyOf.join("|")})$`)
  const kept = new Map<string, string | undefined>()
  return (contentType) => {
    if (contentType === undefined) return undefined
    if (kept.has(contentType)) return kept.get(contentType)
    const [type = "", ...parameters] = contentType.toLowerCase().split(";")
    // The fields of multipart stand in no form that secrets are known in.
    const isAllowed = allowed.test(type.trim()) && !type.startsWith("multipart/")
    const charset = isAllowed ? charsetIn(parameters) : undefined
    if (kept.size >= mostKept) kept.clear() // whoever asks may write anything into it
    kept.set(contentType, charset)
    return charset
  }
}

function charsetIn(parameters: readonly string[]): string {
  for (const parameter of parameters) {
    const [name, value] = parameter.split("=")
    if (name!.trim() === "charset" && value !== undefined) return value.replaceAll('"', "").trim()
  }
  return "utf-8"
}
