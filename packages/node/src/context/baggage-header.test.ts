import { expect, test } from "vitest"
import { propagation, baggageEntryMetadataFromString } from "@opentelemetry/api"
import { formatBaggage, parseBaggage } from "./baggage-header.ts"

const values = (header: unknown) =>
  Object.fromEntries(
    (parseBaggage(header)?.getAllEntries() ?? []).map(([key, { value, metadata }]) => [
      key,
      metadata === undefined ? value : [value, metadata.toString()],
    ]),
  )
const through = (header: string) => formatBaggage(parseBaggage(header))

test.each([
  ["one member", "a=1", { a: "1" }],
  ["several, with white space", " a = 1 ,\tb=2", { a: "1", b: "2" }],
  ["an empty value", "a=", { a: "" }],
  ["percent-encoded UTF-8", "name=Am%C3%A9lie", { name: "Amélie" }],
  ["a plus, which is no space", "a=1+2", { a: "1+2" }],
  ["a value with equals signs", "a=b=c", { a: "b=c" }],
  ["bytes that are not UTF-8", "a=%ff%41", { a: "\ufffdA" }],
  ["a percent sign by itself", "a=100%", { a: "100%" }],
  ["properties", "a=1;p;q = 2", { a: ["1", "p;q=2"] }],
  ["keys that differ in case", "a=1,A=2", { a: "1", A: "2" }],
  ["the last of the same key", "a=1,a=2", { a: "2" }],
  ["a key that objects have", "__proto__=1,constructor=2", { ["__proto__"]: "1", constructor: "2" }],
])("reads %s", (_, header, expected) => {
  expect(Object.entries(values(header))).toEqual(Object.entries(expected))
})

test.each([
  ["no text", undefined],
  ["nothing", ""],
  ["a key alone", "a"],
  ["no key", "=1"],
  ["a key with a space", "a b=1"],
  ["a key that is not ASCII", "é=1"],
  ["a quoted value", 'a="1"'],
  ["a value with a space", "a=b c"],
  ["a value with a backslash", "a=b\\c"],
  ["a value that is not ASCII", "a=é"],
  ["a value with a line break", "a=b\r\nc"],
  ["a property that is not valid", "a=1;b c=2"],
  ["one member longer than all may be", `a=${"v".repeat(8192)}`],
])("reads nothing of %s", (_, header) => {
  expect(parseBaggage(header)).toBeUndefined()
})

test("leaves out a bad member and keeps the others", () => {
  expect(values("a=1,b c=2,d=3")).toEqual({ a: "1", d: "3" })
})

test("reads 64 members and 8192 characters, and no more", () => {
  const many = Array.from({ length: 100 }, (_, index) => `k${index}=v`)
  expect(Object.keys(values(many.join(",")))).toHaveLength(64)
  const wide = Array.from({ length: 10 }, (_, index) => `k${index}=${"v".repeat(1000)}`)
  expect(Object.keys(values(wide.join(",")))).toHaveLength(8)
})

test("writes what it has read", () => {
  const header = "name=Am%C3%A9lie;p;q=2,a=1%2C2,empty="
  expect(through(header)).toBe(header)
})

test.each<[string, Record<string, string>, string | undefined]>([
  ["a key that is no token", { "a b": "1" }, undefined],
  ["a value with everything in it", { a: 'x ,;"\\\r\n%é' }, "a=x%20%2C%3B%22%5C%0D%0A%25%C3%A9"],
  ["half of a surrogate pair", { a: "\ud83d" }, "a=%EF%BF%BD"],
])("writes %s as it may be sent", (_, entries, expected) => {
  const baggage = propagation.createBaggage(
    Object.fromEntries(Object.entries(entries).map(([key, value]) => [key, { value }])),
  )
  expect(formatBaggage(baggage)).toBe(expected)
})

test("leaves out properties that are not valid", () => {
  const metadata = baggageEntryMetadataFromString("x\r\nevil: header")
  expect(formatBaggage(propagation.createBaggage({ a: { value: "1", metadata } }))).toBe("a=1")
})

test("writes 64 members and 8192 characters at most, never half a member", () => {
  const entries = Object.fromEntries(
    Array.from({ length: 100 }, (_, index) => [`k${index}`, { value: "v".repeat(index === 3 ? 9000 : 100) }]),
  )
  const header = formatBaggage(propagation.createBaggage(entries), ["session.id", "s1"])!
  const members = header.split(",")
  expect(members).toHaveLength(64)
  expect(members[0]).toBe("session.id=s1")
  expect(members.slice(1).every((member) => /^k\d+=v{100}$/.test(member))).toBe(true)
  expect(header.length).toBeLessThanOrEqual(8192)
})

test("writes the session before what the baggage says of it", () => {
  expect(formatBaggage(parseBaggage("a=1,session.id=old"), ["session.id", "new"])).toBe("session.id=new,a=1")
})
