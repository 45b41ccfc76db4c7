import { expect, test } from "vitest"
import { logConditions, nanosOf } from "./filter.ts"

const now = () => 1_000_000_000_000

test.each<[number | string, bigint]>([
  [1, 1_000_000n],
  ["1700000000000", 1_700_000_000_000_000_000n],
  ["15m", 999_999_100_000_000_000n],
  ["2d", 999_827_200_000_000_000n],
  ["1970-01-01T00:00:01.123456789Z", 1_123_456_789n],
  ["1970-01-01 00:00:01", 1_000_000_000n],
  ["1970-01-01T01:00:01+01:00", 1_000_000_000n],
  ["1970-01-02", 86_400_000_000_000n],
])("%s is a moment", (moment, nanos) => {
  expect(nanosOf(moment, "from", now)).toBe(nanos)
})

test.each(["", "soon", "; SELECT 1", "2026-13-01", "1m 2s", "12:00", "-5", "999999999d"])(
  "%j is none",
  (moment) => {
    expect(() => nanosOf(moment, "from", now)).toThrow("from must be")
  },
)

test("attributes are looked up by their items, and by key and value where an item could be another's", () => {
  const { where, params } = logConditions({ attributes: { a: "b", "c=d": "e", none: "" } })
  expect(where.match(/has\(/g)).toHaveLength(2)
  expect(where.match(/LogAttributes\[/g)).toHaveLength(2)
  expect(params).toEqual({ ai0: "a=b", ai1: "c=d=e", ak1: "c=d", av1: "e", ak2: "none", av2: "" })
})

test("the five minutes by which logs are sorted are said where neither end of the time is beyond theirs", () => {
  const where = (from?: string, to?: string) => logConditions({ from, to }).where
  expect(where("2026-01-01", "2026-01-02")).toContain("indexHint(toStartOfFiveMinutes(Timestamp) >=")
  for (const open of [where("2026-01-01"), where(undefined, "2026-01-02"), where("2026-01-01", "2150-01-01")])
    expect(open).not.toContain("indexHint")
})

test("only words that the text itself encloses are looked up in the index", () => {
  const { params } = logConditions({ text: "ection time-out in x" })
  expect(params).toMatchObject({ word0: "time", word1: "out", word2: "in" })
  expect(Object.keys(params)).toHaveLength(4)
})

test("a part of a word is looked up among the index's words where there is much to read", () => {
  expect(logConditions({ text: "TimeOut" })).toEqual({
    where: "lower(Body) LIKE {like:String}",
    params: { like: "%timeout%" },
    settings: "",
  })
  expect(logConditions({ text: "timeout", from: "1h" }).where).toContain("positionCaseInsensitive")
  expect(logConditions({ text: "time%" }).where).toContain("positionCaseInsensitive")
})
