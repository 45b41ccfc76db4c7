import { mkdtempSync, readdirSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, expect, test } from "vitest"
import { backoff } from "../backoff.ts"
import { ClickstackError } from "../clickstack-error.ts"
import { createBudget } from "./budget.ts"
import type { Send } from "./attempt.ts"
import { createDelivery, type DeliveryOptions } from "./delivery.ts"
import { type Disk, realDisk } from "./disk.ts"
import { keepPlain } from "./keeping.ts"
import { createOutages } from "./outages.ts"
import { createSpool } from "./spool.ts"

const root = mkdtempSync(join(tmpdir(), "clickstack-delivery-"))
afterAll(() => rmSync(root, { recursive: true }))
let spools = 0

function options(more: Partial<DeliveryOptions<number>> = {}): DeliveryOptions<number> {
  const say = more.say ?? (() => undefined)
  return {
    what: "items",
    place: "test",
    keeping: keepPlain(
      { count: () => 1, pack: (items) => items, unpack: (packed) => packed as number[] },
      { take: (item) => item, bytes: () => 100 },
    ),
    batchSize: 10,
    delay: 0,
    timeout: 1000,
    budget: createBudget(),
    outages: createOutages(say),
    say,
    ...more,
  }
}

const onDisk = (directory = join(root, `spool${spools++}`)) => ({
  directory,
  openSpool: (on: Parameters<NonNullable<DeliveryOptions<number>["openSpool"]>>[0]) =>
    createSpool({ ...on, directory, maxBytes: 10_000_000, maxAge: 1e9 }),
})

const away = (retryAfter?: number) =>
  new ClickstackError("DELIVERY_FAILED", "away", { retryable: true, retryAfter })

/** A destination that answers each batch with the next outcome; what is left out succeeds. */
function destination(...outcomes: (Error | undefined)[]) {
  const sent: number[][] = []
  const delivered: number[] = []
  const send: Send<number> = (items) => {
    sent.push(items)
    const error = outcomes.shift()
    if (error !== undefined) return Promise.reject(error)
    delivered.push(...items)
    return Promise.resolve({ rejected: 0 })
  }
  return { sent, delivered, send }
}

const numbers = (count: number) => Array.from({ length: count }, (_, index) => index)

test("delivers in order, in batches, each item once", async () => {
  const { send, sent, delivered } = destination()
  const delivery = createDelivery(send, options())
  for (const item of numbers(25)) delivery.push(item)
  await delivery.flush(1000)
  expect(delivered).toEqual(numbers(25))
  expect(sent.map((batch) => batch.length)).toEqual([10, 10, 5])
  expect(delivery.stats()).toMatchObject({ produced: 25, delivered: 25, waiting: 0, queueBytes: 0 })
})

test("what is recorded while full batches wait goes out too, when nothing comes after it", async () => {
  const { send, delivered } = destination()
  let open: () => void
  const opened = new Promise<void>((resolve) => (open = resolve))
  const delivery = createDelivery<number>(async (...args) => opened.then(() => send(...args)), {
    ...options({ delay: 1 }),
  })
  for (const item of numbers(20)) delivery.push(item)
  await new Promise((resolve) => setTimeout(resolve, 2)) // the timer of the first item is over by then
  for (const item of numbers(5)) delivery.push(20 + item)
  open!()
  await expect.poll(() => delivered).toEqual(numbers(25))
})

test("a flush waits for a batch on its way to disk, and lets the event loop run meanwhile", async () => {
  let written: () => void
  const writing = new Promise<void>((resolve) => (written = resolve))
  const begun: string[] = []
  const disk: Disk = {
    ...realDisk,
    write: async (...args) => {
      begun.push("write")
      if (begun.length === 2) await writing
      return realDisk.write(...args)
    },
  }
  let clock = 0
  let answer: () => void
  const answered = new Promise<void>((resolve) => (answer = resolve))
  const delivered: number[] = []
  const delivery = createDelivery<number>(
    async (items) => {
      await answered
      delivered.push(...items)
      return { rejected: 0 }
    },
    options({
      now: () => clock,
      openSpool: (on) =>
        createSpool({ ...on, directory: join(root, `spool${spools++}`), maxBytes: 1e7, maxAge: 1e9, disk }),
    }),
  )
  for (const item of numbers(10)) delivery.push(item)
  await new Promise(setImmediate) // it is being sent
  clock += 2000 // for so long that what comes now goes to disk
  for (const item of numbers(10)) delivery.push(10 + item)
  await expect.poll(() => begun).toEqual(["write", "write"]) // first what is being sent, since it may fail
  const flushed = delivery.flush(1000)
  answer!()
  await expect.poll(() => delivered).toHaveLength(10)
  written!() // from a turn of the event loop, which therefore runs
  await flushed
  expect(delivered).toHaveLength(20)
})

