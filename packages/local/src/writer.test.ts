import { expect, test } from "vitest"
import { createWriter } from "./writer.ts"

interface Gate {
  readonly groups: number[][]
  open(rejected?: number): void
  fail(error: Error): void
  store(items: number[]): Promise<number>
}

/** A store that answers when it is told to, be it before or after it is asked. */
function createGate(): Gate {
  const groups: number[][] = []
  const asked: ((answer: Promise<number>) => void)[] = []
  const answers: Promise<number>[] = []
  const meet = () => {
    while (asked.length > 0 && answers.length > 0) asked.shift()?.(answers.shift() ?? Promise.resolve(0))
  }
  const answer = (one: Promise<number>) => {
    one.catch(() => {})
    answers.push(one)
    meet()
  }
  return {
    groups,
    open: (rejected = 0) => answer(Promise.resolve(rejected)),
    fail: (error) => answer(Promise.reject(error)),
    store(items) {
      groups.push(items)
      return new Promise((resolve) => {
        asked.push(resolve)
        meet()
      })
    },
  }
}

const usual = { maxItems: 10, maxWaiting: 20, patienceMs: 60_000, retryAfterSeconds: 2 }

test("what arrives during an insert goes into the next one, together", async () => {
  const gate = createGate()
  const writer = createWriter<number>({ ...usual, store: gate.store })
  const all = [writer.write([1]), writer.write([2, 3]), writer.write([4])]
  gate.open()
  await all[0]
  gate.open()
  await Promise.all(all)
  expect(gate.groups).toEqual([[1], [2, 3, 4]])
})

test("what comes soon after an insert goes into the next one, together, and does not wait when that is full", async () => {
  const gate = createGate()
  let time = 0
  const writer = createWriter<number>({ ...usual, maxItems: 4, store: gate.store, now: () => time })
  const first = writer.write([1])
  // The insert took so long that the rest after it is the longest.
  time = 60_000
  gate.open()
  await first
  const second = writer.write([2])
  await new Promise((resolve) => setImmediate(resolve))
  expect(gate.groups).toEqual([[1]])
  const third = writer.write([3, 4, 5])
  await new Promise((resolve) => setImmediate(resolve))
  expect(gate.groups).toEqual([[1], [2, 3, 4, 5]])
  gate.open()
  await Promise.all([second, third])
})

test("an insert takes no more than its limit, unless one request has more", async () => {
  const gate = createGate()
  const writer = createWriter<number>({ ...usual, maxItems: 3, store: gate.store })
  const all = [
    [1, 2, 3, 4, 5],
    [6, 7],
    [8, 9],
  ].map((items) => writer.write(items))
  for (const one of all) {
    gate.open()
    await one
  }
  expect(gate.groups).toEqual([
    [1, 2, 3, 4, 5],
    [6, 7],
    [8, 9],
  ])
})

test("nobody is told of success before it is stored", async () => {
  const gate = createGate()
  const writer = createWriter<number>({ ...usual, store: gate.store })
  let answered = false
  const write = writer.write([1]).then(() => (answered = true))
  await new Promise((resolve) => setImmediate(resolve))
  expect(answered).toBe(false)
  gate.open()
  await write
})

test("everybody in an insert that fails is told so, and the next insert goes on", async () => {
  const gate = createGate()
  const writer = createWriter<number>({ ...usual, store: gate.store })
  const first = writer.write([1])
  const shared = [writer.write([2]), writer.write([3])].map((write) => expect(write).rejects.toThrow("disk"))
  gate.open()
  await first
  gate.fail(new Error("disk"))
  await Promise.all(shared)
  const next = writer.write([4])
  gate.open()
  await next
  expect(gate.groups).toEqual([[1], [2, 3], [4]])
})

test("a request that finds too much waiting is refused with a time to come back, and nothing of it is stored", async () => {
  const gate = createGate()
  const writer = createWriter<number>({ ...usual, maxWaiting: 2, store: gate.store })
  const all = [writer.write([1]), writer.write([2, 3])]
  await expect(writer.write([4])).rejects.toMatchObject({ code: "OVERLOADED", retryAfter: 2 })
  gate.open()
  await all[0]
  gate.open()
  await all[1]
  expect(gate.groups.flat()).toEqual([1, 2, 3])
})

test("a request that waited too long is refused, and nothing of it is stored", async () => {
  const gate = createGate()
  const writer = createWriter<number>({ ...usual, patienceMs: 20, store: gate.store })
  const first = writer.write([1])
  await expect(writer.write([2])).rejects.toMatchObject({ code: "OVERLOADED" })
  gate.open()
  await first
  expect(gate.groups).toEqual([[1]])
})

test("rows that were refused for good are told once in all", async () => {
  const gate = createGate()
  const writer = createWriter<number>({ ...usual, store: gate.store })
  const first = writer.write([1])
  const shared = [writer.write([2]), writer.write([3, 4])]
  gate.open()
  expect(await first).toBeUndefined()
  await new Promise((resolve) => setImmediate(resolve))
  gate.open(2)
  const partials = await Promise.all(shared)
  expect(partials.map((partial) => partial?.rejected)).toEqual([1, 1])
})
