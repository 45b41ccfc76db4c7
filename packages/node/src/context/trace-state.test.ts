import { expect, test } from "vitest"
import { parseTracestate, tracestateHeader } from "./trace-state.ts"

const many = (count: number) => Array.from({ length: count }, (_, index) => `k${index}=v`).join(",")
const through = (header: string) => tracestateHeader(parseTracestate(header))

test.each([
  ["one member", "vendor=value", "vendor=value"],
  ["several, in their order", "b=1,a=2", "b=1,a=2"],
  ["white space around members", " a=1 ,\tb=2\t", "a=1,b=2"],
  ["empty members", "a=1,, ,b=2,", "a=1,b=2"],
  ["a key that starts with a digit", "0a=1", "0a=1"],
  ["a key with everything a key may have", "a0_-*/@z=1", "a0_-*/@z=1"],
  ["a key of two signs @", "a@b@c=1", "a@b@c=1"],
  ["the longest key", `${"k".repeat(256)}=1`, `${"k".repeat(256)}=1`],
  ["the longest value", `k=${"v".repeat(256)}`, `k=${"v".repeat(256)}`],
  ["a value with spaces inside", "a=b c", "a=b c"],
  ["a value with a space before it", "a= b", "a= b"],
  [
    "a value of all kinds of characters",
    "a=!#$%&'()*+-./:;<>?@[]^_`{|}~\"\\",
    "a=!#$%&'()*+-./:;<>?@[]^_`{|}~\"\\",
  ],
  ["32 members", many(32), many(32)],
])("passes on %s", (_, header, expected) => {
  expect(through(header)).toBe(expected)
})

test.each([
  ["nothing", ""],
  ["nothing but commas", ",, ,"],
  ["a member without a value", "a"],
  ["a member without a key", "=1"],
  ["an empty value", "a="],
  ["a value of spaces", "a=   "],
  ["a key in upper case", "A=1"],
  ["a key that starts with a sign", "_a=1"],
  ["a key with a space", "a b=1"],
  ["a key that is too long", `${"k".repeat(257)}=1`],
  ["a value that is too long", `k=${"v".repeat(257)}`],
  ["a value with an equals sign", "a=b=c"],
  ["a value with a tab inside", "a=b\tc"],
  ["a value with a line break", "a=b\r\nx: y"],
  ["a value that is not ASCII", "a=é"],
  ["the same key twice", "a=1,a=2"],
  ["33 members", many(33)],
  ["one bad member among good ones", "a=1,B=2,c=3"],
  ["a header of a megabyte", `a=${"v".repeat(1_000_000)}`],
  ["a million commas", ",".repeat(1_000_000)],
])("drops all of it for %s", (_, header) => {
  expect(parseTracestate(header)).toBeUndefined()
})

test("a member that changes goes to the front, and the others keep their order", () => {
  const state = parseTracestate("a=1,b=2,c=3")!
  expect(state.get("b")).toBe("2")
  expect(tracestateHeader(state.set("b", "4"))).toBe("b=4,a=1,c=3")
  expect(tracestateHeader(state.set("new", "5"))).toBe("new=5,a=1,b=2,c=3")
  expect(tracestateHeader(state.unset("a"))).toBe("b=2,c=3")
  expect(tracestateHeader(state.set("Bad", "1").set("x", "bad\n"))).toBe("a=1,b=2,c=3")
  expect(state.serialize()).toBe("a=1,b=2,c=3")
})

test("a new member pushes out the last of 32", () => {
  const header = tracestateHeader(parseTracestate(many(32))!.set("new", "1"))!
  expect(header.split(",")).toHaveLength(32)
  expect(header.startsWith("new=1,k0=v")).toBe(true)
  expect(header).not.toContain("k31=")
})

test("of more than 512 characters long members go first, then the last ones", () => {
  const long = `long=${"v".repeat(200)}`
  const short = Array.from({ length: 8 }, (_, index) => `s${index}=${"v".repeat(65)}`)
  expect(through([long, ...short].join(","))).toBe(short.slice(0, 7).join(","))
  expect(through(["a=1", long, `other=${"v".repeat(200)}`, "b=2"].join(","))).toContain(long)
  expect(through([`x=${"v".repeat(250)}`, "y=1", `z=${"v".repeat(256)}`].join(","))).toBe(
    `x=${"v".repeat(250)},y=1`,
  )
})

test("what another's trace state writes is sent on only if it is valid", () => {
  const state = (written: string) => ({ serialize: () => written }) as never
  expect(tracestateHeader(state("a=1"))).toBe("a=1")
  expect(tracestateHeader(state("a=1\r\nevil: header"))).toBeUndefined()
  expect(tracestateHeader(undefined)).toBeUndefined()
})
