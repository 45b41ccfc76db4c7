// What each row of the table loads, taken from the built package, since rows load by require().
import { createRequire } from "node:module"
import { expect, test } from "vitest"

type Built<T> = Promise<T>
const dist = new URL("../../packages/node/dist/", import.meta.url)
const { table } = await (import(new URL("instrumentation/table.js", dist).href) as Built<
  typeof import("../../packages/node/src/instrumentation/table.ts")
>)
const { configFrom } = await (import(new URL("config.js", dist).href) as Built<
  typeof import("../../packages/node/src/config.ts")
>)

const singleton = "@opentelemetry/instrumentation/build/src/platform/node/RequireInTheMiddleSingleton.js"
const require = createRequire(new URL("instrumentation/table.js", dist))
const { config } = configFrom(new Map(), {})
const context = { config, say: () => undefined, propagation: () => undefined as never }

const packageIn = (module: string) => /^(?:@[^/]+\/)?[^/]+/.exec(module)![0]
const packages = (modules: readonly string[]) =>
  modules.filter((name) => !name.includes(":") && name !== "start" && name !== "init")

test("no name and no module stands twice", () => {
  const names = table.map(({ name }) => name)
  const modules = table.flatMap((row) => [...row.modules]).filter((name) => name !== "start")
  expect(new Set(names).size).toBe(names.length)
  expect(new Set(modules).size).toBe(modules.length)
})

test.each(table.map((row) => [row.name, row] as const))(
  "%s loads, and patches what starts it and nothing else",
  (_, row) => {
    const { patches } = row.load(context)
    const patched = patches.map(({ module }) => module)
    expect(patched).not.toEqual([])
    const outside = patched.filter(
      (module) => !row.modules.includes(module) && !row.modules.includes(packageIn(module)),
    )
    expect(outside).toEqual([])
    for (const name of packages(row.modules)) expect(patched.map(packageIn)).toContain(name)
    // An ES module is touched only to be patched: its file, or its package's entry.
    for (const file of row.esm ?? [])
      expect([file, packageIn(file)].some((one) => patched.includes(one))).toBe(true)
    for (const { module, versions } of patches) {
      if (packages([module]).length > 0) expect(versions, module).not.toBeUndefined()
    }
  },
)

test("upstream's own hooks are never loaded, and require() is as it was", () => {
  const hooking = Object.keys(require.cache).filter((file) => /(require|import)-in-the-middle/.test(file))
  expect(hooking).toEqual([])
  const { RequireInTheMiddleSingleton } = require(singleton) as {
    RequireInTheMiddleSingleton: { _instance: unknown }
  }
  expect(RequireInTheMiddleSingleton._instance).toBeUndefined()
})
