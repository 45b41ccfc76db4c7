import { expect, test } from "vitest"
import type { Ask } from "./filter.ts"
import { readSpanTextIndex } from "./span-text-index.ts"

/** A ClickHouse that has the index, and answers so when it is asked for it. */
const withIndex =
  (answer: () => unknown[]): Ask =>
  async <Row>(sql: string) =>
    (sql.includes("FROM mergeTreeTextIndex(") ? answer() : [{ there: 1 }]) as Row[]

test("the index is known by its parts and what is in it of the text", async () => {
  const answer = () => [
    { part: "a", items: ["k=order 77"], count: 1 },
    { part: "b", items: [], count: 0 },
  ]
  expect(await readSpanTextIndex(withIndex(answer), "77")).toEqual({
    text: "77",
    parts: ["a", "b"],
    items: ["k=order 77"],
  })
})

test("what a server would refuse to be asked for is not asked for", async () => {
  const answer = () => [{ part: "a", items: [`prompt=${"x".repeat(60_000)}`], count: 1 }]
  expect(await readSpanTextIndex(withIndex(answer), "x")).toBeUndefined()
})

test("whoever may not read the index is answered without it", async () => {
  const refuse = () => {
    throw new Error("Not enough privileges")
  }
  expect(await readSpanTextIndex(withIndex(refuse), "x")).toBeUndefined()
})