test("tries a batch again that may succeed later, and keeps the order", async () => {
  const { send, sent, delivered } = destination(away(), away())
  const delivery = createDelivery(send, options({ random: () => 0 }))
  for (const item of numbers(12)) delivery.push(item)
  await delivery.flush(10_000)
  expect(delivered).toEqual(numbers(12))
  expect(sent).toHaveLength(4)
})

test("drops and counts what is refused, and the next batch flows", async () => {
  const { send, delivered } = destination(new ClickstackError("DELIVERY_FAILED", "bad"))
  const delivery = createDelivery(send, options())
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
  const delivery = createDelivery(send, options())
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
    return error === undefined ? Promise.resolve({ rejected: 0 }) : Promise.reject(error)
  }, options())
  delivery.push(1)
  await delivery.flush(20)
  expect(times).toHaveLength(1)
  await delivery.flush(5000)
  expect(times).toHaveLength(2)
  expect(times[1]! - times[0]!).toBeGreaterThanOrEqual(199)
})

test("splits what is too large until it fits, and drops only what alone is too large", async () => {
  const sizes: number[] = []
  const send: Send<number> = (items) => {
    sizes.push(items.length)
    return items.includes(3) || items.length > 4
      ? Promise.reject(new ClickstackError("DELIVERY_FAILED", "413", { tooLarge: true }))
      : Promise.resolve({ rejected: 0 })
  }
  const delivery = createDelivery(send, options())
  for (const item of numbers(10)) delivery.push(item)
  await delivery.flush(1000)
  expect(delivery.stats()).toMatchObject({ delivered: 9, dropped: { too_large: 1 }, waiting: 0 })
  expect(Math.max(...sizes.slice(1))).toBe(5)
})

test("counts what was rejected out of a batch and does not send it again", async () => {
  const sent: number[][] = []
  const delivery = createDelivery<number>((items) => {
    sent.push(items)
    return Promise.resolve({ rejected: 7 })
  }, options())
  for (const item of numbers(10)) delivery.push(item)
  await delivery.flush(1000)
  expect(sent).toHaveLength(1)
  expect(delivery.stats()).toMatchObject({ delivered: 3, dropped: { rejected: 7 }, waiting: 0 })
})

test("says so when the end came before an answer", async () => {
  const delivery = createDelivery<number>(() => new Promise(() => undefined), options())
  delivery.push(1)
  await delivery.close(50)
  expect(delivery.stats()).toMatchObject({ dropped: { closed: 1 }, lastError: "no answer before the end" })
})

test("an answer that rejects more than it was sent is not believed", async () => {
  const delivery = createDelivery<number>(() => Promise.resolve({ rejected: 1000 }), options())
  for (const item of numbers(10)) delivery.push(item)
  await delivery.flush(1000)
  expect(delivery.stats()).toMatchObject({ delivered: 0, dropped: { rejected: 10 }, waiting: 0 })
})

test("ends an attempt that gets no answer at its deadline", async () => {
  let aborted = 0
  const began = performance.now()
  const delivery = createDelivery<number>(() => new Promise(() => undefined), {
    ...options({ timeout: 200 }),
    abort: () => aborted++,
  })
  delivery.push(1)
  await delivery.flush(300)
  expect(aborted).toBeGreaterThanOrEqual(1)
  expect(performance.now() - began).toBeLessThan(1000)
  expect(delivery.stats()).toMatchObject({ waiting: 1, lastError: "no answer within 200 ms" })
})

test("without a disk a full memory drops and counts what comes, and says so", () => {
  const topics = new Set<string>()
  const delivery = createDelivery<number>(
    () => new Promise(() => undefined),
    options({ budget: createBudget(1500), say: (_, topic) => topics.add(topic) }),
  )
  for (const item of numbers(20)) delivery.push(item)
  expect(delivery.stats()).toMatchObject({ produced: 20, dropped: { queue_full: 5 }, waiting: 15 })
  expect(topics).toEqual(new Set(["items to test full"]))
})

test("with a disk it goes there, and comes back in order", async () => {
  const { send, delivered } = destination()
  let open = () => {}
  const budget = createBudget(1500)
  const delivery = createDelivery(
    send,
    options({ budget, ...onDisk(), ready: new Promise<void>((resolve) => (open = resolve)) }),
  )
  for (const item of numbers(100)) delivery.push(item)
  const { spooled, waiting, dropped } = delivery.stats()
  expect(spooled + waiting).toBe(100)
  expect(spooled).toBeGreaterThanOrEqual(80)
  expect(dropped.queue_full).toBe(0)
  open()
  await delivery.flush(5000)
  expect(delivered.toSorted((a, b) => a - b)).toEqual(numbers(100))
  expect(delivery.stats()).toMatchObject({ delivered: 100, spooled: 0, waiting: 0, queueBytes: 0 })
  expect(budget.used).toBe(0)
})

