// Brings one signal's items to one destination and loses none: they wait in memory, go out in batches, one export at
// a time, and what cannot be delivered now goes to the spool. Every item is counted:
//   produced + adopted = delivered + dropped + spooled + waiting
import { deserialize, serialize } from "node:v8"
import { backoff } from "../backoff.ts"
import { ClickstackError } from "../clickstack-error.ts"
import type { Say } from "../stderr.ts"
import { type Budget, reserve } from "./budget.ts"
import { abandon, type Exchange } from "./exchange.ts"
import { type DropReason, nothingDropped } from "./drop-reason.ts"
import { type Outcome, outcomeOf } from "./outcome.ts"
import type { Outages } from "./outages.ts"
import type { ItemKind } from "./pack.ts"
import { type Batch, createQueue } from "./queue.ts"
import type { Snapshot } from "./snapshot.ts"
import type { Spool, SpooledBatch, SpoolOptions } from "./spool.ts"

export interface DeliveryOptions<T> {
  /** What is delivered, for messages: "traces". */
  readonly what: string
  /** Where to, for messages: "http://localhost:4318". Deliveries to one place share a line when it is away. */
  readonly place: string
  readonly kind: ItemKind<T>
  readonly snapshot: Snapshot<T>
  readonly batchSize: number
  /** How long the first item waits for others, in milliseconds. */
  readonly delay: number
  /** How long one attempt may take, in milliseconds. */
  readonly timeout: number
  readonly budget: Budget
  readonly say: Say
  readonly outages: Outages
  readonly openSpool?: ((on: SpoolEvents) => Spool) | undefined
  /** Ends an attempt whose time is over. */
  readonly abort?: (() => void) | undefined
  /** What the first batch waits for, such as resource attributes that are being detected. */
  readonly ready?: Promise<unknown> | undefined
  readonly now?: () => number
  readonly random?: () => number
}

type SpoolEvents = Pick<SpoolOptions, "onDropped" | "onAdopted" | "onTrouble">

export interface DeliveryStats {
  readonly produced: number
  /** Left on disk by processes that have ended, and taken over. */
  readonly adopted: number
  readonly delivered: number
  readonly dropped: Readonly<Record<DropReason, number>>
  /** On disk. */
  readonly spooled: number
  /** In memory. */
  readonly waiting: number
  readonly queueBytes: number
  readonly lastError: string | undefined
  /** Milliseconds since 1970. */
  readonly lastSuccess: number | undefined
}

export interface Delivery<T> {
  readonly push: (item: T) => void
  /** What a thread of this process has recorded and made plain. */
  readonly accept: (items: readonly T[]) => void
  /** What a terminated thread had recorded and not handed over. */
  readonly lose: (count: number) => void
  /** Waits until all that was pushed before is delivered or dropped, or the time is up. Never rejects. */
  readonly flush: (timeout: number, options?: FlushOptions) => Promise<void>
  /** Flushes, then takes nothing more; what is left goes to disk, or is counted as dropped. */
  readonly close: (timeout: number) => Promise<void>
  /** At the end of the process: puts on disk what is in memory, at once. */
  readonly exit: () => void
  readonly stats: () => DeliveryStats
}

export interface FlushOptions {
  /** Ends with the first failure if the disk keeps what is left, and leaves what is there. */
  readonly brief?: boolean
}

interface Work<T> {
  parts: T[][]
  readonly batch?: Batch<T>
  readonly spooled?: SpooledBatch
}

export type Send<T> = (items: T[], exchange: Exchange) => Promise<{ rejected: number }>

const scanEvery = 60_000
const deadlineSlack = 1.05 // the exporter's own deadline comes first, with a better message

