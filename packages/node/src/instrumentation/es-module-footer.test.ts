import { expect, test } from "vitest"
import { isInstrumented, withFooter } from "./es-module-footer.ts"

const files = new Set(["openai/index.mjs", "@nestjs/core/nest-factory.js"])

test("is for the files that are named, wherever their package is, and for no other", () => {
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
  expect(yes.filter((url) => isInstrumented(url, files))).toEqual(yes)
  expect(no.filter((url) => isInstrumented(url, files))).toEqual([])
})

test("stands in a line of its own, so that neither a comment at the end nor a line number matters", () => {
  const source = "export class One {}\nexport const two = 2 // the end"
  const added = withFooter("file:///app/one.mjs", source)
  expect(added.startsWith(`${source}\n`)).toBe(true)
  expect(added.slice(source.length + 1).split("\n")).toHaveLength(1)
  expect(withFooter("file:///app/one.mjs", new TextEncoder().encode(source))).toBe(added)
})

test("is added once", () => {
  const once = withFooter("file:///app/one.mjs", "export {}")
  expect(withFooter("file:///app/one.mjs", once)).toBe(once)
})
