import { expect, test } from "vitest"
import { Bytes } from "../bytes.ts"
import type { Attributes } from "./map.ts"
import { json } from "./json.ts"

function written(values: readonly (Attributes | undefined)[]): string {
  const out = new Bytes()
  json.write(out, values)
  return out.written().toString("utf8")
}

test("golden bytes: JSON text, declared as String", () => {
  expect(json.type).toBe("String")
  expect(written([{ b: 1, a: "x" }, undefined, {}])).toBe('\x0f{"a":"x","b":1}\x02{}\x02{}')
})

test("values keep their types, in both formats", () => {
  const attributes = { t: true, n: 1.5, s: "1", l: [1], m: { k: null } }
  expect(json.json(attributes)).toBe('{"l":[1],"m":{"k":null},"n":1.5,"s":"1","t":true}')
  expect(written([attributes]).slice(1)).toBe(json.json(attributes))
  expect(json.json(undefined)).toBe("{}")
})

test("is written also where the buffer has to grow for it", () => {
  const value = "x".repeat(100_000)
  expect(written([{ value }, { value }])).toHaveLength(2 * (100_012 + 3))
})

test("accepts objects and nothing else", () => {
  expect(json.accepts({})).toBe(true)
  expect(json.accepts("{}")).toBe(false)
})
