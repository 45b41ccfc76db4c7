// Brings one signal's items to one destination and loses none: they wait in memory, go out in batches, one export at
// a time, and what cannot be delivered now goes to the spool. Every item is counted.
import type { Say } from "../stderr.ts"
import { type Attempt, attempt, type Send } from "./attempt.ts"
import { createBell } from "./bell.ts"
import { type Budget, reserve } from "./budget.ts"
import type { Outcome } from "./outcome.ts"
import type { OpenSpool } from "./open-spool.ts"
import type { Outages } from "./outages.ts"
import { createInHand, type InHand } from "./in-hand.ts"
import type { Keeping } from "./keeping.ts"
import { createPace } from "./pace.ts"
import { createQueue } from "./queue.ts"
import { createReport } from "./report.ts"
import { createSpill } from "./spill.ts"
import { createTally, type DeliveryStats } from "./tally.ts"

export interface DeliveryOptions<T, K = T> {
  /** What is delivered, for messages: "traces". */
  readonly what: string
  /** Where to, for messages: "http://localhost:4318". Deliveries to one place share a line when it is away. */
  readonly place: string
  readonly keeping: Keeping<T, K>
  readonly batchSize: number
  /** How long the first item waits for others, in milliseconds. */
  readonly delay: number
  /** How long one attempt may take, in milliseconds. */
  readonly timeout: number
  readonly budget: Budget
  readonly say: Say
  readonly outages: Outages
  readonly openSpool?: OpenSpool | undefined
  /** Ends an attempt whose time is over. */
  readonly abort?: (() => void) | undefined
  /** What the first batch waits for, such as resource attributes that are being detected. */
  readonly ready?: Promise<unknown> | undefined
  readonly now?: () => number
  readonly random?: () => number
}

