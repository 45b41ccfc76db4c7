import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, expect, test } from "vitest"
import { findAppPackage } from "./app-package.ts"

const root = mkdtempSync(join(tmpdir(), "clickstack-app-"))
afterAll(() => rmSync(root, { recursive: true }))

const directory = (path: string, content?: string) => {
  const full = join(root, path)
  mkdirSync(full, { recursive: true })
  if (content !== undefined) writeFileSync(join(full, "package.json"), content)
  return full
}

test("finds the nearest package.json that has a name, above the main script", () => {
  directory("app", '{ "name": "@acme/shop", "version": "1.0.0" }')
  directory("app/dist", '{ "type": "commonjs" }')
  const source = directory("app/dist/src")
  expect(findAppPackage(join(source, "index.js"), root)).toEqual({ name: "@acme/shop", version: "1.0.0" })
})

test("goes by the working directory for a tool's script and for none", () => {
  const app = directory("other", '{ "name": "other" }')
  const tool = join(root, "app/node_modules/tool/bin.js")
  expect(findAppPackage(tool, app)).toEqual({ name: "other", version: undefined })
  expect(findAppPackage(undefined, app)).toEqual({ name: "other", version: undefined })
})

test("passes over a package.json that is broken", () => {
  directory("broken", "{")
  directory("broken/..", '{ "name": "above" }')
  expect(findAppPackage(join(root, "broken/index.js"), root).name).toBe("above")
})
