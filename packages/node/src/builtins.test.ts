import { readdirSync, readFileSync } from "node:fs"
import { expect, test } from "vitest"

const sources = readdirSync(new URL(".", import.meta.url), { recursive: true, encoding: "utf8" }).filter(
  // The page of the settings is written by a command of ours; no app loads it.
  (path) => path.endsWith(".ts") && !path.endsWith(".test.ts") && path !== "configuration-page.ts",
)

test("nothing that an app loads imports a module of Node's", () => {
  const importing = sources.filter((path) =>
    /^import (?!type\b)[^;]*? from "node:/m.test(
      readFileSync(new URL(path, import.meta.url), "utf8").replaceAll(/^import type [^"]*"[^"]*"$/gm, ""),
    ),
  )
  expect(sources.length).toBeGreaterThan(80)
  expect(importing).toEqual([])
})

test("nothing that an app loads is loaded by import()", () => {
  const importing = sources.filter((path) =>
    /(?<!typeof )\bimport\("\./.test(readFileSync(new URL(path, import.meta.url), "utf8")),
  )
  expect(importing).toEqual([])
})
