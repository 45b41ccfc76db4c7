import { describe, expect, test } from "vitest"
import { Bytes } from "../bytes.ts"
import { endOfRun, string } from "./string.ts"

const hex = (spaced: string): string => spaced.replaceAll(" ", "")

function written(values: readonly (string | undefined)[]): string {
  const out = new Bytes()
  string.write(out, values)
  return out.written().toString("hex")
}

test.each<[string, string | undefined, string, string]>([
  ["nothing", undefined, "00", '""'],
  ["empty", "", "00", '""'],
  ["ASCII", "ok", "026f6b", '"ok"'],
  ["quotes, backslash, newlines", '"\\\n\n', "04225c0a0a", String.raw`"\"\\\n\n"`],
  ["the zero byte", "a\0b", "03610062", '"a\\u0000b"'],
  ["two bytes", "é", "02c3a9", '"é"'],
  ["four bytes", "😀", "04f09f9880", '"😀"'],
  ["a lone surrogate", "\ude00", "03efbfbd", '"\ufffd"'],
])("%s", (_name, value, expected, json) => {
  expect(string.type).toBe("String")
  expect(written([value])).toBe(expected)
  expect(string.json(value)).toBe(json)
})

test("spells what should be a string and is none", () => {
  expect(written([7, null, true, { b: 1 }] as never)).toBe(hex("0137 00 0474727565 077b2262223a317d"))
  expect(string.json(7 as never)).toBe('"7"')
})

describe("runs of equal values", () => {
  test.each<[(string | undefined)[], string]>([
    [[], ""],
    [["a", "a", "a"], "016101610161"],
    [["a", "a", "b", "b", "a"], "01610161016201620161"],
    [[undefined, undefined, "", "a"], "0000000161"],
    [["é", "é"], "02c3a902c3a9"],
  ])("%o", (values, expected) => {
    expect(written(values)).toBe(expected)
  })

  test("are copied also where the buffer has to grow for them", () => {
    expect(written(Array<string>(50_000).fill("value"))).toBe("0576616c7565".repeat(50_000))
    const long = "x".repeat(100_000)
    const one = `a08d06${Buffer.from(long).toString("hex")}`
    expect(written([long, long, long])).toBe(one.repeat(3))
  })
})

test("a run ends before the first value that differs", () => {
  expect(endOfRun(["a", "a", "b"], 0)).toBe(2)
  expect(endOfRun(["a", "a", "b"], 2)).toBe(3)
  expect(endOfRun([undefined, undefined], 0)).toBe(2)
})

test("accepts strings and nothing else", () => {
  expect(["", "a"].filter((value) => !string.accepts(value))).toEqual([])
  expect([1, null, undefined, {}, ["a"]].filter((value) => string.accepts(value))).toEqual([])
})
