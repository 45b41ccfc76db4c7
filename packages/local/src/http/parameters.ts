// What a request asks for, out of its query string: every name is known, every value checked, nothing is SQL.
import { LocalError } from "../local-error.ts"
import { type Level, badFilter, levels } from "../read/filter.ts"

export interface Parameters {
  text(name: string): string | undefined
  list(name: string): string[] | undefined
  number(name: string): number | undefined
  oneOf<Value extends string>(name: string, values: readonly Value[]): Value | undefined
  levels(name: string): Level[] | undefined
  /** `attr.http.route=/cart` and the like: what follows the prefix, with its value. */
  prefixed(prefix: string): Record<string, string> | undefined
}

/** Throws for a name that is not among `names`: a misspelled filter must not show everything. */
export function readParameters(search: URLSearchParams, names: readonly string[]): Parameters {
  for (const name of search.keys()) {
    const prefix = names.find((known) => known.endsWith(".") && name.startsWith(known) && name !== known)
    if (prefix === undefined && (name.endsWith(".") || !names.includes(name))) {
      throw new LocalError(
        "BAD_REQUEST",
        `there is no parameter ${JSON.stringify(name.slice(0, 100))}; there are ${names.join(", ")}`,
      )
    }
  }
  const text = (name: string) => {
    const value = search.get(name)
    return value === null || value === "" ? undefined : value
  }
  const list = (name: string) => {
    const values = search.getAll(name).filter((value) => value !== "")
    return values.length === 0 ? undefined : values
  }
  return {
    text,
    list,
    number(name) {
      const value = text(name)
      if (value === undefined) return undefined
      if (/^-?\d{1,15}(\.\d{1,9})?$/.test(value)) return Number(value)
      throw badFilter(name, value, "a number")
    },
    oneOf(name, values) {
      const value = text(name)
      if (value === undefined) return undefined
      const found = values.find((one) => one === value)
      if (found === undefined) throw badFilter(name, value, `one of ${values.join(", ")}`)
      return found
    },
    levels(name) {
      return list(name)?.map((value) => {
        const found = levels.find((level) => level === value.toLowerCase())
        if (found === undefined) throw badFilter(name, value, `one of ${levels.join(", ")}`)
        return found
      })
    },
    prefixed(prefix) {
      const pairs = [...search].filter(([name]) => name.startsWith(prefix) && name !== prefix)
      if (pairs.length === 0) return undefined
      return Object.fromEntries(pairs.map(([name, value]) => [name.slice(prefix.length), value]))
    },
  }
}
