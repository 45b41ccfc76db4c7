import * as fc from "fast-check"
import { describe, expect, test } from "vitest"
import { Bytes } from "../bytes.ts"
import type { HrTime, Time } from "../time.ts"
import type { Column } from "./column.ts"
import { dateTime, dateTime64, duration } from "./time.ts"

function written<T>(column: Column<T>, values: readonly (T | undefined)[]): string {
  const out = new Bytes()
  column.write(out, values)
  return out.written().toString("hex")
}

type Golden<T> = [name: string, value: T | undefined, hex: string, json: string]

function golden<T>(name: string, column: Column<T>, type: string, cases: Golden<T>[]): void {
  describe(name, () => {
    test("is declared as what it writes", () => {
      expect(column.type).toBe(type)
    })
    test.each(cases)("%s", (_name, value, hex, json) => {
      expect(written(column, [value])).toBe(hex)
      expect(column.json(value)).toBe(json)
    })
    test("writes a run of equal values, also where the buffer has to grow", () => {
      const [, value, hex] = cases[1] as Golden<T>
      expect(written(column, Array<T | undefined>(30_000).fill(value))).toBe(hex.repeat(30_000))
    })
  })
}

golden<Time>("dateTime64", dateTime64, "DateTime64(9)", [
  ["nothing", undefined, "0000000000000000", '"1970-01-01 00:00:00.000000000Z"'],
  ["1.5 s", [1, 500_000_000], "002f685900000000", '"1970-01-01 00:00:01.500000000Z"'],
  ["one nanosecond", 1n, "0100000000000000", '"1970-01-01 00:00:00.000000001Z"'],
  ["one nanosecond before 1970", -1n, "ffffffffffffffff", '"1969-12-31 23:59:59.999999999Z"'],
  ["a second before 1970", [-1, 0], "003665c4ffffffff", '"1969-12-31 23:59:59.000000000Z"'],
  ["a time of today", [1_795_167_000, 123_456_789], "15bddc1ae0b6e918", '"2026-11-20 09:30:00.123456789Z"'],
  ["after 2100", new Date("2150-06-01"), "0000c9c5a6c3024f", '"2150-06-01 00:00:00.000000000Z"'],
  ["too late", [1e15, 0], "005e7291ffffff7f", '"2262-04-11 23:47:15.000000000Z"'],
  ["too early", [-1e15, 0], "00a28d6e00000080", '"1677-09-21 00:12:45.000000000Z"'],
  ["denormalised", [1, 1_500_000_000], "00f9029500000000", '"1970-01-01 00:00:02.500000000Z"'],
])

golden<Time>("dateTime", dateTime, "DateTime", [
  ["nothing", undefined, "00000000", "0"],
  ["258 s", [258, 999_999_999], "02010000", "258"],
  ["a Date", new Date(2_999), "02000000", "2"],
  ["a bigint", 3_999_999_999n, "03000000", "3"],
  ["before 1970", [-5, 0], "00000000", "0"],
  ["the last second", [0xffffffff, 0], "ffffffff", "4294967295"],
  ["after 2106", [0x100000000, 0], "ffffffff", "4294967295"],
  ["denormalised", [1, 1_500_000_000], "02000000", "2"],
])

golden<HrTime | number | bigint>("duration", duration, "UInt64", [
  ["nothing", undefined, "0000000000000000", "0"],
  ["1.5 s", [1, 500_000_000], "002f685900000000", "1500000000"],
  ["a number", 258, "0201000000000000", "258"],
  ["a number of more than a second", 1_500_000_000, "002f685900000000", "1500000000"],
  ["a number beyond 32 bits", Number.MAX_SAFE_INTEGER, "ffffffffffff1f00", "9007199254740991"],
  ["a bigint beyond 53 bits", 2n ** 53n + 1n, "0100000000002000", "9007199254740993"],
  ["negative seconds", [-1, 999_999_999], "0000000000000000", "0"],
  ["negative nanoseconds", [0, -5], "0000000000000000", "0"],
  ["a negative number", -5, "0000000000000000", "0"],
  ["a negative bigint", -5n, "0000000000000000", "0"],
  ["NaN", NaN, "0000000000000000", "0"],
  ["too long", 10n ** 30n, "005e7291ffffff7f", "9223372035000000000"],
  ["for ever, as near as a number comes", Infinity, "00607291ffffff7f", "9223372035000000512"],
])

test("the bytes of any time are those that BigInt computes", () => {
  const seconds = fc.integer({ min: -9_223_372_035, max: 9_223_372_035 })
  fc.assert(
    fc.property(seconds, fc.integer({ min: 0, max: 999_999_999 }), (whole, rest) => {
      const expected = Buffer.alloc(8)
      expected.writeBigInt64LE(BigInt(whole) * 1_000_000_000n + BigInt(rest))
      expect(written(dateTime64, [[whole, rest]])).toBe(expected.toString("hex"))
    }),
    { numRuns: 2_000 },
  )
})

test("the bytes of any duration as number are that number", () => {
  fc.assert(
    fc.property(fc.maxSafeNat(), (value) => {
      const expected = Buffer.alloc(8)
      expected.writeBigUInt64LE(BigInt(value))
      expect(written(duration, [value])).toBe(expected.toString("hex"))
      expect(duration.json(value)).toBe(String(value))
    }),
  )
})

test.each<[string, Column<never>, unknown[], unknown[]]>([
  ["dateTime64", dateTime64, [new Date(0), 0n, [0, 0]], [0, "2026-11-20", null, new Date(NaN), [1]]],
  ["dateTime", dateTime, [new Date(0), 0n, [0, 0]], [0, "2026-11-20", null, new Date(NaN), [1]]],
  ["duration", duration, [0, 5, 5n, [1, 2]], [-1, 0.5, NaN, "5", null, new Date(0)]],
])("%s accepts what it can hold and nothing else", (_name, column, good, bad) => {
  expect(good.filter((value) => !column.accepts(value))).toEqual([])
  expect(bad.filter((value) => column.accepts(value))).toEqual([])
})
