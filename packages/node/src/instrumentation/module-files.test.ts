import { sep } from "node:path"
import { describe, expect, test } from "vitest"
import { isInstrumented, packageOf, placeOf, withFooter } from "./module-files.ts"

const local = (path: string) => path.replaceAll("/", sep)

const files: [file: string, name: string | undefined, inside: string | undefined][] = [
  ["/app/node_modules/pg/lib/client.js", "pg", "lib/client.js"],
  ["/app/node_modules/@hapi/hapi/lib/index.js", "@hapi/hapi", "lib/index.js"],
  ["/app/node_modules/mongoose/node_modules/mongodb/lib/index.js", "mongodb", "lib/index.js"],
  [
    "/app/node_modules/.pnpm/@redis+client@5.0.0/node_modules/@redis/client/dist/index.js",
    "@redis/client",
    "dist/index.js",
  ],
  ["/app/.yarn/cache/pg-npm-8.zip/node_modules/pg/lib/index.js", "pg", "lib/index.js"],
  ["/app/src/pg/index.js", undefined, undefined],
  ["/app/node_modules/loose.js", undefined, undefined],
  ["/app/node_modules/@hapi/loose.js", undefined, undefined],
]

describe("the package of a file", () => {
  test.each(files)("%s", (file, name, inside) => {
    expect(packageOf(local(file))).toBe(name)
    if (name === undefined) return
    const directory = local(file.slice(0, -inside!.length - 1))
    expect(placeOf(local(file), name)).toEqual({ directory, inside })
  })
})

const esModules = new Set(["openai/index.mjs", "@nestjs/core/nest-factory.js"])

test("the footer is for the files that are named, wherever their package is, and for no other", () => {
  const yes = [
    "file:///app/node_modules/openai/index.mjs",
    "file:///app/node_modules/.pnpm/openai@6.1.0/node_modules/openai/index.mjs",
    "file:///app/node_modules/@nestjs/core/nest-factory.js?namespace=1#part",
  ]
  const no = [
    "file:///app/node_modules/openai/client.mjs",
    "file:///app/node_modules/openai/node_modules/other/index.mjs",
    "file:///app/openai/index.mjs",
    "node:http",
    "data:text/javascript,export default 1",
  ]
  expect(yes.filter((url) => isInstrumented(url, esModules))).toEqual(yes)
  expect(no.filter((url) => isInstrumented(url, esModules))).toEqual([])
})

test("the footer stands in a line of its own, so that neither a comment at the end nor a line number matters", () => {
  const source = "export class One {}\nexport const two = 2 // the end"
  const added = withFooter("file:///app/one.mjs", source)
  expect(added.startsWith(`${source}\n`)).toBe(true)
  expect(added.slice(source.length + 1).split("\n")).toHaveLength(1)
  expect(withFooter("file:///app/one.mjs", new TextEncoder().encode(source))).toBe(added)
})

test("the footer is added once", () => {
  const once = withFooter("file:///app/one.mjs", "export {}")
  expect(withFooter("file:///app/one.mjs", once)).toBe(once)
})
