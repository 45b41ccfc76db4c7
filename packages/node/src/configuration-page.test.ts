import { readFileSync } from "node:fs"
import { expect, test } from "vitest"
import { configurationPage } from "./configuration-page.ts"

test("CONFIGURATION.md is up to date: node packages/node/dist/configuration-page.js writes it", () => {
  expect(readFileSync(new URL("../CONFIGURATION.md", import.meta.url), "utf8")).toBe(configurationPage())
})
