// Lines that wait until the SDK is there.
import { expect, test } from "vitest"
import { emitOrHold, holdFirstLines, releaseFirstLines } from "./first-lines.ts"

test("lines wait in their order, and later ones do not wait", () => {
  const emitted: string[] = []
  holdFirstLines()
  emitOrHold(() => emitted.push("a"))
  emitOrHold(() => emitted.push("b"))
  expect(emitted).toEqual([])
  releaseFirstLines()
  emitOrHold(() => emitted.push("c"))
  expect(emitted).toEqual(["a", "b", "c"])
})

test("a line that fails does not keep the others", () => {
  const emitted: string[] = []
  holdFirstLines()
  emitOrHold(() => {
    throw new Error("broken")
  })
  emitOrHold(() => emitted.push("b"))
  releaseFirstLines()
  expect(emitted).toEqual(["b"])
})

test("a thousand lines are the most that wait", () => {
  let emitted = 0
  holdFirstLines()
  for (let line = 0; line < 1500; line++) emitOrHold(() => emitted++)
  expect(emitted).toBe(1500)
})
