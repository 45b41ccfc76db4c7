import { expect, test } from "vitest"
import { instrumentConsole } from "./console.ts"

test("a console that is not Node's, as this test runner's, is instrumented too", () => {
  const { log } = console
  for (const { patch } of instrumentConsole().patches) patch(undefined as never, undefined, undefined)
  expect(console.log).not.toBe(log)
})
