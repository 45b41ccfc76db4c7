// String. Length in bytes as a varint, then UTF-8: "ok" is 02 6F 6B.
import { spell } from "../spell.ts"
import type { Column } from "./column.ts"

export const string: Column<string> = {
  type: "String",
  write(out, values) {
    for (let index = 0; index < values.length;) {
      const value = values[index]
      const start = out.length
      out.string(typeof value === "string" ? value : spell(value))
      const next = endOfRun(values, index)
      if (next > index + 1) out.repeatLast(out.length - start, next - index - 1)
      index = next
    }
  },
  json: (value) => JSON.stringify(spell(value).toWellFormed()),
  expects: "a string",
  accepts: (value) => typeof value === "string",
}

/**
 * The index after the last of the equal values that begin at `start`. Rows of one batch share their service, scope
 * and resource: these are encoded once and then copied.
 */
export function endOfRun(values: readonly unknown[], start: number): number {
  const value = values[start]
  let end = start + 1
  while (end < values.length && values[end] === value) end++
  return end
}
