// On Node 20 a require() of an ES module throws when it comes to a module that an import() is just loading. An app may
// import anything at any time, and an ES module loader beside it makes that take long.
import { expect, test } from "vitest"
import { fixture, runScript } from "./traced-app.ts"

test("an app that is importing Node's modules can record spans meanwhile", async () => {
  const { spans } = await runScript(fixture("slow-imports.cjs"), {
    nodeOptions: ["--import", fixture("slow-loader.mjs")],
  })
  expect(spans.map(({ name }) => name)).toEqual(["meanwhile", "afterwards"])
})

test("node:http2 is traced also where it is imported long after node:http", async () => {
  const { spans } = await runScript(fixture("http2-later.mjs"))
  expect(spans.map(({ name }) => name).toSorted()).toEqual(["GET", "GET"])
})
