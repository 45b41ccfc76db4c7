import { expect, test } from "vitest"
import { nearest } from "./nearest.ts"

const known = ["url", "username", "password", "compression", "retryForMs"]

test.each([
  ["usrname", "username"],
  ["pasword", "password"],
  ["Compression", "compression"],
  ["retryforms", "retryForMs"],
  ["uri", "url"],
  ["compresion_", "compression"],
])("takes %s for %s", (name, meant) => {
  expect(nearest(name, known)).toBe(meant)
})

test.each([["nothing like it"], ["zzz"], ["a".repeat(10_000)]])("takes %.20s for none of them", (name) => {
  expect(nearest(name, known)).toBeUndefined()
})

test("of two that are equally near, takes the first; of none, none", () => {
  expect(nearest("cat", ["bat", "hat"])).toBe("bat")
  expect(nearest("cat", [])).toBeUndefined()
})
