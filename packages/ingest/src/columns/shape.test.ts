import * as fc from "fast-check"
import { describe, expect, test } from "vitest"
import { compareUtf8, shapeOf } from "./shape.ts"

const hex = (spaced: string): string => spaced.replaceAll(" ", "")

describe("sorting", () => {
  test("is by UTF-8 bytes, where astral characters come after all others", () => {
    expect(shapeOf({ "😀": 1, "\uffee": 1, b: 1, "": 1, B: 1, é: 1 }).keys).toEqual([
      "",
      "B",
      "b",
      "é",
      "\uffee",
      "😀",
    ])
  })

  test("agrees with the order of the bytes for any two texts", () => {
    const text = fc.string({ unit: "binary", maxLength: 4 })
    fc.assert(
      fc.property(text, text, (one, other) => {
        expect(compareUtf8(one, other)).toBe(Buffer.compare(Buffer.from(one), Buffer.from(other)))
      }),
    )
  })
})

test("has the sorted keys as ClickHouse strings", () => {
  const { keys, bytes } = shapeOf({ b: 1, é: 2, a: 3 })
  expect(keys).toEqual(["a", "b", "é"])
  expect(Buffer.from(bytes).toString("hex")).toBe(hex("0161 0162 02c3a9"))
  expect(shapeOf({}).bytes).toHaveLength(0)
})

test("is the same object for the same keys in the same order, whatever the values", () => {
  expect(shapeOf({ a: 1, b: 2 })).toBe(shapeOf({ a: "x", b: undefined }))
  expect(shapeOf({ a: 1, b: 2 })).not.toBe(shapeOf({ a: 1 }))
  expect(shapeOf({ b: 1, a: 2 })).toEqual(shapeOf({ a: 1, b: 2 }))
})

test("of very many keys is made anew each time, and right", () => {
  const many = Object.fromEntries(Array.from({ length: 1_000 }, (_, index) => [`key${999 - index}`, index]))
  const { keys, bytes } = shapeOf(many)
  expect(keys).toEqual(Object.keys(many).sort())
  expect(Buffer.from(bytes.subarray(0, 5)).toString("latin1")).toBe("\x04key0")
  expect(shapeOf(many)).not.toBe(shapeOf(many))
})

describe("what is remembered is bounded", () => {
  const remembered = { remembered: 1 }

  test("keys that are never seen again push it out", () => {
    const before = shapeOf(remembered)
    for (let id = 0; id < 20_001; id++) shapeOf({ [`id-${id}`]: 1 })
    expect(shapeOf(remembered)).not.toBe(before)
    expect(shapeOf(remembered)).toEqual(before)
  })

  test("by bytes too: eight keys of a megabyte push it out", () => {
    const before = shapeOf(remembered)
    for (let id = 0; id < 8; id++) shapeOf({ [`${id}${"x".repeat(1024 * 1024)}`]: 1 })
    expect(shapeOf(remembered)).not.toBe(before)
  })

  test("is right also when it is dropped in the middle of a walk", () => {
    for (let id = 0; id < 7_000; id++) {
      const { keys } = shapeOf({ [`c${id}`]: 1, [`b${id}`]: 1, [`a${id}`]: 1 })
      expect(keys).toEqual([`a${id}`, `b${id}`, `c${id}`])
    }
  })
})
