import * as fc from "fast-check"
import { expect, test } from "vitest"
import { Bytes } from "./bytes.ts"
import { array } from "./columns/array.ts"
import type { Column } from "./columns/column.ts"
import { map } from "./columns/map.ts"
import { float64 } from "./columns/number.ts"
import { string } from "./columns/string.ts"
import { dateTime64 } from "./columns/time.ts"
import { writeJsonLines } from "./json-lines.ts"

function written(columns: Record<string, Column<never>>, items: readonly Record<string, unknown>[]): string {
  const out = new Bytes()
  const fields = Object.entries(columns).map(([name, column]) => ({
    name,
    column: column as Column,
    of: (item: Record<string, unknown>) => item[name],
  }))
  writeJsonLines(out, fields, items)
  return out.written().toString("utf8")
}

test("golden lines: one object a line, its fields in the order of the columns", () => {
  const columns = { Timestamp: dateTime64, "Events.Name": array(string), Attributes: map, Value: float64 }
  const items = [{ Timestamp: [1, 5], "Events.Name": ["a"], Attributes: { b: 1, a: null }, Value: NaN }, {}]
  expect(written(columns, items)).toBe(
    '{"Timestamp":"1970-01-01 00:00:01.000000005Z","Events.Name":["a"],"Attributes":{"a":"","b":"1"},"Value":"nan"}\n' +
      '{"Timestamp":"1970-01-01 00:00:00.000000000Z","Events.Name":[],"Attributes":{},"Value":0}\n',
  )
})

test("whatever the values, there is a line for each row and never a blank one", () => {
  const text = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.constantFrom("\n\n", "\r\n\r\n", "\u2028\u2029", "\0", "\ud800", '"}\n\n{"'),
  )
  const row = fc.record({
    text,
    map: fc.dictionary(text, fc.oneof(text, fc.array(text))),
    list: fc.array(text),
  })
  fc.assert(
    fc.property(fc.array(row), (rows) => {
      const lines = written({ text: string, map, list: array(string) }, rows).split("\n")
      expect(lines.pop()).toBe("")
      expect(lines).toHaveLength(rows.length)
      const texts = lines.map((line) => (JSON.parse(line) as { text: string }).text)
      expect(texts).toEqual(rows.map((one) => one.text.toWellFormed()))
    }),
  )
})
