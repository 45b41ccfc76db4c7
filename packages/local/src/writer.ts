// Puts the requests of many senders into few inserts: what arrives while an insert is under way goes into the next one.
// An insert costs ClickHouse about the same for one row as for thousands, and each leaves a part to be merged. So one
// that follows another waits for as long as that took, or until it is full. A sender is answered when its rows are
// stored; one that would have to wait too long is told so while nothing of it is stored, so that its repeat is no copy.
import { type PartialSuccess, ReceiverError } from "@clickstack/receiver"

export interface WriterOptions<Item> {
  /** Stores items, and says how many of them can never be stored. */
  readonly store: (items: Item[]) => Promise<number>
  /** What one insert takes at most, unless a single request has more. */
  readonly maxItems: number
  /** What may wait in all; a request is refused when it finds something waiting and does not fit. */
  readonly maxWaiting: number
  /** How long a request may wait for its insert to begin. */
  readonly patienceMs: number
  readonly retryAfterSeconds: number
  readonly now?: () => number
}

export interface Writer<Item> {
  write(items: Item[]): Promise<PartialSuccess | undefined>
}

// A sender that sends one request after the other waits so long for each of them at most.
const longestRestMs = 50

interface Waiting<Item> {
  readonly items: Item[]
  readonly done: PromiseWithResolvers<PartialSuccess | undefined>
  readonly patience: NodeJS.Timeout
}

interface PromiseWithResolvers<Value> {
  readonly promise: Promise<Value>
  resolve(value: Value): void
  reject(reason: unknown): void
}

export function createWriter<Item>(options: WriterOptions<Item>): Writer<Item> {
  const {
    store,
    maxItems,
    maxWaiting,
    patienceMs,
    retryAfterSeconds,
    now = () => performance.now(),
  } = options
  const waiting = new Set<Waiting<Item>>()
  let waitingItems = 0
  let running = false
  let endRest = () => {}

  const busy = () =>
    new ReceiverError(
      "OVERLOADED",
      `ClickHouse cannot keep up; try again in ${retryAfterSeconds} s, nothing was taken`,
      {
        retryAfter: retryAfterSeconds,
      },
    )

  function leave(entry: Waiting<Item>): void {
    clearTimeout(entry.patience)
    waiting.delete(entry)
    waitingItems -= entry.items.length
  }

  function next(): Waiting<Item>[] {
    const group: Waiting<Item>[] = []
    let size = 0
    for (const entry of waiting) {
      if (group.length > 0 && size + entry.items.length > maxItems) break
      size += entry.items.length
      leave(entry)
      group.push(entry)
    }
    return group
  }

  async function run(): Promise<void> {
    running = true
    for (let group = next(); group.length > 0; group = next()) {
      const began = now()
      try {
        const [only] = group
        const items = group.length === 1 && only ? only.items : group.flatMap((entry) => entry.items)
        answer(group, await store(items))
      } catch (error) {
        for (const { done } of group) done.reject(error)
      }
      await rest(Math.min(now() - began, longestRestMs))
    }
    running = false
  }

  /** Whoever was just answered may send again: what comes meanwhile is stored together. */
  function rest(ms: number): Promise<void> | undefined {
    if (waitingItems >= maxItems) return undefined
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms)
      endRest = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }

  return {
    write(items) {
      if (waiting.size > 0 && waitingItems + items.length > maxWaiting) return Promise.reject(busy())
      const done = withResolvers<PartialSuccess | undefined>()
      const patience = setTimeout(() => {
        leave(entry)
        done.reject(busy())
      }, patienceMs)
      const entry = { items, done, patience }
      waiting.add(entry)
      waitingItems += items.length
      if (!running) void run()
      else if (waitingItems >= maxItems) endRest()
      return done.promise
    },
  }
}

/** Which of a group's rows were refused is not known, only how many: the count is spread over its senders, once. */
function answer<Item>(group: readonly Waiting<Item>[], refused: number): void {
  let rest = refused
  for (const { items, done } of group) {
    const rejected = Math.min(rest, items.length)
    rest -= rejected
    done.resolve(
      rejected === 0 ? undefined : { rejected, message: "ClickHouse refused these rows, whatever is tried" },
    )
  }
}

function withResolvers<Value>(): PromiseWithResolvers<Value> {
  let resolve!: (value: Value) => void
  let reject!: (reason: unknown) => void
  const promise = new Promise<Value>((onValue, onError) => {
    resolve = onValue
    reject = onError
  })
  return { promise, resolve, reject }
}
