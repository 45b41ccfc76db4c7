// Libraries that the app loaded before init(): instrumentation comes too late for them.
import { createRequire } from "./builtins.ts"
import { table } from "./instrumentation/table.ts"

/** What the table patches, and what of it is found by another name; built-ins can still be changed. */
const libraries = new Set([
  ...table.flatMap(({ modules }) =>
    modules.filter((name) => !name.includes(":") && name !== "start" && name !== "init"),
  ),
  "@clickhouse/client",
  "next",
])

/** By the files in require's cache, where CommonJS packages are also when they were imported. */
export function loadedTooEarly(
  files: Iterable<string> = Object.keys(createRequire(import.meta.url).cache),
): string[] {
  const found = new Set<string>()
  for (const file of files) {
    const name = /.*[\\/]node_modules[\\/]((?:@[^\\/]+[\\/])?[^\\/]+)/.exec(file)?.[1]?.replace("\\", "/")
    if (name !== undefined && libraries.has(name)) found.add(name)
  }
  return [...found].toSorted()
}
