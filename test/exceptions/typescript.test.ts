// Apps in TypeScript, as people build and run them: the frames show their own lines.
import { createRequire } from "node:module"
import { readFileSync, rmSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { build } from "vite"
import { afterAll, expect, test } from "vitest"
import { runNode } from "../run-node.ts"
import { nodeBinary } from "../tools/node-matrix.mjs"
import { App, framesOf } from "./crashing-app.ts"

const lines = [
  "// What orders cost.",
  "interface Order {",
  "  readonly id: number",
  "  readonly prices: readonly number[]",
  "}",
  "",
  "type Total = number",
  "",
  "export function totalOf(order: Order): Total {",
  "  const { prices }: Order = order",
  "  if (prices.length === 0) {",
  "    throw new RangeError(`order ${order.id} is empty`)",
  "  }",
  "  return prices.reduce((sum: number, price: number) => sum + price, 0)",
  "}",
  "",
]
const source = {
  "src/total.ts": lines.join("\n"),
  "src/main.ts": `import { totalOf } from "./total.js"

const empty: { id: number; prices: number[] } = { id: 7, prices: [] }
setTimeout((): void => void totalOf(empty), 5)
`,
}
const total = {
  filename: "src/total.ts",
  module: "src/total",
  function: "totalOf",
  lineno: 12,
  in_app: true,
  pre_context: lines.slice(6, 11),
  context_line: lines[11],
  post_context: lines.slice(12, 16).slice(0, 3),
}
const main = {
  filename: "src/main.ts",
  lineno: 4,
  context_line: "setTimeout((): void => void totalOf(empty), 5)",
}

const require = createRequire(import.meta.url)
const tsc = fileURLToPath(new URL("../../node_modules/typescript/bin/tsc", import.meta.url))
const apps: App[] = []
afterAll(async () => {
  for (const app of apps) await app[Symbol.asyncDispose]()
})

function appOf(files: Readonly<Record<string, string>> = {}): App {
  const app = new App({
    "package.json": '{ "name": "crashing", "version": "1.0.0", "type": "module" }',
    ...source,
    ...files,
  })
  apps.push(app)
  return app
}

async function compile(app: App, ...options: string[]): Promise<void> {
  const flags = [
    "--module",
    "nodenext",
    "--target",
    "es2022",
    "--outDir",
    "dist",
    "--rootDir",
    "src",
    "--types",
    "",
    "--lib",
    "es2022,dom",
  ]
  const { code, stdout } = await runNode([tsc, ...flags, ...options, "src/main.ts"], { cwd: app.directory })
  expect(stdout).toBe("")
  expect(code).toBe(0)
}

async function framesIn(app: App, script: string, options: Parameters<App["record"]>[1] = {}) {
  const { did, events, logs } = await app.record(script, options)
  expect(did).toMatchObject({ code: 1, stderr: expect.stringContaining("RangeError: order 7 is empty") })
  expect(logs.map(({ body }) => body)).toEqual(["RangeError: order 7 is empty"])
  return framesOf(events[0]!).filter((frame) => frame.in_app)
}

test("built with a map beside", async () => {
  const app = appOf()
  await compile(app, "--sourceMap")
  expect(await framesIn(app, "dist/main.js")).toMatchObject([main, total])
})

test("built with a map beside that has the sources, which are not there", async () => {
  const app = appOf()
  await compile(app, "--sourceMap", "--inlineSources")
  rmSync(join(app.directory, "src"), { recursive: true })
  expect(await framesIn(app, "dist/main.js")).toMatchObject([main, total])
})

test("built with an inline map", async () => {
  const app = appOf()
  await compile(app, "--inlineSourceMap", "--inlineSources")
  expect(await framesIn(app, "dist/main.js")).toMatchObject([main, total])
})

test("built with maps that Node itself applies", async () => {
  const app = appOf()
  await compile(app, "--sourceMap")
  const frames = await framesIn(app, "dist/main.js", { nodeArgs: ["--enable-source-maps"] })
  expect(frames).toMatchObject([{ ...main }, total])
})

test("bundled and minified", async () => {
  const app = appOf()
  await build({
    root: app.directory,
    configFile: false,
    logLevel: "silent",
    build: { ssr: "src/main.ts", outDir: "dist", sourcemap: true, minify: true },
  })
  expect(readFileSync(join(app.directory, "dist/main.js"), "utf8").trim().split("\n").length).toBeLessThan(4)
  const frames = await framesIn(app, "dist/main.js")
  expect(frames).toMatchObject([main, { ...total, function: expect.any(String) }])
})

test("bundled into a map with sections", async () => {
  const app = appOf()
  await compile(app, "--sourceMap", "--inlineSources")
  const read = (name: string) => readFileSync(join(app.directory, "dist", name), "utf8")
  const parts = ["total.js", "main.js"].map((name) => ({
    code: read(name).replace(/^import .*\n|^export |\/\/# source.*$/gm, (found) =>
      found.startsWith("import") ? "\n" : "",
    ),
    map: JSON.parse(read(`${name}.map`)) as unknown,
  }))
  const bundle = parts.map(({ code }) => code).join("\n")
  const second = parts[0]!.code.split("\n").length
  const sections = parts.map(({ map }, index) => ({ offset: { line: index * second, column: 0 }, map }))
  writeFileSync(join(app.directory, "dist/bundle.js"), `${bundle}\n//# sourceMappingURL=bundle.js.map\n`)
  writeFileSync(join(app.directory, "dist/bundle.js.map"), JSON.stringify({ version: 3, sections }))
  expect(await framesIn(app, "dist/bundle.js")).toMatchObject([main, total])
})

test("run by tsx", async () => {
  const app = appOf()
  const tsx = join(dirname(require.resolve("tsx/package.json")), "dist/loader.mjs")
  expect(await framesIn(app, "src/main.ts", { nodeArgs: ["--import", tsx] })).toMatchObject([main, total])
})

test("run by Node itself, which leaves out the types", async () => {
  const app = appOf({ "src/main.ts": source["src/main.ts"].replace("total.js", "total.ts") })
  expect(await framesIn(app, "src/main.ts", { node: await nodeBinary("24") })).toMatchObject([main, total])
})

test.each<[string, (map: string) => string]>([
  ["broken", (map) => map.slice(0, 50)],
  ["no map", () => "[1, 2]"],
  ["with mappings of another kind", (map) => map.replace(/"mappings":"[^"]*"/, '"mappings":"!!!!"')],
  ["missing", () => ""],
])("with a map that is %s the frames are those of the built file", async (kind, spoil) => {
  const app = appOf()
  await compile(app, "--sourceMap")
  const file = join(app.directory, "dist/total.js.map")
  if (kind === "missing") rmSync(file)
  else writeFileSync(file, spoil(readFileSync(file, "utf8")))
  const frames = await framesIn(app, "dist/main.js")
  expect(frames).toMatchObject([
    main,
    { filename: "dist/total.js", function: "totalOf", context_line: `    ${lines[11]};` },
  ])
})
