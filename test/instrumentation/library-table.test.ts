// INSTRUMENTATION.md says what these tests show: its table is the one of library-table.ts, every app in it is run, and
// every instrumentation that is on has an app.
import { readdirSync, readFileSync } from "node:fs"
import { expect, test } from "vitest"
import { apps, libraryTable, rows } from "./library-table.ts"

const read = (path: string) => readFileSync(new URL(path, import.meta.url), "utf8")

test("the table of INSTRUMENTATION.md is what is tested, in the versions that are installed", () => {
  const page = read("../../packages/node/INSTRUMENTATION.md")
  const [table] = /^\| library[^]*?(?=\n\n)/m.exec(page) ?? []
  expect(table).toBe(libraryTable())
})

test("every app of the table is run", () => {
  const tests = readdirSync(new URL(".", import.meta.url)).filter((name) => name.endsWith(".test.ts"))
  const sources = tests.map((name) => read(name)).join("\n")
  expect(apps.filter((app) => !sources.includes(`"${app}"`))).toEqual([])
})

test("every instrumentation that is on without being asked for has an app", () => {
  const table = read("../../packages/node/src/instrumentation/table.ts")
  const named = [...table.matchAll(/(?:upstream\(\s*|name: )"(\w+)"((?:(?!upstream\(|name: ")[^])*)/g)]
  const on = named.flatMap(([, name = "", options = ""]) => (options.includes("off: true") ? [] : [name]))
  expect(on.length).toBeGreaterThan(25)
  // The clients of ClickHouse have tests of their own in test/clickhouse-client, what makes logs in test/logging.
  expect(on.filter((name) => !rows.includes(name))).toEqual([
    "clickhouse",
    "console",
    "pino",
    "winston",
    "bunyan",
  ])
})
