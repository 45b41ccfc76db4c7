import { describe, expect, test } from "vitest"
import { Bytes } from "../bytes.ts"
import type { Column } from "./column.ts"
import { bool, float64, int32, uint8, uint32, uint64 } from "./number.ts"

function written<T>(column: Column<T>, values: readonly (T | undefined)[]): string {
  const out = new Bytes()
  column.write(out, values)
  return out.written().toString("hex")
}

// A value, its bytes, and its JSON.
type Golden<T> = [name: string, value: T | undefined, hex: string, json: string]

function golden<T>(column: Column<T>, cases: Golden<T>[]): void {
  describe(column.type, () => {
    test.each(cases)("%s", (_name, value, hex, json) => {
      expect(written(column, [value])).toBe(hex)
      expect(column.json(value)).toBe(json)
    })
    test("writes the values of a block one after the other", () => {
      expect(
        written(
          column,
          cases.map(([, value]) => value),
        ),
      ).toBe(cases.map(([, , hex]) => hex).join(""))
    })
    test("writes a run of equal values, also where the buffer has to grow", () => {
      const [, value, hex] = cases[1] as Golden<T>
      expect(written(column, Array<T | undefined>(100_000).fill(value))).toBe(hex.repeat(100_000))
    })
    test("writes nothing for no rows", () => {
      expect(written(column, [])).toBe("")
    })
  })
}

golden(uint8, [
  ["nothing", undefined, "00", "0"],
  ["a value", 44, "2c", "44"],
  ["the largest", 255, "ff", "255"],
  ["above", 300, "ff", "255"],
  ["below", -1, "00", "0"],
  ["a fraction", 1.9, "01", "1"],
  ["NaN", NaN, "00", "0"],
  ["infinity", Infinity, "ff", "255"],
])

golden(uint32, [
  ["nothing", undefined, "00000000", "0"],
  ["a value", 258, "02010000", "258"],
  ["the largest", 0xffffffff, "ffffffff", "4294967295"],
  ["above", 2 ** 40, "ffffffff", "4294967295"],
  ["below", -5, "00000000", "0"],
  ["NaN", NaN, "00000000", "0"],
])

golden(int32, [
  ["nothing", undefined, "00000000", "0"],
  ["a value", -2, "feffffff", "-2"],
  ["the largest", 2 ** 31 - 1, "ffffff7f", "2147483647"],
  ["the smallest", -(2 ** 31), "00000080", "-2147483648"],
  ["above", 2 ** 31, "ffffff7f", "2147483647"],
  ["below", -Infinity, "00000080", "-2147483648"],
  ["minus zero", -0, "00000000", "0"],
  ["NaN", NaN, "00000000", "0"],
])

golden<number | bigint>(uint64, [
  ["nothing", undefined, "0000000000000000", "0"],
  ["a value", 258, "0201000000000000", "258"],
  ["more than 32 bits", 2 ** 32 + 1, "0100000001000000", "4294967297"],
  ["2^53 - 1", Number.MAX_SAFE_INTEGER, "ffffffffffff1f00", "9007199254740991"],
  ["2^60, which a number holds exactly", 2 ** 60, "0000000000000010", "1152921504606846976"],
  ["above, as number", 1e300, "00f8ffffffffffff", "18446744073709549568"],
  ["infinity", Infinity, "00f8ffffffffffff", "18446744073709549568"],
  ["below, as number", -1, "0000000000000000", "0"],
  ["a fraction", 1.9, "0100000000000000", "1"],
  ["NaN", NaN, "0000000000000000", "0"],
  ["2^53 + 1 as bigint", 2n ** 53n + 1n, "0100000000002000", '"9007199254740993"'],
  ["the largest", 2n ** 64n - 1n, "ffffffffffffffff", '"18446744073709551615"'],
  ["above", 2n ** 64n, "ffffffffffffffff", '"18446744073709551615"'],
  ["below", -1n, "0000000000000000", '"0"'],
])

golden<number | bigint>(float64, [
  ["nothing", undefined, "0000000000000000", "0"],
  ["a value", 1.5, "000000000000f83f", "1.5"],
  ["a bigint", 2n ** 53n + 1n, "0000000000004043", "9007199254740992"],
  ["minus zero", -0, "0000000000000080", "-0.0"],
  ["NaN", NaN, "000000000000f87f", '"nan"'],
  ["infinity", Infinity, "000000000000f07f", '"inf"'],
  ["minus infinity", -Infinity, "000000000000f0ff", '"-inf"'],
  ["the largest", Number.MAX_VALUE, "ffffffffffffef7f", "1.7976931348623157e+308"],
  ["the smallest", 5e-324, "0100000000000000", "5e-324"],
])

golden(bool, [
  ["nothing", undefined, "00", "false"],
  ["true", true, "01", "true"],
  ["false", false, "00", "false"],
])

test.each<[Column<never>, unknown[], unknown[]]>([
  [uint8, [0, 255, -0], [-1, 256, 1.5, NaN, "1", 1n, null, true]],
  [uint32, [0, 0xffffffff], [-1, 2 ** 32, 0.5, "1", 1n, null]],
  [int32, [-(2 ** 31), 2 ** 31 - 1], [2 ** 31, -(2 ** 31) - 1, 0.5, "1", null]],
  [uint64, [0, 2 ** 53 - 1, 0n, 2n ** 64n - 1n], [-1, 2 ** 53, 0.5, -1n, 2n ** 64n, "1", null]],
  [float64, [0.5, NaN, -Infinity, 1n], ["1", null, true, []]],
  [bool, [true, false], [0, 1, "true", null]],
])("$type accepts what it can hold and nothing else", (column, good, bad) => {
  expect(good.filter((value) => !column.accepts(value))).toEqual([])
  expect(bad.filter((value) => column.accepts(value))).toEqual([])
})
