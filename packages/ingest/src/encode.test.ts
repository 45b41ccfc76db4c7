import { describe, expect, test } from "vitest"
import { string } from "./columns/string.ts"
import { uint32 } from "./columns/number.ts"
import { encode } from "./encode.ts"
import type { Field } from "./native.ts"

interface Item {
  readonly n: number
  readonly text: string
}

const fields: Field<Item>[] = [
  { name: "n", column: uint32, of: (item) => item.n },
  { name: "text", column: string, of: (item) => item.text },
]

const item = (n: number, text = "t"): Item => ({ n, text })
const items = (count: number, text?: string): Item[] => Array.from({ length: count }, (_, n) => item(n, text))

function poisoned(n: number, when: () => boolean = () => true): Item {
  return {
    n,
    get text() {
      if (when()) throw new Error(`item ${n} is poisoned`)
      return "t"
    },
  }
}

/** The numbers of the rows that JSON lines hold. */
const numbers = (blocks: readonly Buffer[]): number[] =>
  Buffer.concat(blocks)
    .toString()
    .split("\n")
    .slice(0, -1)
    .map((line) => (JSON.parse(line) as Item).n)

const plenty = 1024 * 1024 * 1024

/** So that slices are as large as they get, whatever ran before. */
async function warmUp(): Promise<void> {
  for (let round = 0; round < 8; round++) (await encode("Native", fields, items(20_000), plenty)).release()
}

test("encodes all items in order, in both formats", async () => {
  const json = await encode("JSONEachRow", fields, items(10_000), plenty)
  expect(json.count).toBe(10_000)
  expect(json.unreadable).toEqual([])
  expect(numbers(json.blocks)).toEqual(items(10_000).map(({ n }) => n))
  const native = await encode("Native", fields, items(2), plenty)
  expect(Buffer.concat(native.blocks).toString("latin1")).toBe(
    "\x02\x02\x01n\x06UInt32\0\0\0\0\x01\0\0\0\x04text\x06String\x01t\x01t",
  )
})

test("no items are no bytes", async () => {
  const encoded = await encode("Native", fields, [], plenty)
  expect(encoded.blocks).toEqual([])
  expect(encoded.count).toBe(0)
})

test("the event loop runs between slices", async () => {
  let turns = 0
  let running = true
  const turn = () => {
    turns++
    if (running) setImmediate(turn)
  }
  setImmediate(turn)
  const { blocks } = await encode("Native", fields, items(50_000), plenty)
  running = false
  expect(blocks.length).toBeGreaterThanOrEqual(50_000 / 4_096)
  // A turn between each two blocks, give or take the first and the last.
  expect(turns).toBeGreaterThanOrEqual(blocks.length - 2)
})

test("stops at maxBytes after a slice, and says how many items it took", async () => {
  const all = items(100_000, "x".repeat(100))
  const first = await encode("JSONEachRow", fields, all, 1024)
  expect(first.count).toBeGreaterThan(0)
  expect(first.count).toBeLessThanOrEqual(4_096)
  expect(numbers(first.blocks)).toEqual(all.slice(0, first.count).map(({ n }) => n))
})

describe("large items", () => {
  test("are not gathered into blocks of many megabytes", async () => {
    await warmUp()
    const large = items(40, "x".repeat(1024 * 1024))
    const { blocks, count } = await encode("Native", fields, large, plenty)
    expect(count).toBe(40)
    expect(Math.max(...blocks.map(({ length }) => length))).toBeLessThanOrEqual(4 * 1024 * 1024)
    expect(blocks.reduce((sum, { length }) => sum + length, 0)).toBeGreaterThan(40 * 1024 * 1024)
  })

  test("that are equal, and so would be copied, too", async () => {
    await warmUp()
    const text = "x".repeat(100_000)
    const { blocks } = await encode("Native", fields, items(500, text), plenty)
    expect(Math.max(...blocks.map(({ length }) => length))).toBeLessThanOrEqual(4 * 1024 * 1024)
  })

  test("of more than that are a block of their own", async () => {
    const { blocks, unreadable } = await encode(
      "Native",
      fields,
      items(3, "x".repeat(5 * 1024 * 1024)),
      plenty,
    )
    expect(blocks.map(({ length }) => length > 5 * 1024 * 1024)).toEqual([true, true, true])
    expect(unreadable).toEqual([])
  })
})

describe("items that throw when they are read", () => {
  test.each(["Native", "JSONEachRow"] as const)("cost only themselves in %s", async (format) => {
    const all = items(3_000)
    const bad = [0, 1_500, 1_501, 2_999]
    for (const n of bad) all[n] = poisoned(n)
    const { blocks, count, unreadable } = await encode(format, fields, all, plenty)
    expect(count).toBe(3_000)
    expect(unreadable.map(({ item: { n }, error }) => [n, (error as Error).message])).toEqual(
      bad.map((n) => [n, `item ${n} is poisoned`]),
    )
    if (format === "JSONEachRow") {
      expect(numbers(blocks)).toEqual(
        items(3_000)
          .map(({ n }) => n)
          .filter((n) => !bad.includes(n)),
      )
    }
  })

  test("every second time cost nothing but time", async () => {
    let reads = 0
    const all = items(100)
    all[50] = poisoned(50, () => ++reads % 2 === 1)
    const { blocks, unreadable } = await encode("JSONEachRow", fields, all, plenty)
    const stored = numbers(blocks)
    expect([...stored, ...unreadable.map(({ item: { n } }) => n)].sort((a, b) => a - b)).toEqual(
      items(100).map(({ n }) => n),
    )
  })

  test("are all there is: no bytes", async () => {
    const { blocks, count, unreadable } = await encode("Native", fields, [poisoned(0), poisoned(1)], plenty)
    expect(blocks).toEqual([])
    expect(count).toBe(2)
    expect(unreadable).toHaveLength(2)
  })
})

test("buffers that were released are written again, others never", async () => {
  const first = await encode("Native", fields, items(10), plenty)
  const kept = await encode("Native", fields, items(10), plenty)
  expect(kept.blocks[0]?.buffer).not.toBe(first.blocks[0]?.buffer)
  first.release()
  first.release()
  const second = await encode("Native", fields, items(10), plenty)
  const third = await encode("Native", fields, items(10), plenty)
  expect(second.blocks[0]?.buffer).toBe(first.blocks[0]?.buffer)
  expect(third.blocks[0]?.buffer).not.toBe(second.blocks[0]?.buffer)
})
