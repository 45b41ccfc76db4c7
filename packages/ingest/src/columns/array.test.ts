import { describe, expect, test } from "vitest"
import { Bytes } from "../bytes.ts"
import { array, offsets } from "./array.ts"
import type { Column } from "./column.ts"
import { map } from "./map.ts"
import { uint8, uint64 } from "./number.ts"
import { string } from "./string.ts"
import { dateTime64 } from "./time.ts"

const hex = (spaced: string): string => spaced.replaceAll(" ", "")

function written<T>(column: Column<T>, values: readonly (T | undefined)[]): string {
  const out = new Bytes()
  column.write(out, values)
  return out.written().toString("hex")
}

const at = (end: number): string => `${end.toString(16).padStart(2, "0")}00000000000000`

describe("golden bytes", () => {
  test("Array(UInt8): the ends of all rows, then all items", () => {
    expect(array(uint8).type).toBe("Array(UInt8)")
    expect(written(array(uint8), [[1, 2], []])).toBe(hex("0200000000000000 0200000000000000 0102"))
    expect(written(array(uint8), [[], undefined, [7], [8, 9]])).toBe(at(0) + at(0) + at(1) + at(3) + "070809")
  })
  test("Array(String)", () => {
    expect(written(array(string), [["a"], ["b", "b"]])).toBe(at(1) + at(3) + hex("0161 0162 0162"))
  })
  test("Array(UInt64), as numbers and bigints", () => {
    expect(written(array(uint64), [[1, 2n]])).toBe(at(2) + at(1) + at(2))
  })
  test("Array(DateTime64(9))", () => {
    expect(array(dateTime64).type).toBe("Array(DateTime64(9))")
    expect(written(array(dateTime64), [[[1, 500_000_000]]])).toBe(`${at(1)}002f685900000000`)
  })
  test("Array(Map(String, String)), whose maps have offsets of their own", () => {
    expect(array(map).type).toBe("Array(Map(String, String))")
    expect(written(array(map), [[{ a: 1 }, {}], [{ b: 2 }]])).toBe(
      at(2) + at(3) + at(1) + at(1) + at(2) + hex("0161 0162 0131 0132"),
    )
  })
  test("no rows, and rows of nothing", () => {
    expect(written(array(string), [])).toBe("")
    expect(written(array(string), [undefined, undefined])).toBe(at(0) + at(0))
  })
})

test("JSON", () => {
  expect(array(string).json(["a", "b"])).toBe('["a","b"]')
  expect(array(string).json(undefined)).toBe("[]")
  expect(array(uint64).json([1, 2n])).toBe('[1,"2"]')
})

test("a hole is the item's empty value, in both formats", () => {
  const withHole: string[] = ["a", , "b"] as string[] // oxlint-disable-line no-sparse-arrays
  expect(written(array(string), [withHole])).toBe(`${at(3)}0161000162`)
  expect(array(string).json(withHole)).toBe('["a","","b"]')
})

test("takes more items than a call may have arguments", () => {
  const many = Array<number>(300_000).fill(7)
  expect(written(array(uint8), [many])).toBe(`e093040000000000${"07".repeat(300_000)}`)
})

test("offsets are written also where the buffer has to grow for them", () => {
  const out = new Bytes()
  offsets(out, Array<number>(20_000).fill(1), (size) => size)
  expect(out.length).toBe(160_000)
  for (const row of [0, 8_191, 8_192, 19_999]) {
    expect(out.written().readBigUInt64LE(row * 8)).toBe(BigInt(row + 1))
  }
})

test("accepts arrays of what the item accepts", () => {
  const column = array(uint8)
  expect([[], [1, 2]].filter((value) => !column.accepts(value))).toEqual([])
  expect(
    [[256], ["1"], [null], Array(1), "ab", { length: 1 }, null].filter((value) => column.accepts(value)),
  ).toEqual([])
  expect(column.expects).toBe("an array, each item a whole number from 0 to 255")
})
