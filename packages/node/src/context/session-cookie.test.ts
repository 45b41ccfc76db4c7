import { expect, test } from "vitest"
import { isSessionId } from "./local-trace.ts"
import { sessionFromCookies } from "./session-cookie.ts"

const id = "0af7651916cd43dd8448eb211c80319c"
const cookie = (value: unknown) => `__rum_sid=${encodeURIComponent(JSON.stringify(value))}`
const ours = cookie({ id, startTime: 1_795_000_000_000 })

test.each(["a", id, "A-Z_0.9~x:y", "x".repeat(128)])("accepts %s", (one) => {
  expect(isSessionId(one)).toBe(true)
})

test.each([
  "",
  "x".repeat(129),
  "a b",
  "a,b",
  "a;b",
  "a\n",
  "é",
  "<script>",
  "a/b",
  "%41",
  5,
  null,
  undefined,
  ["a"],
])("refuses %j", (one) => {
  expect(isSessionId(one)).toBe(false)
})

test.each([
  ["alone", ours],
  ["between others", `a=1; ${ours}; b=2`],
  ["without spaces", `a=1;${ours};b=2`],
  ["after one whose name ends alike", `x__rum_sid=%7B%7D; ${ours}`],
])("finds the cookie %s", (_, cookies) => {
  expect(sessionFromCookies(cookies)).toBe(id)
})

test.each([
  ["no text", undefined],
  ["none of ours", "a=1; b=2"],
  ["only one whose name ends alike", `x${ours}`],
  ["what is not JSON", "__rum_sid=abc"],
  ["JSON without an id", cookie({ startTime: 1 })],
  ["null", cookie(null)],
  ["an id that is not accepted", cookie({ id: "a b" })],
  ["an id that is no text", cookie({ id: 5 })],
  ["half an escape", "__rum_sid=%7B%2"],
  ["a cookie of a megabyte", `__rum_sid=${"a".repeat(1_000_000)}`],
])("finds nothing in %s", (_, cookies) => {
  expect(sessionFromCookies(cookies)).toBeUndefined()
})
