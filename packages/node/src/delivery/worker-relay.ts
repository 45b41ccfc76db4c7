// Worker threads hand what they record to the main thread, which alone delivers: every 200 ms and at their end, so
// that a terminated worker loses no more than that. How many items a worker has recorded stands in shared memory,
// so that what never arrived is counted.
import type { Delivery } from "./delivery.ts"
import { isMainThread } from "../builtins.ts"
import { nothingDropped } from "./drop-reason.ts"
import { type Signal, signals } from "../signals.ts"
import type { ItemKind } from "./pack.ts"
import type { Snapshot } from "./snapshot.ts"
import { key, type Link, type Parcel, threads } from "./worker-host.ts"

const handOverEvery = 200 // milliseconds
const largestMessage = 1000

/** The way to the main thread, if this is a worker and the SDK runs there. */
export function linkToMain(): Link | undefined {
  return isMainThread() ? undefined : (threads().getEnvironmentData(key) as Link | undefined)
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
