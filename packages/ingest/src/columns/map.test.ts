import { describe, expect, test } from "vitest"
import { Bytes } from "../bytes.ts"
import { type Attributes, map } from "./map.ts"

const hex = (spaced: string): string => spaced.replaceAll(" ", "")

function written(values: readonly (Attributes | undefined)[]): string {
  const out = new Bytes()
  map.write(out, values)
  return out.written().toString("hex")
}

const at = (end: number): string => `${end.toString(16).padStart(2, "0")}00000000000000`

test("golden bytes: the ends of all rows, all keys, then all values", () => {
  expect(map.type).toBe("Map(String, String)")
  expect(written([{ a: "1" }, {}])).toBe(hex("0100000000000000 0100000000000000 0161 0131"))
  expect(written([{ b: "2", a: "1" }, undefined, { c: "3" }])).toBe(
    at(2) + at(2) + at(3) + hex("0161 0162 0163 0131 0132 0133"),
  )
  expect(written([])).toBe("")
})

test("keys are sorted by their UTF-8 bytes, and values stand in the same order", () => {
  expect(written([{ "😀": "3", "\uffee": "2", z: "1" }])).toBe(`${at(3)}017a03efbfae04f09f9880013101320133`)
})

test("values are spelled as text", () => {
  expect(written([{ a: 1, b: null, c: undefined, d: true, e: ["x"] }])).toBe(
    `${at(5)}01610162016301640165013100000474727565055b2278225d`,
  )
})

describe("runs", () => {
  test("of the same object and of the same keys are written as if there were none", () => {
    const resource = { host: "h" }
    expect(written([resource, resource, resource, { host: "i" }])).toBe(
      at(1) + at(2) + at(3) + at(4) + "04686f7374".repeat(4) + "0168".repeat(3) + "0169",
    )
    expect(written([{}, {}, undefined, undefined])).toBe(at(0).repeat(4))
  })

  test("are copied also where the buffer has to grow for them", () => {
    const attributes = { key: "value", other: "é".repeat(100) }
    const all = written(Array.from({ length: 1_000 }, () => attributes))
    expect(all.slice(16_000)).toBe(
      "036b6579056f74686572".repeat(1_000) + `0576616c7565c801${"c3a9".repeat(100)}`.repeat(1_000),
    )
  })
})

test("JSON, with the same order and the same spelling", () => {
  expect(map.json({ b: 1n, a: 'x"\n\n', "\ud800": "\udfff" })).toBe(
    '{"a":"x\\"\\n\\n","b":"1","\ufffd":"\ufffd"}',
  )
  expect(map.json(undefined)).toBe("{}")
})

test("names that every object has are names like others", () => {
  const attributes = JSON.parse('{"__proto__":"1","constructor":"2"}') as Attributes
  expect(map.json(attributes)).toBe('{"__proto__":"1","constructor":"2"}')
  expect(written([attributes])).toBe(
    `${at(2)}09${Buffer.from("__proto__").toString("hex")}0b${Buffer.from("constructor").toString("hex")}01310132`,
  )
})

test("accepts objects and nothing else", () => {
  expect([{}, { a: 1 }, Object.create(null)].filter((value) => !map.accepts(value))).toEqual([])
  expect([null, [], "a", 1, undefined].filter((value) => map.accepts(value))).toEqual([])
})
