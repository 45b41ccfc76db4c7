// Worker threads hand what they record to the main thread, which alone delivers: every 200 ms and at their end, so
// that a terminated worker loses no more than that. How many items a worker has recorded stands in shared memory,
// so that what never arrived is counted.
import type { MessagePort } from "node:worker_threads"
import type { Delivery } from "./delivery.ts"
import { nothingDropped } from "./drop-reason.ts"
import { type Signal, signals } from "../signals.ts"
import type { ItemKind } from "./pack.ts"
import type { Snapshot } from "./snapshot.ts"

const key = "@clickstack/node"
const handOverEvery = 200 // milliseconds
const largestMessage = 1000

interface Link {
  readonly channel: string
  /** How many items of each signal the workers have recorded. */
  readonly recorded: Int32Array
}

interface Parcel {
  /** Which signal, and which of its destinations. */
  readonly signal: Signal
  readonly target: number
  readonly count: number
  readonly packed: unknown
}

type Threads = typeof import("node:worker_threads")
const threads = (): Threads => process.getBuiltinModule("node:worker_threads")

/** The way to the main thread, if this is a worker and the SDK runs there. */
export function linkToMain(): Link | undefined {
  const { isMainThread, getEnvironmentData } = threads()
  return isMainThread ? undefined : (getEnvironmentData(key) as Link | undefined)
}

export interface WorkerHost {
  /** Takes at once what has been handed over, and tells of each signal how many items never will be. */
  readonly drain: (missing: (signal: Signal, count: number) => void) => void
  readonly close: () => void
}

/** In the main thread: takes what workers hand over. */
export function hostWorkers(
  take: (signal: Signal, target: number, packed: unknown) => void,
): WorkerHost | undefined {
  const { isMainThread, setEnvironmentData, BroadcastChannel, receiveMessageOnPort } = threads()
  if (!isMainThread) return undefined
  const link: Link = {
    channel: `${key}:${Math.random()}`,
    recorded: new Int32Array(new SharedArrayBuffer(4 * signals.length)),
  }
  let channel: InstanceType<Threads["BroadcastChannel"]> | undefined
  const taken = signals.map(() => 0)

  const accept = ({ signal, target, count, packed }: Parcel) => {
    taken[signals.indexOf(signal)]! += count
    take(signal, target, packed)
  }
  const onWorker = () => {
    if (channel !== undefined) return
    channel = new BroadcastChannel(link.channel)
    channel.unref()
    // oxlint-disable-next-line unicorn/prefer-add-event-listener -- Node 20's types know only this one
    channel.onmessage = (event: unknown) => accept((event as { data: Parcel }).data)
  }
  const drain: WorkerHost["drain"] = (missing) => {
    if (channel === undefined) return
    for (;;) {
      const message: { message: Parcel } | undefined = receiveMessageOnPort(channel as unknown as MessagePort)
      if (message === undefined) break
      accept(message.message)
    }
    for (const [index, signal] of signals.entries()) {
      const count = Atomics.load(link.recorded, index) - taken[index]!
      taken[index]! += count
      if (count > 0) missing(signal, count)
    }
  }
  // Before the first worker is made, which Node tells of only afterwards; that is why node:worker_threads is loaded
  // at the start, for about 1.5 ms.
  setEnvironmentData(key, link)
  process.on("worker", onWorker)
  return {
    drain,
    close: () => {
      setEnvironmentData(key, undefined)
      process.off("worker", onWorker)
      channel?.close()
    },
  }
}

/** In a worker: stands in the place of a delivery. */
export function createRelay<T>(link: Link, { signal, target, kind, snapshot }: RelayOptions<T>): Delivery<T> {
  const channel = new (threads().BroadcastChannel)(link.channel)
  channel.unref()
  let items: T[] = []
  let count = 0
  let produced = 0
  let unreadable = 0
  let timer: NodeJS.Timeout | undefined

  function handOver(): void {
    clearTimeout(timer)
    timer = undefined
    if (items.length === 0) return
    const parcel: Parcel = { signal, target, count, packed: kind.pack(items) }
    items = []
    count = 0
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread is no window
    channel.postMessage(parcel)
  }

  return {
    push: (item) => {
      const weight = kind.count(item)
      produced += weight
      try {
        items.push(snapshot.take(item))
      } catch {
        unreadable += weight
        return
      }
      count += weight
      Atomics.add(link.recorded, signals.indexOf(signal), weight)
      if (items.length >= largestMessage) handOver()
      else timer ??= setTimeout(handOver, handOverEvery).unref()
    },
    lose: () => undefined,
    // The main thread sends it; it is no longer this thread's.
    flush: async () => handOver(),
    close: async () => {
      handOver()
      channel.close()
    },
    exit: handOver,
    stats: () => ({
      produced,
      adopted: 0,
      delivered: produced - unreadable - count,
      dropped: { ...nothingDropped, unreadable },
      spooled: 0,
      waiting: count,
      queueBytes: 0,
      lastError: undefined,
      lastSuccess: undefined,
    }),
  }
}

interface RelayOptions<T> {
  readonly signal: Signal
  readonly target: number
  readonly kind: ItemKind<T>
  readonly snapshot: Snapshot<T>
}
