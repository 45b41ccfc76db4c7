import { readFileSync, writeFileSync } from "node:fs"
import { expect, test } from "vitest"
import { keyOf, readFigures } from "./fault.ts"
import { faults } from "./faults/all.ts"
import { durable, everywhere } from "./faults/everywhere.ts"
import { faultsPage } from "./faults-page.ts"

const page = new URL("../../packages/node/FAULTS.md", import.meta.url)

test("FAULTS.md is what the faults are and what their runs counted: FAULTS=write pnpm test faults-page writes it", () => {
  if (process.env["FAULTS"] === "write") writeFileSync(page, faultsPage(faults))
  expect(readFileSync(page, "utf8")).toBe(faultsPage(faults))
})

test("no two faults have one name, and no figures are left of faults that are gone", () => {
  const keys = faults.map(keyOf)
  expect(new Set(keys).size).toBe(keys.length)
  for (const kind of [...everywhere, ...durable]) {
    const own = new Set(faults.filter(({ on }) => on.includes(kind)).map(keyOf))
    expect(Object.keys(readFigures(kind)).filter((key) => !own.has(key))).toEqual([])
  }
})
