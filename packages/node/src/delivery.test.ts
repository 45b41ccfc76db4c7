import { expect, test } from "vitest"
import { ClickstackError } from "./clickstack-error.ts"
import { backoff } from "./backoff.ts"
import { createDelivery, type DeliveryOptions } from "./delivery.ts"

const options: DeliveryOptions = {
  what: "items",
  place: "test",
  queueSize: 100,
  batchSize: 10,
  delay: 0,
  say: () => undefined,
}
const away = (retryAfter?: number) =>
  new ClickstackError("DELIVERY_FAILED", "away", { retryable: true, retryAfter })

/** A destination that answers each batch with the next outcome; what is left out succeeds. */
function destination(...outcomes: (Error | undefined)[]) {
  const sent: number[][] = []
  const delivered: number[] = []
  return {
    sent,
    delivered,
    send: (items: number[]) => {
      sent.push(items)
      const error = outcomes.shift()
      if (error !== undefined) return Promise.reject(error)
      delivered.push(...items)
      return Promise.resolve()
    },
  }
}

const numbers = (count: number) => Array.from({ length: count }, (_, index) => index)

test("delivers in order, in batches, each item once", async () => {
  const { send, sent, delivered } = destination()
  const delivery = createDelivery(send, options)
  for (const item of numbers(25)) delivery.push(item)
  await delivery.flush(1000)
  expect(delivered).toEqual(numbers(25))
  expect(sent.map((batch) => batch.length)).toEqual([10, 10, 5])
  expect(delivery.stats()).toMatchObject({ produced: 25, delivered: 25, waiting: 0 })
})

test("tries a batch again that may succeed later, and keeps the order", async () => {
  const { send, sent, delivered } = destination(away(), away())
  const delivery = createDelivery(send, { ...options, random: () => 0 })
  for (const item of numbers(12)) delivery.push(item)
  await delivery.flush(10_000)
  expect(delivered).toEqual(numbers(12))
  expect(sent).toHaveLength(4)
})

test("drops and counts what is refused, and the next batch flows", async () => {
  const { send, delivered } = destination(new ClickstackError("DELIVERY_FAILED", "bad"))
  const delivery = createDelivery(send, options)
  for (const item of numbers(12)) delivery.push(item)
  await delivery.flush(1000)
  expect(delivered).toEqual([10, 11])
  expect(delivery.stats()).toMatchObject({
    produced: 12,
    delivered: 2,
    dropped: { refused: 10 },
    lastError: "bad",
  })
})

test("gives an exporter that says nothing about its failures five attempts", async () => {
  const { send, sent } = destination(...numbers(5).map(() => new Error("?")))
  const delivery = createDelivery(send, options)
  delivery.push(1)
  await Promise.all(numbers(20).map(() => delivery.flush(20_000)))
  expect(sent).toHaveLength(5)
  expect(delivery.stats().dropped.refused).toBe(1)
})

test("sends nothing before Retry-After has passed, not even for a flush", async () => {
  const times: number[] = []
  let refuse = true
  const delivery = createDelivery<number>(() => {
    times.push(performance.now())
    const error = refuse ? away(200) : undefined
    refuse = false
    return error === undefined ? Promise.resolve() : Promise.reject(error)
  }, options)
  delivery.push(1)
  await delivery.flush(20)
  expect(times).toHaveLength(1)
  await delivery.flush(5000)
  expect(times).toHaveLength(2)
  expect(times[1]! - times[0]!).toBeGreaterThanOrEqual(199)
})

test("a full queue drops and counts what comes, and says so once", () => {
  const lines: string[] = []
  const delivery = createDelivery(() => new Promise<void>(() => undefined), {
    ...options,
    queueSize: 15,
    say: (_, topic) => lines.push(topic),
  })
  for (const item of numbers(20)) delivery.push(item)
  expect(delivery.stats()).toMatchObject({ produced: 20, dropped: { queue_full: 5 }, waiting: 15 })
  expect(new Set(lines)).toEqual(new Set(["items to test full"]))
})

test("flush ends when its time is up, and close counts what is left", async () => {
  const delivery = createDelivery(() => Promise.reject(away()), options)
  for (const item of numbers(12)) delivery.push(item)
  await delivery.flush(50)
  expect(delivery.stats().waiting).toBe(12)
  await Promise.all([delivery.close(50), delivery.close(50)])
  delivery.push(1)
  expect(delivery.stats()).toMatchObject({ produced: 13, delivered: 0, dropped: { closed: 13 }, waiting: 0 })
  await delivery.flush(50)
})

test("waits for what it depends on before the first batch", async () => {
  const { send, sent } = destination()
  let ready = () => {}
  const delivery = createDelivery(send, {
    ...options,
    ready: new Promise<void>((resolve) => (ready = resolve)),
  })
  delivery.push(1)
  const flushed = delivery.flush(1000)
  expect(sent).toEqual([])
  ready()
  await flushed
  expect(sent).toEqual([[1]])
})

test("pauses grow to 30 s and differ between processes", () => {
  expect(numbers(8).map((attempt) => backoff(attempt, () => 1))).toEqual([
    500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000,
  ])
  expect(backoff(3, () => 0)).toBe(2000)
})
