import { expect, test } from "vitest"
import { createRateLimit } from "./rate-limit.ts"

/** Deterministic, and good enough to toss. */
function randomFrom(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}

/** Offers `rates[n]` traces in second n; what is kept in each, and how many they stand for. */
function run(perSecond: number, rates: readonly number[], ratio = 1) {
  let time = 0
  const random = randomFrom(7)
  const limit = createRateLimit(perSecond, () => time)
  return rates.map((rate, second) => {
    let kept = 0
    let counted = 0
    for (let index = 0; index < rate; index++) {
      time = second * 1000 + (index / rate) * 1000
      const share = limit.offer(ratio) * ratio
      if (random() >= share) continue
      limit.keep()
      kept++
      counted += 1 / share
    }
    return { rate, kept, counted }
  })
}
const around = (value: number, expected: number, share: number) =>
  expect(Math.abs(value / expected - 1)).toBeLessThan(share)

test("below the limit everything is kept", () => {
  for (const { rate, kept, counted } of run(100, [10, 50, 90, 20]))
    expect([kept, counted]).toEqual([rate, rate])
})

test("above it about the limit is kept, and stands for all", () => {
  const seconds = run(100, Array<number>(60).fill(5000)).slice(2)
  for (const { kept } of seconds) expect(kept).toBeLessThan(160)
  const sum = (of: "kept" | "counted") => seconds.reduce((total, one) => total + one[of], 0) / seconds.length
  around(sum("kept"), 95, 0.1)
  around(sum("counted"), 5000, 0.03)
})

test("rates that change: quiet, a burst, a slow rise, quiet again", () => {
  const rise = Array.from({ length: 60 }, (_, index) => 100 + index * 150)
  const rates = [
    ...Array<number>(20).fill(20),
    ...Array<number>(40).fill(10_000),
    ...rise,
    ...Array<number>(40).fill(50),
  ]
  const seconds = run(100, rates)
  for (const { kept } of seconds) expect(kept).toBeLessThan(300)
  const offered = rates.reduce((a, b) => a + b)
  around(
    seconds.reduce((sum, { counted }) => sum + counted, 0),
    offered,
    0.03,
  )
  // The last seconds are below the limit again.
  for (const { kept, rate } of seconds.slice(-30)) expect(kept).toBe(rate)
})

test("a burst at once keeps its last traces as it keeps its first", () => {
  const random = randomFrom(3)
  let [early, late, kept] = [0, 0, 0]
  for (let time = 0; time < 200; time++) {
    const limit = createRateLimit(100, () => 0)
    for (let index = 0; index < 10_000; index++) {
      const share = limit.offer(1)
      if (random() >= share) continue
      limit.keep()
      kept++
      if (index < 5000) early += 1 / share
      else late += 1 / share
    }
  }
  around(early / 200, 5000, 0.05)
  around(late / 200, 5000, 0.05)
  around(kept / 200, 190, 0.1) // of 10,000, where 100 is the limit
})

test("a ratio below one is lowered only when the limit is passed all the same", () => {
  for (const { kept } of run(100, Array<number>(10).fill(500), 0.1)) expect(kept).toBeLessThan(80)
  const seconds = run(100, Array<number>(30).fill(10_000), 0.1).slice(2)
  around(seconds.reduce((sum, { kept }) => sum + kept, 0) / seconds.length, 95, 0.1)
})

test("what was decided otherwise later is counted as it is", () => {
  const limit = createRateLimit(10, () => 0)
  for (let index = 0; index < 100; index++) limit.offer(1)
  expect(limit.offer(1)).toBeCloseTo(10 / 101)
  limit.correct(-96, 0)
  expect(limit.offer(1)).toBe(1)
})
