import { expect, test } from "vitest"
import { IngestError, type IngestErrorCode, type IngestErrorDetails } from "./errors.ts"
import { retry } from "./retry.ts"

const failure = (code: IngestErrorCode, details: IngestErrorDetails = {}) =>
  new IngestError(code, code, { retryable: true, ...details })

/** Fails with each of the errors in turn, then succeeds; a clock that only sleeping moves. */
async function run(errors: readonly unknown[], forMs: number, random = 0.5) {
  const waits: number[] = []
  let clock = 1_000_000
  let attempts = 0
  const attempt = () =>
    attempts++ < errors.length ? Promise.reject(errors[attempts - 1]) : Promise.resolve("stored")
  const outcome = await retry(attempt, {
    forMs,
    now: () => clock,
    random: () => random,
    sleep: (ms) => {
      waits.push(ms)
      clock += ms
      return Promise.resolve()
    },
  }).catch((error: unknown) => error)
  return { outcome, attempts, waits }
}

const busy = failure("OVERLOADED")

test("does not wait for what succeeds at once", async () => {
  expect(await run([], 10_000)).toEqual({ outcome: "stored", attempts: 1, waits: [] })
})

test("waits twice as long each time, and 5 s at most", async () => {
  const { outcome, waits } = await run(Array<unknown>(8).fill(busy), 60_000)
  expect(outcome).toBe("stored")
  expect(waits).toEqual([200, 400, 800, 1_600, 3_200, 5_000, 5_000, 5_000])
})

test("waits between half and one and a half of that, by chance", async () => {
  expect((await run([busy, busy], 60_000, 0)).waits).toEqual([100, 200])
  expect((await run([busy, busy], 60_000, 1)).waits).toEqual([300, 600])
})

test("waits as long as the server asked for", async () => {
  expect((await run([failure("TOO_MANY_PARTS", { retryAfterMs: 5_000 })], 60_000)).waits).toEqual([5_000])
  expect((await run([failure("OVERLOADED", { retryAfterMs: 1 })], 60_000)).waits).toEqual([200])
})

test("begins no attempt after its time, and throws the last error", async () => {
  const last = failure("UNREACHABLE")
  expect(await run([busy, busy, last, busy], 1_400)).toEqual({
    outcome: last,
    attempts: 3,
    waits: [200, 400],
  })
})

test("with no time at all there is one attempt", async () => {
  expect(await run([busy], 0)).toEqual({ outcome: busy, attempts: 1, waits: [] })
})

test("a wait that would be too long is not begun", async () => {
  const wrongPassword = failure("AUTHENTICATION", { retryAfterMs: 60_000 })
  expect(await run([wrongPassword], 10_000)).toEqual({ outcome: wrongPassword, attempts: 1, waits: [] })
})

test.each([
  ["what cannot be retried", new IngestError("BAD_ROW", "bad")],
  ["too large an insert, which its caller makes smaller", failure("OUT_OF_MEMORY")],
  ["a fault of ours", new TypeError("x is not a function")],
])("throws %s at once", async (_name, error) => {
  expect(await run([error], 10_000)).toEqual({ outcome: error, attempts: 1, waits: [] })
})

test("sleeps in real time unless told otherwise", async () => {
  let attempts = 0
  const attempt = () => (attempts++ === 0 ? Promise.reject(busy) : Promise.resolve("stored"))
  expect(await retry(attempt, { forMs: 10_000, random: () => -0.49 })).toBe("stored")
})

test("a signal ends the wait, and no other attempt begins", async () => {
  const stop = new AbortController()
  let attempts = 0
  const attempt = () => {
    attempts++
    setImmediate(() => stop.abort())
    return Promise.reject(busy)
  }
  await expect(retry(attempt, { forMs: 3_600_000, random: () => 1, signal: stop.signal })).rejects.toBe(busy)
  expect(attempts).toBe(1)
})
