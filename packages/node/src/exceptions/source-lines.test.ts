import { expect, test } from "vitest"
import { sourceLines } from "./source-lines.ts"

const text = Array.from({ length: 20 }, (_, index) => `line ${index + 1}`).join("\n")
const lines = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, index) => `line ${from + index}`)

test.each([
  [1, [], lines(2, 6)],
  [3, lines(1, 2), lines(4, 8)],
  [10, lines(5, 9), lines(11, 15)],
  [20, lines(15, 19), []],
])("line %i has those around it", (line, pre, post) => {
  expect(sourceLines(text, line)).toEqual({
    pre_context: pre,
    context_line: `line ${line}`,
    post_context: post,
  })
})

test.each([21, 1000])("a text of 20 lines has no line %i", (line) => {
  expect(sourceLines(text, line)).toBeUndefined()
})

test("a newline at the end is no line more, and a carriage return is none of the line", () => {
  expect(sourceLines("a\r\nb\r\n", 1)).toEqual({ pre_context: [], context_line: "a", post_context: ["b"] })
})

test("a long line is cut around the column, the others at their ends", () => {
  const built = `${"a".repeat(5000)}HERE${"b".repeat(5000)}`
  const found = sourceLines(`${built}\n${built}\n`, 1, 5001)!
  expect(found.context_line).toBe(`…${"a".repeat(100)}HERE${"b".repeat(96)}…`)
  expect(found.post_context).toEqual([`${"a".repeat(200)}…`])
  expect(sourceLines(built, 1, 10_004)!.context_line).toBe(`…${"b".repeat(200)}`)
})
