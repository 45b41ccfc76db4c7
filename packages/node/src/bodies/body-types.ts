// Which bodies are captured, by their content type, and as which characters they are read.
import { remembered } from "../remembered.ts"

/** The charset of a body that is captured; undefined for one that is not. */
export type CharsetOf = (contentType: string | undefined) => string | undefined

/** @param types In lower case; a `*` stands for any characters. */
export function createCharsetOf(types: readonly string[]): CharsetOf {
  const anyOf = types.map((type) => type.replace(/[.+?^${}()|[\]\\]/g, "\\$&").replaceAll("*", ".*"))
  const allowed = new RegExp(`^(?:${anyOf.join("|")})$`)
  const find = (contentType: string): string | undefined => {
    const [type = "", ...parameters] = contentType.toLowerCase().split(";")
    // The fields of multipart stand in no form that secrets are known in.
    const isAllowed = allowed.test(type.trim()) && !type.startsWith("multipart/")
    return isAllowed ? charsetIn(parameters) : undefined
  }
  // Bounded, since whoever asks may write anything into it.
  const charsetOf = remembered(find, { most: 200 })
  return (contentType) => (contentType === undefined ? undefined : charsetOf(contentType))
}

function charsetIn(parameters: readonly string[]): string {
  for (const parameter of parameters) {
    const [name, value] = parameter.split("=")
    if (name!.trim() === "charset" && value !== undefined) return value.replaceAll('"', "").trim()
  }
  return "utf-8"
}
