// Brings items to one destination: they wait in a bounded queue, go out in batches, one at a time, and a batch that
// may succeed later is tried again. Every item is counted: produced = delivered + dropped + waiting.
import { ClickstackError } from "./clickstack-error.ts"
import { backoff } from "./backoff.ts"
import type { Say } from "./stderr.ts"

export interface DeliveryOptions {
  /** What is delivered, for messages: "traces". */
  readonly what: string
  /** Where to, for messages: "http://localhost:4318". Several deliveries to one place share a line when it is away. */
  readonly place: string
  readonly queueSize: number
  readonly batchSize: number
  /** How long the first item waits for others, in milliseconds. */
  readonly delay: number
  readonly say: Say
  /** What the first batch waits for, such as resource attributes that are being detected. */
  readonly ready?: Promise<unknown> | undefined
  readonly now?: () => number
  readonly random?: () => number
}

const attemptsForUnknownErrors = 5

export type DropReason = "queue_full" | "refused" | "closed"

export interface DeliveryStats {
  readonly produced: number
  readonly delivered: number
  readonly dropped: Readonly<Record<DropReason, number>>
  readonly waiting: number
  readonly lastError: string | undefined
}

export interface Delivery<T> {
  readonly push: (item: T) => void
  /** Waits until all that was pushed before is delivered or dropped, or the time is up. Never rejects. */
  readonly flush: (timeout: number) => Promise<void>
  /** Flushes, then takes nothing more; what is left is counted as dropped. */
  readonly close: (timeout: number) => Promise<void>
  readonly stats: () => DeliveryStats
}

export function createDelivery<T>(
  send: (items: T[]) => Promise<void>,
  options: DeliveryOptions,
): Delivery<T> {
  const {
    what,
    place,
    queueSize,
    batchSize,
    delay,
    say,
    ready,
    now = () => performance.now(),
    random = Math.random,
  } = options
  const name = `${what} to ${place}`
  let queue: T[] = []
  let inFlight = 0
  let produced = 0
  let delivered = 0
  const dropped = { queue_full: 0, refused: 0, closed: 0 }
  let lastError: string | undefined
  let failures = 0 // in a row
  let resumeAt = 0 // what the other side asked for with Retry-After
  let timer: NodeJS.Timeout | undefined
  let running: Promise<void> | undefined
  let hurry: (() => void) | undefined // ends a pause between two attempts
  let flushes = 0
  let deadline = Infinity // while a flush waits
  let closed = false
  let closing: Promise<void> | undefined

  const waiting = () => queue.length + inFlight
  const settled = () => delivered + dropped.queue_full + dropped.refused + dropped.closed

  function push(item: T): void {
    produced++
    if (closed) {
      dropped.closed++
    } else if (waiting() >= queueSize) {
      dropped.queue_full++
      say(
        "warn",
        `${name} full`,
        `${name}: the queue of ${queueSize} items is full, what comes now is dropped`,
      )
    } else {
      queue.push(item)
      if (queue.length >= batchSize) start()
      else timer ??= setTimeout(start, delay).unref()
    }
  }

  function start(): void {
    clearTimeout(timer)
    timer = undefined
    running ??= drain().finally(() => {
      running = undefined
      if (queue.length > 0 && !closed) timer ??= setTimeout(start, Math.max(delay, resumeAt - now())).unref()
    })
  }

  async function drain(): Promise<void> {
    await ready
    while (queue.length > 0) {
      const asked = resumeAt - now()
      if (asked > 0) {
        if (closed || resumeAt > deadline) return
        await sleep(asked, false)
      }
      const batch = queue.splice(0, batchSize)
      inFlight = batch.length
      const outcome = await attempt(batch)
      inFlight = 0
      if (outcome === "delivered") delivered += batch.length
      else if (outcome === "refused") dropped.refused += batch.length
      else if (closed) dropped.closed += batch.length
      else {
        queue = batch.concat(queue)
        const pause = backoff(failures - 1, random)
        if (resumeAt > now()) continue
        if (now() + pause > deadline) return
        await sleep(pause, true)
      }
    }
  }

  async function attempt(batch: T[]): Promise<"delivered" | "refused" | "later"> {
    try {
      await send(batch)
      if (failures > 0) say("info", `${place} back`, `${place}: delivering again`)
      failures = 0
      return "delivered"
    } catch (error) {
      lastError = error instanceof Error ? error.message : String(error)
      failures++
      const { retryable, retryAfter } = asRetry(error, failures)
      if (!retryable) {
        failures = 0
        say("warn", `${name} refused`, `${name}: ${batch.length} items dropped: ${lastError}`)
        return "refused"
      }
      say("warn", `${place} away`, `${name}: ${lastError}; it will be tried again, ${waiting()} items wait`)
      if (retryAfter !== undefined) resumeAt = now() + retryAfter
      return "later"
    }
  }

  function sleep(ms: number, canHurry: boolean): Promise<void> {
    return new Promise((resolve) => {
      const timeout = setTimeout(resolve, ms).unref()
      hurry = () => {
        if (!canHurry && !closed) return
        clearTimeout(timeout)
        resolve()
      }
    })
  }

  async function flush(timeout: number): Promise<void> {
    const target = produced
    const end = now() + timeout
    deadline = flushes++ === 0 ? end : Math.max(deadline, end)
    hurry?.()
    const done = (async () => {
      for (let before = -1; settled() < target && now() < end && before !== settled();) {
        before = settled()
        start()
        await running
      }
    })()
    await within(done, timeout)
    if (--flushes === 0) deadline = Infinity
  }

  async function close(timeout: number): Promise<void> {
    await flush(timeout)
    closed = true
    clearTimeout(timer)
    hurry?.()
    // What an attempt still under way may bring is not waited for: its time is over.
    dropped.closed += queue.length
    queue = []
    if (dropped.closed + inFlight > 0) {
      const why = lastError ?? "no time was left"
      say("warn", `${name} closed`, `${name}: ${dropped.closed + inFlight} items are lost at the end: ${why}`)
    }
  }

  return {
    push,
    flush,
    close: (timeout) => (closing ??= close(timeout)),
    stats: () => ({ produced, delivered, dropped: { ...dropped }, waiting: waiting(), lastError }),
  }
}

/** Waits for the promise, or until the time is up; this alone keeps the process alive meanwhile. */
async function within(promise: Promise<void>, timeout: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const timeUp = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, timeout)
  })
  await Promise.race([promise, timeUp])
  clearTimeout(timer)
}

/** An exporter that is not ours does not say whether its failure may pass, so it gets a few attempts. */
function asRetry(error: unknown, failures: number): { retryable: boolean; retryAfter: number | undefined } {
  if (error instanceof ClickstackError) return error
  const { retryable, retryAfter } = (error ?? {}) as { retryable?: unknown; retryAfter?: unknown }
  return {
    retryable: typeof retryable === "boolean" ? retryable : failures < attemptsForUnknownErrors,
    retryAfter: typeof retryAfter === "number" ? retryAfter : undefined,
  }
}
