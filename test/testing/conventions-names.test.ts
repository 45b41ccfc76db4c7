import { readFileSync } from "node:fs"
import { expect, test } from "vitest"
import { namesFile, namesSource } from "../tools/conventions.mjs"

test("the names of the semantic conventions are up to date: node test/tools/conventions.mjs writes them", () => {
  expect(readFileSync(namesFile, "utf8")).toBe(namesSource())
})
