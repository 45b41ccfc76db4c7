// Lines that wait until the SDK is there.
import { expect, test } from "vitest"
import { emitOrHold, holdFirstLines, releaseFirstLines } from "./app-lines.ts"
import { record } from "./app-lines.ts"

test("lines wait in their order, and later ones do not wait", () => {
  const emitted: string[] = []
  holdFirstLines()
  emitOrHold(() => emitted.push("a"), 1)
  emitOrHold(() => emitted.push("b"), 1)
  expect(emitted).toEqual([])
  releaseFirstLines()
  emitOrHold(() => emitted.push("c"), 1)
  expect(emitted).toEqual(["a", "b", "c"])
})

test("a line that fails does not keep the others", () => {
  const emitted: string[] = []
  holdFirstLines()
  emitOrHold(() => {
    throw new Error("broken")
  }, 1)
  emitOrHold(() => emitted.push("b"), 1)
  releaseFirstLines()
  expect(emitted).toEqual(["b"])
})

test("a thousand lines are the most that wait, and none is lost", () => {
  let emitted = 0
  holdFirstLines()
  for (let line = 0; line < 1500; line++) record(() => emitOrHold(() => emitted++, 1))
  expect(emitted).toBe(1500)
})

test("a megabyte of text is the most that waits", () => {
  let emitted = 0
  holdFirstLines()
  record(() => emitOrHold(() => emitted++, 2 ** 20 - 1))
  expect(emitted).toBe(0)
  record(() => emitOrHold(() => emitted++, 1))
  expect(emitted).toBe(2)
})