export function createDelivery<T>(send: Send<T>, options: DeliveryOptions<T>): Delivery<T> {
  const { what, place, kind, snapshot, delay, timeout, budget, say, outages, ready } = options
  const { now = () => performance.now(), random = Math.random } = options
  const name = `${what} to ${place}`
  const queue = createQueue<T>(budget, options.batchSize)
  const dropped: Record<DropReason, number> = { ...nothingDropped }
  let produced = 0
  let pushed = 0
  let adopted = 0
  let delivered = 0
  let lastError: string | undefined
  let lastSuccess: number | undefined
  let failures = 0 // in a row
  let failed = 0 // in all
  let resumeAt = 0
  let asked = false // the other side said when to come back
  let timer: NodeJS.Timeout | undefined
  let running: Promise<void> | undefined
  let wake: (() => void) | undefined
  let held: Work<T> | undefined // being sent, or to be sent again
  let heldSince = Infinity
  let spilling: Batch<T> | undefined // on its way to disk
  let spillRun: Promise<void> | undefined
  let spoolTurn = true
  let closed = false
  let stopped = false
  let exited = false
  let closing: Promise<void> | undefined
  let giveUp: (() => void) | undefined // ends the attempt that is under way
  let waiters: (() => void)[] = []

  const spool = options.openSpool?.({
    onDropped: (items, reason) => drop(items, reason),
    onAdopted: (items) => (adopted += items),
    onTrouble: (message) =>
      say("warn", `${place} spool`, `${message}; what cannot be delivered waits in memory only`),
  })
  const scanning = spool && setInterval(scan, scanEvery).unref()
  const holder = { bytes: queue.bytes, relieve }
  budget.holders.add(holder)
  if (spool !== undefined) setImmediate(scan).unref()

  function scan(): void {
    if (!stopped && spool?.scan()) start()
  }

  function push(item: T): void {
    const count = kind.count(item)
    produced += count
    if (closed && !exited) return drop(count, "closed")
    let kept: T
    try {
      kept = snapshot.take(item)
    } catch (error) {
      say("warn", `${name} unreadable`, `${name}: an item cannot be read and is dropped: ${String(error)}`)
      return drop(count, "unreadable")
    }
    enqueue(kept, snapshot.bytes(), count)
    if (exited) exit() // the app's own handlers of the process's end may come after ours
  }

  function accept(items: readonly T[]): void {
    for (const item of items) push(item)
  }

  function enqueue(item: T, bytes: number, count: number): void {
    if (!reserve(budget, bytes)) {
      drop(count, "queue_full")
      say(
        "warn",
        `${name} full`,
        `${name}: the ${budget.max} bytes of memory for what waits are full, what comes now is dropped; is the destination up? (${lastError ?? "it is slower than this process"})`,
      )
      return
    }
    queue.push(item, bytes, count)
    pushed++
    if (queue.hasFull()) {
      start()
      if (mustSpill()) void spill()
    } else timer ??= setTimeout(due, delay).unref()
  }

  function due(): void {
    timer = undefined
    queue.seal()
    start()
    if (mustSpill()) void spill()
  }

  function drop(count: number, reason: DropReason): void {
    dropped[reason] += count
  }

  function start(): void {
    if (stopped) return
    running ??= pump().finally(() => {
      running = undefined
      notify()
      // What came between its last look and its end.
      if (!stopped && queue.hasFull()) start()
    })
  }

  async function pump(): Promise<void> {
    await ready
    for (;;) {
      if (stopped) return
      const pause = resumeAt - now()
      if (pause > 0) {
        await sleep(pause)
        continue
      }
      if (held === undefined) await takeNext()
      if (held === undefined) return
      if (!stopped) await attempt(held)
    }
  }

  /** Disk and memory in turns: the oldest must go out, and the newest must not wait for all of it. */
  async function takeNext(): Promise<void> {
    const spoolFirst = spoolTurn || !queue.hasFull()
    spoolTurn = !spoolTurn
    const spooled = spoolFirst && spool?.waiting() ? await spooledWork() : undefined
    const batch = spooled === undefined ? queue.shift() : undefined
    held = spooled ?? (batch && { batch, parts: [batch.items] })
  }

  async function spooledWork(): Promise<Work<T> | undefined> {
    for (;;) {
      const spooled = await spool?.next()
      if (spooled === undefined) return undefined
      try {
        return { spooled, parts: [kind.unpack(deserialize(spooled.bytes))] }
      } catch (error) {
        lastError = `a batch on disk cannot be read: ${String(error)}`
        drop(spooled.items, "spool_damaged")
        spooled.done()
      }
    }
  }

  async function attempt(work: Work<T>): Promise<void> {
    const items = work.parts[0]!
    const exchange: Exchange = { requests: new Set() }
    heldSince = now()
    // While the other side keeps us waiting, what comes meanwhile is safer on disk.
    const stalled = setTimeout(() => void spill(), Math.max(delay, 1000)).unref()
    let outcome: Outcome
    try {
      outcome = { kind: "delivered", ...(await beforeDeadline(send(items, exchange), exchange)) }
    } catch (error) {
      outcome = outcomeOf(error, exchange, failures + 1)
    }
    clearTimeout(stalled)
    heldSince = Infinity
    if (held !== work) return // it was taken away meanwhile: the process or this delivery ends
    settle(work, items, outcome)
    notify()
  }

  function beforeDeadline<R>(sending: Promise<R>, exchange: Exchange): Promise<R> {
    return new Promise((resolve, reject) => {
      giveUp = () => {
        giveUp = undefined
        reject(new ClickstackError("TIMEOUT", `no answer within ${timeout} ms`, { retryable: true }))
        abandon(exchange)
        options.abort?.()
      }
      const deadline = setTimeout(giveUp, timeout * deadlineSlack).unref()
      sending.then(resolve, reject).finally(() => {
        clearTimeout(deadline)
        giveUp = undefined
      })
    })
  }

  function settle(work: Work<T>, items: T[], outcome: Outcome): void {
    if (outcome.kind !== "delivered") lastError = outcome.error
    if (outcome.kind === "later") return putOff(work, outcome)
    if (failures > 0) outages.back(place, delivery, `${place}: delivering again`)
    failures = 0
    if (outcome.kind === "too_large") {
      const halves = halvesOf(items)
      if (halves !== undefined) return void work.parts.splice(0, 1, ...halves)
    }
    const count = countOf(items)
    if (outcome.kind === "delivered") {
      lastSuccess = Date.now()
      delivered += count - outcome.rejected
      drop(outcome.rejected, "rejected")
    } else {
      drop(count, outcome.kind)
      say("warn", `${name} ${outcome.kind}`, `${name}: ${count} items dropped: ${outcome.error}`)
    }
    work.parts.shift()
    if (work.parts.length > 0) return
    if (work.batch !== undefined) queue.release(work.batch)
    work.spooled?.done()
    held = undefined
  }

  function putOff(work: Work<T>, { after, error, trouble }: Extract<Outcome, { kind: "later" }>): void {
    failures++
    failed++
    asked = after !== undefined
    resumeAt = now() + (after ?? backoff(failures - 1, random))
    const kept = spool === undefined ? "in memory" : "on disk"
    outages.away(
      place,
      delivery,
      trouble,
      `${name}: ${error}; what is recorded is kept ${kept} and sent later`,
    )
    if (work.batch === undefined) return // it is on disk, and stays at hand
    takeBack()
    void spill()
  }

  /** What is held goes to the front of the queue again, unless the disk has it. */
  function takeBack(): void {
    const work = held
    held = undefined
    if (work?.batch === undefined) return spool?.again()
    work.batch.items = work.parts.flat()
    work.batch.count = countOf(work.batch.items)
    queue.unshift(work.batch)
  }

  function halvesOf(items: T[]): T[][] | undefined {
    if (items.length === 1) return kind.halve?.(items[0]!)?.map((half) => [half])
    const middle = items.length >> 1
    return [items.slice(0, middle), items.slice(middle)]
  }

  const countOf = (items: readonly T[]) => items.reduce((sum, item) => sum + kind.count(item), 0)

  function mustSpill(): boolean {
    if (spool === undefined || spilling !== undefined) return false
    const isStalled = now() - heldSince >= Math.max(delay, 1000)
    return failures > 0 || isStalled || budget.used > budget.max / 2
  }

  const spill = () => (spillRun ??= spillAll().finally(() => (spillRun = undefined)))

  async function spillAll(): Promise<void> {
    for (;;) {
      if (stopped || !queue.hasFull() || !mustSpill()) break
      const batch = queue.shift()!
      spilling = batch
      const done = await spool!.append(entryOf(batch))
      if (spilling !== batch) return // the process ends, and it was put on disk once more
      spilling = undefined
      if (!done) return queue.unshift(batch)
      queue.release(batch)
    }
    start()
  }

  const entryOf = (batch: Batch<T>) => ({
    id: batch.id,
    items: batch.count,
    bytes: serialize(kind.pack(batch.items)),
  })

  /** The memory is full within one turn of the event loop, so nothing but writing at once keeps what comes. */
  function relieve(): boolean {
    if (spool === undefined || stopped) return false
    if (!queue.hasFull()) queue.seal()
    const batch = queue.shift()
    if (batch === undefined) return false
    if (spool.appendSync(entryOf(batch))) {
      queue.release(batch)
      return true
    }
    queue.unshift(batch)
    return false
  }

  function sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timeUp = setTimeout(resolve, Math.min(ms, 2 ** 31 - 1)).unref()
      wake = () => {
        clearTimeout(timeUp)
        resolve()
      }
    })
  }

  function notify(): void {
    const told = waiters
    waiters = []
    for (const tell of told) tell()
  }

  const oldest = () => Math.min(held?.batch?.first ?? Infinity, spilling?.first ?? Infinity, queue.first())

  async function flush(ms: number, { brief = false }: FlushOptions = {}): Promise<void> {
    if (stopped) return
    const target = pushed
    const until = now() + ms
    const failedBefore = failed
    const isDone = () => oldest() >= target && (brief || !(spool?.waiting() || held !== undefined))
    const isHopeless = () =>
      (failed > failedBefore && brief && spool !== undefined) || (failures > 0 && resumeAt > until)
    queue.seal()
    if (failures > 0 && !asked) {
      resumeAt = now()
      wake?.()
    }
    let timeUp: NodeJS.Timeout | undefined
    // This timer alone keeps the process alive meanwhile.
    const timeIsUp = new Promise<void>((resolve) => (timeUp = setTimeout(resolve, ms)))
    while (!isDone() && !isHopeless() && now() < until) {
      const change = new Promise<void>((resolve) => waiters.push(resolve))
      start()
      await Promise.race([change, timeIsUp])
    }
    // An open request would keep the process alive beyond its budget.
    if (brief && !isDone()) giveUp?.()
    if (failures > 0) await Promise.race([spill(), timeIsUp])
    clearTimeout(timeUp)
  }

  async function close(ms: number): Promise<void> {
    await flush(ms, { brief: true })
    end()
    takeBack()
    await spillRun
    for (let batch = lastBatch(); batch !== undefined; batch = lastBatch()) {
      const kept = (await spool?.append(entryOf(batch))) ?? false
      leave(batch, kept)
    }
    await spool?.close()
    tellLoss()
  }

  function exit(): void {
    if (closing !== undefined && !exited && stopped) return
    exited = true
    end()
    takeBack()
    if (spilling !== undefined) queue.unshift(spilling)
    spilling = undefined
    for (let batch = lastBatch(); batch !== undefined; batch = lastBatch()) {
      leave(batch, spool?.appendSync(entryOf(batch)) ?? false)
    }
    tellLoss()
  }

  function end(): void {
    closed = true
    stopped = true
    clearTimeout(timer)
    clearInterval(scanning)
    budget.holders.delete(holder)
    queue.seal()
    wake?.()
    notify()
  }

  const lastBatch = () => queue.shift()

  function leave(batch: Batch<T>, kept: boolean): void {
    if (!kept) drop(batch.count, "closed")
    queue.release(batch)
  }

  function tellLoss(): void {
    if (dropped.closed === 0) return
    say(
      "warn",
      `${name} closed`,
      `${name}: ${dropped.closed} items are lost at the end: ${lastError ?? "no time was left"}`,
    )
  }

  const delivery: Delivery<T> = {
    push,
    accept,
    lose: (count) => {
      produced += count
      drop(count, "terminated")
    },
    flush,
    close: (ms) => (closing ??= close(ms)),
    exit,
    stats: () => ({
      produced,
      adopted,
      delivered,
      dropped: { ...dropped },
      spooled: spool?.items() ?? 0,
      waiting:
        queue.count() + (held?.batch === undefined ? 0 : countOf(held.parts.flat())) + (spilling?.count ?? 0),
      queueBytes: queue.bytes() + (held?.batch?.bytes ?? 0) + (spilling?.bytes ?? 0),
      lastError,
      lastSuccess,
    }),
  }
  return delivery
}
