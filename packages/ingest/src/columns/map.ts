// Map(String, String): for each row a UInt64 that counts the pairs up to its end, then all keys, then all values.
// The two rows {a: "1"} and {} are 01 00 00 00 00 00 00 00  01 00 00 00 00 00 00 00  01 61  01 31.
import type { Bytes } from "../bytes.ts"
import { spell } from "../spell.ts"
import type { Column } from "./column.ts"
import { offsets } from "./array.ts"
import { type Shape, shapeOf } from "./shape.ts"
import { endOfRun } from "./string.ts"

/** Attributes as OpenTelemetry has them: spelled as text when they are encoded. */
export type Attributes = { readonly [key: string]: unknown }

export const map: Column<Attributes> = {
  type: "Map(String, String)",
  write(out, values) {
    const shapes: Shape[] = []
    for (const value of values) shapes.push(value === undefined ? noKeys : shapeOf(value))
    offsets(out, shapes, (shape) => shape.keys.length)
    for (let index = 0; index < values.length;) {
      const { bytes } = shapes[index] ?? noKeys
      const next = endOfRun(shapes, index)
      out.append(bytes)
      if (next > index + 1) out.repeatLast(bytes.length, next - index - 1)
      index = next
    }
    for (let index = 0; index < values.length;) {
      const start = out.length
      writeValues(out, values[index], shapes[index] ?? noKeys)
      const next = endOfRun(values, index)
      if (next > index + 1) out.repeatLast(out.length - start, next - index - 1)
      index = next
    }
  },
  json(value = {}) {
    const pairs = shapeOf(value).keys.map((key) => `${text(key)}:${text(spell(value[key]))}`)
    return `{${pairs.join(",")}}`
  },
  expects: "an object of attributes",
  accepts: (value) => typeof value === "object" && value !== null && !Array.isArray(value),
}

const noKeys: Shape = shapeOf({})

const text = (value: string): string => JSON.stringify(value.toWellFormed())

function writeValues(out: Bytes, attributes: Attributes | undefined, { keys }: Shape): void {
  if (attributes === undefined) return
  for (const key of keys) {
    const value = attributes[key]
    out.string(typeof value === "string" ? value : spell(value))
  }
}
