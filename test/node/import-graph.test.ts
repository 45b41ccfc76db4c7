// Parts of the SDK are loaded by require() when they are first needed, maybe while the app is importing others of them:
// requiring an ES module whose import is on its way throws. So what both may load must be loaded from the start.
import { readFileSync, readdirSync } from "node:fs"
import { dirname, join, relative } from "node:path"
import { fileURLToPath } from "node:url"
import { expect, test } from "vitest"

const packageRoot = fileURLToPath(new URL("../../packages/node/", import.meta.url))
const source = join(packageRoot, "src")
const read = (file: string) => readFileSync(file, "utf8")

function imported(file: string): string[] {
  const statements = read(file).matchAll(/^(?:import|export)\s(?!type\s)[^"'()=]*["'](\.{1,2}\/[^"']+)["']/gm)
  return [...statements]
    .filter(([statement]) => !isOfTypesAlone(statement))
    .map(([, path = ""]) => join(dirname(file), path))
}

const isOfTypesAlone = (statement: string) =>
  /^(?:import|export)\s*\{\s*(?:type\s[^,}]+,?\s*)+\}/.test(statement)

const required = (file: string) =>
  [
    ...read(file)
      .replace(/^ *(\/\/|\*).*$/gm, "")
      .matchAll(/require\("(\.[^"]+)\.js"\)/g),
  ].map(([, path = ""]) => join(dirname(file), `${path}.ts`))

function closure(files: readonly string[]): Set<string> {
  const found = new Set<string>()
  const visit = (file: string) => {
    if (found.has(file)) return
    found.add(file)
    imported(file).forEach(visit)
  }
  files.forEach(visit)
  return found
}

test("what the app may import and the SDK may require is there from the start", () => {
  const { exports } = JSON.parse(read(join(packageRoot, "package.json"))) as {
    exports: Record<string, { default: string } | string>
  }
  const entries = Object.entries(exports).flatMap(([name, target]) =>
    typeof target === "string" || name === "./register"
      ? []
      : [join(packageRoot, target.default.replace("dist", "src").replace(/js$/, "ts"))],
  )
  expect(entries.length).toBeGreaterThan(8)
  const all = readdirSync(source, { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".ts") && !path.endsWith(".test.ts"))
    .map((path) => join(source, path))

  const byApp = closure(entries)
  const lazily = closure(all.flatMap(required))
  const atStart = closure([join(source, "register.ts")])
  expect(lazily.size).toBeGreaterThan(10)
  const racing = [...byApp].filter((file) => lazily.has(file) && !atStart.has(file))
  expect(racing.map((file) => relative(source, file))).toEqual([])
})
