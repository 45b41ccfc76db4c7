import * as fc from "fast-check"
import { describe, expect, test } from "vitest"
import { type HrTime, type Time, dayOf, isTime, timeText, toHrTime } from "./time.ts"

const cases: [string, Time | undefined, HrTime, string][] = [
  ["nothing", undefined, [0, 0], "1970-01-01 00:00:00.000000000"],
  ["a time", [1_795_166_600, 123_456_789], [1_795_166_600, 123_456_789], "2026-11-20 09:23:20.123456789"],
  [
    "nanoseconds of more than a second",
    [1, 2_500_000_000],
    [3, 500_000_000],
    "1970-01-01 00:00:03.500000000",
  ],
  ["negative nanoseconds", [2, -1], [1, 999_999_999], "1970-01-01 00:00:01.999999999"],
  ["both negative", [-1, -500_000_000], [-2, 500_000_000], "1969-12-31 23:59:58.500000000"],
  ["fractions of a second", [1.5, 0], [1, 500_000_000], "1970-01-01 00:00:01.500000000"],
  ["fractions of a nanosecond", [1, 5.75], [1, 5], "1970-01-01 00:00:01.000000005"],
  ["before 1970", [-1, 1], [-1, 1], "1969-12-31 23:59:59.000000001"],
  ["after 2100", [4_102_444_800, 7], [4_102_444_800, 7], "2100-01-01 00:00:00.000000007"],
  ["the last second", [9_223_372_035, 1], [9_223_372_035, 1], "2262-04-11 23:47:15.000000001"],
  ["after the last second", [9_223_372_036, 1], [9_223_372_035, 1], "2262-04-11 23:47:15.000000001"],
  ["for ever", [1e300, 0], [9_223_372_035, 0], "2262-04-11 23:47:15.000000000"],
  ["before the first second", [-9e12, 0], [-9_223_372_035, 0], "1677-09-21 00:12:45.000000000"],
  ["no numbers", [NaN, 0], [0, 0], "1970-01-01 00:00:00.000000000"],
  ["infinity", [0, Infinity], [0, 0], "1970-01-01 00:00:00.000000000"],
  [
    "a Date",
    new Date("2026-11-20T09:30:00.123Z"),
    [1_795_167_000, 123_000_000],
    "2026-11-20 09:30:00.123000000",
  ],
  ["a Date before 1970", new Date(-1), [-1, 999_000_000], "1969-12-31 23:59:59.999000000"],
  ["the last Date", new Date(8.64e15), [9_223_372_035, 0], "2262-04-11 23:47:15.000000000"],
  ["a Date of no time", new Date(NaN), [0, 0], "1970-01-01 00:00:00.000000000"],
  ["a bigint", 1_795_167_000_123_456_789n, [1_795_167_000, 123_456_789], "2026-11-20 09:30:00.123456789"],
  ["a negative bigint", -1n, [-1, 999_999_999], "1969-12-31 23:59:59.999999999"],
  ["a negative bigint of whole seconds", -2_000_000_000n, [-2, 0], "1969-12-31 23:59:58.000000000"],
  ["a bigint that is too large", 10n ** 30n, [9_223_372_035, 0], "2262-04-11 23:47:15.000000000"],
]

test.each(cases)("%s", (_name, time, normal, text) => {
  expect(toHrTime(time)).toEqual(normal)
  expect(timeText(time)).toBe(text)
})

test("hands on a time that is as it should be, without a copy", () => {
  const time: HrTime = [1, 2]
  expect(toHrTime(time)).toBe(time)
})

test("a bigint within the range becomes the same number of nanoseconds", () => {
  fc.assert(
    fc.property(fc.bigInt(-9_223_372_035n * 10n ** 9n, 9_223_372_035n * 10n ** 9n), (time) => {
      const [seconds, nanoseconds] = toHrTime(time)
      expect(BigInt(seconds) * 10n ** 9n + BigInt(nanoseconds)).toBe(time)
    }),
  )
})

test("any pair of numbers becomes a whole, normal time within the range", () => {
  fc.assert(
    fc.property(fc.double(), fc.double(), (one, two) => {
      const [seconds, nanoseconds] = toHrTime([one, two])
      expect(Number.isInteger(seconds) && Math.abs(seconds) <= 9_223_372_035).toBe(true)
      expect(Number.isInteger(nanoseconds) && nanoseconds >= 0 && nanoseconds < 1e9).toBe(true)
    }),
  )
})

describe("isTime", () => {
  test.each<[unknown]>([[[0, 0]], [[-1, 5]], [new Date(0)], [0n]])("takes %o", (value) => {
    expect(isTime(value)).toBe(true)
  })
  test.each<[unknown]>([
    [0],
    ["2026-11-20"],
    [null],
    [undefined],
    [[1]],
    [[1, 2, 3]],
    [[1, NaN]],
    [["1", "2"]],
    [{}],
    [new Date(NaN)],
  ])("refuses %o", (value) => {
    expect(isTime(value)).toBe(false)
  })
  test("refuses a pair with a hole", () => {
    expect(isTime(Array(2))).toBe(false)
  })
})

test.each<[HrTime, number]>([
  [[0, 0], 0],
  [[86_399, 999_999_999], 0],
  [[86_400, 0], 1],
  [[-1, 0], -1],
  [[-86_400, 0], -1],
  [[-86_401, 0], -2],
])("%o is on day %i", (time, day) => {
  expect(dayOf(time)).toBe(day)
})
