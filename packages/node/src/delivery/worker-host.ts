// The main thread's side of worker-relay.ts: takes what worker threads have recorded, and counts what never arrives.
import type { MessagePort } from "node:worker_threads"
import { type Signal, signals } from "../signals.ts"

export const key = "@clickstack/node"

/** What the workers of a process have from its main thread. */
export interface Link {
  readonly channel: string
  /** How many items of each signal the workers have recorded. */
  readonly recorded: Int32Array
}

/** What a worker hands over at once. */
export interface Parcel {
  /** Which signal, and which of its destinations. */
  readonly signal: Signal
  readonly target: number
  readonly count: number
  readonly packed: unknown
}

type Threads = typeof import("node:worker_threads")
export const threads = (): Threads => process.getBuiltinModule("node:worker_threads")

interface WorkerHost {
  /** Takes at once what has been handed over, and tells of each signal how many items never will be. */
  readonly drain: (missing: (signal: Signal, count: number) => void) => void
  readonly close: () => void
}

/** Takes what workers hand over. Of use from the next worker on that the app makes. */
export function hostWorkers(take: (signal: Signal, target: number, packed: unknown) => void): WorkerHost {
  const { setEnvironmentData, BroadcastChannel, receiveMessageOnPort } = threads()
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
  // A worker gets it when it is made, which Node tells of only afterwards.
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
