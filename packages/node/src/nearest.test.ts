import { expect, test } from "vitest"
import { nearest } from "./nearest.ts"

const names = ["endpoint", "service", "headers", "traces"]

test.each([
  ["endpont", "endpoint"],
  ["endpiont", "endpoint"],
  ["Service", "service"],
  ["header", "headers"],
  ["tracse", "traces"],
])("%s means %s", (typed, meant) => {
  expect(nearest(typed, names)).toBe(meant)
})

test("guesses nothing for a name that is like none", () => {
  expect(nearest("verbose", names)).toBeUndefined()
})