export interface Delivery<T> {
  readonly push: (item: T) => void
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

export function createDelivery<T, K = T>(send: Send<K>, options: DeliveryOptions<T, K>): Delivery<T> {
  const { keeping, delay, timeout, budget, ready } = options
  const { now = () => performance.now(), random = Math.random } = options
  const patience = Math.max(delay, 1000)
  const queue = createQueue<K>(budget, options.batchSize)
  const pace = createPace(now, random)
  const tally = createTally()
  const settled = createBell()
  const arrived = createBell()
  const report = createReport({ ...options, tally })
  let pushed = 0
  let timer: NodeJS.Timeout | undefined
  let running: Promise<void> | undefined
  let sending: Attempt | undefined
  let sendingSince = Infinity
  let closed = false
  let stopped = false
  let exited = false
  let isOver = false
  let closing: Promise<void> | undefined

  const spool = options.openSpool?.({
    onDropped: tally.drop,
    onAdopted: (items) => (tally.adopted += items),
    onTrouble: report.spoolTrouble,
  })
  const inHand: InHand<K> = createInHand<K>({
    queue,
    spool,
    keeping,
    isMoving: (batch) => spill.moving() === batch,
    onUnreadable: (items, error) => {
      tally.lastError = `a batch on disk cannot be read: ${String(error)}`
      tally.drop(items, "spool_damaged")
    },
  })
  const spill = createSpill<K>({
    queue,
    spool,
    inHand,
    keeping,
    isDue: () =>
      !stopped && (pace.failures() > 0 || now() - sendingSince >= patience || budget.used > budget.max / 2),
    onMoved: start,
    onLost: (batch) => {
      tally.drop(batch.count, "closed")
      queue.release(batch)
    },
  })
  const holder = { bytes: queue.bytes, relieve: spill.relieve }
  budget.holders.add(holder)
  spool?.watch(start)

  function push(item: T): void {
    const count = keeping.count(item)
    tally.produced += count
    if (closed && !exited) return tally.drop(count, "closed")
    let kept: K
    try {
      kept = keeping.take(item)
    } catch (error) {
      report.unreadable(error)
      return tally.drop(count, "unreadable")
    }
    enqueue(kept, keeping.bytes(), count)
    if (exited) exit() // the app's own handlers of the process's end may come after ours
  }

  function enqueue(kept: K, bytes: number, count: number): void {
    if (!reserve(budget, bytes)) {
      tally.drop(count, "queue_full")
      return report.full(budget.max)
    }
    pushed++
    if (queue.push(kept, bytes, count)) goOn()
    // Also then: what stands behind full batches would wait for the next item.
    timer ??= setTimeout(due, delay).unref()
  }

  function due(): void {
    timer = undefined
    queue.seal()
    goOn()
  }

  function goOn(): void {
    start()
    void spill.start()
  }

  function start(): void {
    if (stopped) return
    arrived.ring()
    running ??= pump().finally(() => {
      running = undefined
      settled.ring()
      // What came between its last look and its end.
      if (!stopped && (queue.hasFull() || spool?.waiting())) start()
    })
  }

  async function pump(): Promise<void> {
    await ready
    for (;;) {
      if (stopped) return
      const pause = pace.pause()
      if (pause > 0) {
        await pace.sleep(pause)
        continue
      }
      if (await inHand.take()) {
        if (!stopped) await sendPart(inHand.part()!)
        continue
      }
      // What is on its way to disk is to be read there, or comes back.
      const moved = spill.moved()
      if (moved === undefined) return
      await Promise.race([moved, arrived.rung()])
    }
  }

  async function sendPart(items: K[]): Promise<void> {
    sendingSince = now()
    // While the other side keeps us waiting, what comes meanwhile is safer on disk.
    const stalled = setTimeout(() => void spill.start(), patience).unref()
    sending = attempt(send, items, { timeout, failures: pace.failures(), abort: options.abort })
    const outcome = await sending.outcome
    sending = undefined
    clearTimeout(stalled)
    sendingSince = Infinity
    if (inHand.part() !== items) return // it was taken away meanwhile: the process or this delivery ends
    settle(items, outcome)
    settled.ring()
  }

  function settle(items: K[], outcome: Outcome): void {
    if (outcome.kind !== "delivered") tally.lastError = outcome.error
    if (outcome.kind === "later") return putOff(outcome)
    if (pace.failures() > 0) report.back()
    pace.succeed()
    if (outcome.kind === "too_large" && inHand.split()) return
    const count = inHand.countOf(items)
    if (outcome.kind === "delivered") {
      // Whatever the other side says, it cannot have rejected more than it was sent.
      const rejected = Math.min(Math.max(outcome.rejected || 0, 0), count)
      tally.lastSuccess = Date.now()
      tally.delivered += count - rejected
      tally.drop(rejected, "rejected")
    } else {
      tally.drop(count, outcome.kind)
      report.dropped(count, outcome.kind, outcome.error)
    }
    inHand.partDone()
  }

  function putOff({ after, error, trouble }: Extract<Outcome, { kind: "later" }>): void {
    pace.fail(after)
    report.away(trouble, error, spool === undefined ? "in memory" : "on disk")
    if (inHand.isToStay()) return
    inHand.putBack()
    void spill.start()
  }

  const oldest = () => Math.min(inHand.first(), spill.moving()?.first ?? Infinity, queue.first())

  async function flush(ms: number, { brief = false }: FlushOptions = {}): Promise<void> {
    if (stopped) return
    const target = pushed
    const until = now() + ms
    const failedBefore = pace.failed()
    const isDone = () => oldest() >= target && (brief || !(spool?.waiting() || !inHand.isEmpty()))
    const isHopeless = () =>
      (pace.failed() > failedBefore && brief && spool !== undefined) || pace.outlasts(until)
    queue.seal()
    pace.hurry()
    let timeUp: NodeJS.Timeout | undefined
    // This timer alone keeps the process alive meanwhile.
    const timeIsUp = new Promise<void>((resolve) => (timeUp = setTimeout(resolve, ms)))
    while (!isDone() && !isHopeless() && now() < until) {
      const change = settled.rung()
      start()
      await Promise.race([change, timeIsUp])
    }
    // An open request would keep the process alive beyond its budget.
    if (brief && !isDone() && sending !== undefined) {
      tally.lastError = "no answer before the end"
      sending.giveUp(tally.lastError)
    }
    if (pace.failures() > 0) await Promise.race([spill.start(), timeIsUp])
    clearTimeout(timeUp)
  }

  async function close(ms: number): Promise<void> {
    await flush(ms, { brief: true })
    end()
    inHand.putBack()
    await spill.moveRest()
    isOver = true
    await spool?.close()
    report.closed()
  }

  function exit(): void {
    if (isOver) return
    exited = true
    end()
    inHand.putBack()
    spill.moveRestSync()
    report.closed()
  }

  function end(): void {
    closed = true
    stopped = true
    clearTimeout(timer)
    budget.holders.delete(holder)
    queue.seal()
    pace.wake()
    settled.ring()
  }

  return {
    push,
    lose: (count) => {
      tally.produced += count
      tally.drop(count, "terminated")
    },
    flush,
    close: (ms) => (closing ??= close(ms)),
    exit,
    stats: () => {
      const moving = spill.moving() === inHand.batch() ? undefined : spill.moving()
      return tally.stats({
        spooled: spool?.items() ?? 0,
        waiting: queue.count() + inHand.count() + (moving?.count ?? 0),
        queueBytes: queue.bytes() + inHand.bytes() + (moving?.bytes ?? 0),
      })
    },
  }
}
