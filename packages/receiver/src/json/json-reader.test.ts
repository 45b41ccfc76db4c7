import { describe, expect, test } from "vitest"
import { jsonPath } from "./json-path.ts"
import { JsonFault, JsonReader } from "./json-reader.ts"
import { readInt64, readTime, readUint64 } from "./json-scalars.ts"

const reader = (text: string) => new JsonReader(Buffer.from(text))

/** What skipping over a whole text finds wrong with it. */
function faultOf(text: string): string | undefined {
  const read = reader(text)
  try {
    read.skip()
    read.end()
    return undefined
  } catch (error) {
    expect(error).toBeInstanceOf(JsonFault)
    return (error as JsonFault).message
  }
}

const isJson = (text: string) => {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

describe("takes what JSON.parse takes, and nothing else", () => {
  test.each([
    "",
    " ",
    "null",
    "nul",
    "nulll",
    "true",
    "tru",
    "false",
    "{}",
    "{ }",
    "[]",
    "[ ]",
    "[1,2]",
    "[1,]",
    "[,1]",
    "[1 2]",
    '{"a":1}',
    '{"a":1,}',
    '{"a" : 1 , "b" : [ ] }',
    '{"a"}',
    '{"a":}',
    "{a:1}",
    "{'a':1}",
    '{"a":1 "b":2}',
    "{,}",
    "[}",
    "{]",
    "0",
    "-0",
    "01",
    "-01",
    "-",
    "+1",
    ".5",
    "1.",
    "1.5",
    "1.5e",
    "1e5",
    "1E+5",
    "1e-5",
    "1e+",
    "0x1",
    "1_000",
    "NaN",
    "Infinity",
    "123456789012345678901234567890",
    "1e999",
    '"a"',
    '"a',
    'a"',
    '"\\n"',
    '"\\x"',
    '"\\u12"',
    '"\\u0041"',
    '"\\ud800"',
    '"\\"',
    '"\\\\"',
    '"\t"',
    '"\u0000"',
    '"\u007f"',
    '"é"',
    "\ufeff{}",
    "{} {}",
    "{}x",
    "\t\r\n {} \n",
    "\u00a0{}",
    "[[[[]]]]",
    "[[[[]]]",
    '{"a":{"b":[{"c":null},true,false,"x",-1.5e-7]}}',
  ])("%j", (text) => {
    expect(faultOf(text) === undefined).toBe(isJson(text))
  })

  test("every text of up to four characters of JSON's", () => {
    const characters = '{}[]:,"\\ -01.eEtrun'.split("")
    let texts = [""]
    for (let length = 1; length <= 4; length++) {
      texts = texts.flatMap((text) => characters.map((character) => text + character))
      const different = texts.filter((text) => (faultOf(text) === undefined) !== isJson(text))
      expect(different).toEqual([])
    }
  })
})

test("what nobody knows may be nested a thousand deep, and more is refused without a crash", () => {
  expect(faultOf("[".repeat(1000) + "]".repeat(1000))).toBeUndefined()
  expect(faultOf("[".repeat(1_000_000))).toBe("nested deeper than 1000 levels")
})

test.each([
  ['"0"', 0],
  ["7", 7],
  ["-7", -7],
  ["-0", 0],
  ['"-0"', 0],
  ['"-7"', -7],
  ["1e3", 1000],
  ["5.0", 5],
  ["9007199254740991", 2 ** 53 - 1],
  ["9007199254740993", 2n ** 53n + 1n],
  ['"9223372036854775807"', 2n ** 63n - 1n],
  ['"-9223372036854775808"', -(2n ** 63n)],
  ["10000000000000000000", 1e19],
  ["1e300", 1e300],
])("the 64-bit integer %s", (text, value) => {
  const read = reader(text)
  expect(readInt64(read)).toBe(value)
  read.end()
})

test.each(["1.5", '"1.5"', '""', '"-"', '"x"', '"1 "', '"123456789012345678901"', "true", "{}", "null"])(
  "%s is no 64-bit integer",
  (text) => {
    expect(() => readInt64(reader(text))).toThrow(/^expected a 64-bit integer as a decimal string, got /)
  },
)

test.each([
  ["0", 0],
  ['"18446744073709551615"', 2n ** 64n - 1n],
])("the unsigned integer %s", (text, value) => {
  expect(readUint64(reader(text))).toBe(value)
})

test.each(["-1", '"-1"', '"18446744073709551616"', "1e300"])("%s is no unsigned integer", (text) => {
  expect(() => readUint64(reader(text))).toThrow(/^expected an unsigned 64-bit integer/)
})

test.each([
  ['"0"', [0, 0]],
  ["0", [0, 0]],
  ['"1"', [0, 1]],
  ['"999999999"', [0, 999_999_999]],
  ['"1000000000"', [1, 0]],
  ['"1763600000123456789"', [1_763_600_000, 123_456_789]],
  ["1763600000123456789", [1_763_600_000, 123_456_789]],
  ['"18446744073709551615"', [18_446_744_073, 709_551_615]],
  ["1.5e18", [1_500_000_000, 0]],
])("the time %s", (text, value) => {
  const read = reader(text)
  expect(readTime(read)).toEqual(value)
  read.end()
})

test.each(['""', '"-1"', "-1", '"1.5"', "1.5", '"18446744073709551616"', '"x"', "[]"])(
  "%s is no time",
  (text) => {
    expect(() => readTime(reader(text))).toThrow(/^expected nanoseconds as a decimal string, got /)
  },
)

test("numbers are the doubles that JSON.parse makes of them", () => {
  let state = 1
  const digits = (most: number) => {
    let text = ""
    for (let count = 1 + (state % most); count > 0; count--) {
      state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff
      text += (state >> 16) % 10
    }
    return text
  }
  for (let i = 0; i < 20_000; i++) {
    const whole = String(BigInt(digits(18)))
    const exponent = i % 3 === 0 ? `e${i % 2 === 0 ? "-" : ""}${i % 320}` : ""
    const text = `${i % 2 === 0 ? "-" : ""}${whole}${i % 5 === 0 ? "" : `.${digits(18)}`}${exponent}`
    expect(reader(text).number(), text).toBe(JSON.parse(text))
  }
})

test("a fault shows the value, cut where it is long", () => {
  expect(() => reader(`{"a":"${"x".repeat(100)}"}`).text()).toThrow(
    `expected a string, got {"a":"${"x".repeat(54)}...`,
  )
})

test("the path of a value is found from its position", () => {
  const text = Buffer.from('{"a":[{},{"b":1,"c":{"d":[1,[true]]}}],"e":2}')
  expect(jsonPath(text, text.indexOf("true"))).toBe("a[1].c.d[1][0]")
  expect(jsonPath(text, text.indexOf("2}"))).toBe("e")
  expect(jsonPath(text, 0)).toBe("")
})