test("two deliveries share one budget, and the larger one gives way", () => {
  const budget = createBudget(2000)
  const never: Send<number> = () => new Promise(() => undefined)
  const large = createDelivery(never, options({ budget, ...onDisk() }))
  const small = createDelivery(never, options({ budget }))
  for (const item of numbers(20)) large.push(item)
  for (const item of numbers(5)) small.push(item)
  expect(small.stats()).toMatchObject({ waiting: 5, dropped: { queue_full: 0 } })
  expect(large.stats().spooled).toBeGreaterThan(0)
})

test("while a destination is away, what comes is on disk; then all is delivered, one line is said", async () => {
  const lines: string[] = []
  let isAway = true
  const delivered: number[] = []
  const send: Send<number> = (items) => {
    if (isAway) return Promise.reject(away())
    delivered.push(...items)
    return Promise.resolve({ rejected: 0 })
  }
  const delivery = createDelivery(send, options({ ...onDisk(), say: (_, __, line) => lines.push(line) }))
  for (const item of numbers(30)) delivery.push(item)
  await delivery.flush(100)
  for (const item of numbers(30)) delivery.push(30 + item)
  await expect.poll(() => delivery.stats().spooled).toBe(60)
  expect(delivery.stats()).toMatchObject({ waiting: 0, queueBytes: 0 })
  isAway = false
  await delivery.flush(5000)
  expect(delivered.toSorted((a, b) => a - b)).toEqual(numbers(60))
  expect(lines).toEqual([
    "items to test: away; what is recorded is kept on disk and sent later",
    "test: delivering again",
  ])
})

test("what the disk does not take after all is sent, though nothing comes after it", async () => {
  const { send, delivered } = destination(away())
  let fail: (error: Error) => void
  const write = new Promise<void>((_, reject) => (fail = reject))
  const { directory } = onDisk()
  const delivery = createDelivery(
    send,
    options({
      openSpool: (on) =>
        createSpool({
          ...on,
          directory,
          maxBytes: 10_000_000,
          maxAge: 1e9,
          disk: { ...realDisk, write: () => write },
        }),
    }),
  )
  for (const item of numbers(10)) delivery.push(item)
  await expect.poll(() => delivery.stats().lastError).toBe("away")
  // It ends the pause while the batch is on its way to the disk: there is nothing to send.
  await delivery.flush(1)
  fail!(new Error("no space left"))
  await expect.poll(() => delivered).toEqual(numbers(10))
})

test("what is left at the end is on disk, and the next delivery sends it", async () => {
  const disk = onDisk()
  const first = createDelivery(() => Promise.reject(away()), options(disk))
  for (const item of numbers(12)) first.push(item)
  await Promise.all([first.close(50), first.close(50)])
  expect(first.stats()).toMatchObject({ produced: 12, spooled: 12, waiting: 0, dropped: { closed: 0 } })
  const { send, delivered } = destination()
  const second = createDelivery(send, options(disk))
  await expect.poll(() => delivered.length).toBe(12)
  await second.close(1000)
  expect(delivered.toSorted((a, b) => a - b)).toEqual(numbers(12))
  expect(second.stats()).toMatchObject({ produced: 0, adopted: 12, delivered: 12, spooled: 0 })
  expect(readdirSync(disk.directory)).toEqual([])
})

test("at once, when the process ends", () => {
  const disk = onDisk()
  const delivery = createDelivery(() => new Promise(() => undefined), options(disk))
  for (const item of numbers(25)) delivery.push(item)
  delivery.exit()
  delivery.push(25)
  expect(delivery.stats()).toMatchObject({ produced: 26, spooled: 26, waiting: 0, dropped: { closed: 0 } })
})

test("flush ends when its time is up, and close counts what is left without a disk", async () => {
  const delivery = createDelivery(() => Promise.reject(away()), options())
  for (const item of numbers(12)) delivery.push(item)
  await delivery.flush(50)
  expect(delivery.stats().waiting).toBe(12)
  await Promise.all([delivery.close(50), delivery.close(50)])
  delivery.push(1)
  expect(delivery.stats()).toMatchObject({ produced: 13, delivered: 0, dropped: { closed: 13 }, waiting: 0 })
  await delivery.flush(50)
})

test("a flush waits for an export that is under way", async () => {
  let answer = () => {}
  const delivery = createDelivery<number>(
    () => new Promise((resolve) => (answer = () => resolve({ rejected: 0 }))),
    options(),
  )
  for (const item of numbers(10)) delivery.push(item)
  await new Promise(setImmediate)
  let flushed = 0
  const flushes = numbers(10).map(async () => {
    await delivery.flush(5000)
    flushed++
  })
  await new Promise(setImmediate)
  expect(flushed).toBe(0)
  answer()
  await Promise.all(flushes)
  expect(delivery.stats().delivered).toBe(10)
})

test("waits for what it depends on before the first batch", async () => {
  const { send, sent } = destination()
  let ready = () => {}
  const delivery = createDelivery(send, options({ ready: new Promise<void>((resolve) => (ready = resolve)) }))
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
