import { describe, expect, test } from "vitest"
import { converterOf, createRowReader } from "./result-values.ts"

const converted = (type: string, value: unknown): unknown => {
  const convert = converterOf(type)
  return convert === undefined ? value : convert(value)
}

const big = 2n ** 63n

test.each<[type: string, value: unknown, result: unknown]>([
  ["String", "1", "1"],
  ["FixedString(3)", "abc", "abc"],
  ["UUID", "61f0c404-5cb3-11e7-907b-a6006ad3dba0", "61f0c404-5cb3-11e7-907b-a6006ad3dba0"],
  ["Bool", true, true],
  ["UInt8", 255, 255],
  ["Int32", -5, -5],
  ["UInt64", "42", 42],
  ["UInt64", "9007199254740991", 9007199254740991],
  ["UInt64", "9007199254740993", 9007199254740993n],
  ["UInt64", String(big), big],
  ["Int64", String(-big), -big],
  ["Int64", "-1", -1],
  ["UInt128", String(2n ** 127n), 2n ** 127n],
  ["Int256", "7", 7],
  ["Float64", 1.5, 1.5],
  ["Float64", "nan", NaN],
  ["Float64", "-nan", NaN],
  ["Float32", "inf", Infinity],
  ["Float32", "-inf", -Infinity],
  ["Float64", "-0", -0],
  ["BFloat16", "inf", Infinity],
  ["Decimal(18, 4)", "1.5", "1.5"],
  ["DateTime64(9, 'UTC')", "2026-11-20 09:30:00.000000001", "2026-11-20 09:30:00.000000001"],
  ["Date", "2026-11-20", "2026-11-20"],
  ["Enum8('a' = 1, 'b(,' = 2)", "b(,", "b(,"],
  ["IPv4", "127.0.0.1", "127.0.0.1"],
  ["Nothing", null, null],
  ["Nullable(UInt64)", null, null],
  ["Nullable(UInt64)", "1", 1],
  ["LowCardinality(Nullable(Int64))", "-1", -1],
  ["LowCardinality(String)", "a", "a"],
  ["SimpleAggregateFunction(sum, UInt64)", "3", 3],
  ["Array(UInt64)", ["1", String(big)], [1, big]],
  ["Array(Array(Nullable(Int64)))", [["1", null], []], [[1, null], []]],
  ["Array(String)", ["1"], ["1"]],
  ["Map(String, UInt64)", { a: "1", b: String(big) }, { a: 1, b: big }],
  ["Map(LowCardinality(String), Array(Float64))", { a: ["nan", 1] }, { a: [NaN, 1] }],
  ["Map(String, Map(String, Nullable(UInt64)))", { a: { b: "1", c: null } }, { a: { b: 1, c: null } }],
  ["Tuple(UInt64, String)", ["1", "1"], [1, "1"]],
  ["Tuple(a UInt64, b String)", { a: "1", b: "1" }, { a: 1, b: "1" }],
  ["Tuple(a UInt64, b String)", ["1", "1"], [1, "1"]],
  [
    "Tuple(a Nullable(UInt64), b Tuple(c Int64, d Array(Int64)))",
    { a: null, b: { c: "1", d: ["2"] } },
    { a: null, b: { c: 1, d: [2] } },
  ],
  [
    "Tuple(`a b` UInt64, `c,d` UInt64, `e(` UInt64)",
    { "a b": "1", "c,d": "2", "e(": "3" },
    { "a b": 1, "c,d": 2, "e(": 3 },
  ],
  ["Tuple(`a\\`b` UInt64, `c\\\\` UInt64)", { "a`b": "1", "c\\": "2" }, { "a`b": 1, "c\\": 2 }],
  ["Tuple(Enum8('a\\'b' = 1, ',)' = 2), UInt64)", ["a'b", "1"], ["a'b", 1]],
  [
    "Tuple(x Decimal(10, 2), y DateTime64(9, 'UTC'), z UInt64)",
    { x: "1.5", y: "t", z: "1" },
    { x: "1.5", y: "t", z: 1 },
  ],
  ["Nested(a UInt64, b String)", [{ a: "1", b: "2" }], [{ a: 1, b: "2" }]],
  ["Array(Tuple(String, UInt64))", [["a", "1"]], [["a", 1]]],
])("%s: %o", (type, value, result) => {
  expect(converted(type, value)).toEqual(result)
})

test("comes to an end also with a type that it cannot read", () => {
  expect(converted("Tuple(Enum8('unclosed = 1, UInt64)", ["a", "1"])).toEqual(["a", "1"])
})

test("values that stay as they are cost no function", () => {
  expect(["String", "Array(String)", "Nullable(String)", "LowCardinality(String)"].map(converterOf)).toEqual(
    Array(4).fill(undefined),
  )
})

describe("a reader of rows", () => {
  test("takes a line of names, a line of types, then rows", () => {
    const read = createRowReader()
    expect(read(["name", "count()"])).toBeUndefined()
    expect(read(["String", "UInt64"])).toBeUndefined()
    expect(read(["a", "1"])).toEqual({ name: "a", "count()": 1 })
    expect(read(["b", String(big)])).toEqual({ name: "b", "count()": big })
  })
  test("knows nothing of another result", () => {
    const [one, other] = [createRowReader(), createRowReader()]
    one(["a"])
    other(["b"])
    one(["String"])
    other(["UInt64"])
    expect(one(["1"])).toEqual({ a: "1" })
    expect(other(["1"])).toEqual({ b: 1 })
  })
})
