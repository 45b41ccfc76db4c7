// The end of the process. A natural end, or SIGTERM and SIGINT that nobody else listens to: what is in memory is sent
// within the budget. Every other end, and what the budget did not suffice for: it is put on disk at once, in `exit`.
// Nothing of this changes the exit code, the signal, or what Node prints.
import { isMainThread } from "../builtins.ts"

/** Somebody who has things to send before the end. */
export interface Ending {
  readonly budget: () => number
  /** Whether it cares for signals. */
  readonly onSignals: boolean
  /** Sends what is in memory; ends early when the other side is away and the disk keeps it. */
  readonly flush: (timeout: number) => Promise<void>
  readonly exit: () => void
  /** Grows with all that is recorded. */
  readonly produced: () => number
}

const endings = new Set<Ending>()
const signals = ["SIGTERM", "SIGINT"] as const
const signalNumbers = { SIGTERM: 15, SIGINT: 2 }
// A part of the budget is for what comes after: the disk, and the process's own end.
const shareForSending = 0.8
const drainEvery = 200

let producedAtFlush = -1
let spent = 0 // of the budget
let dying = false
let draining: NodeJS.Timeout | undefined
let hearsSignals = false

export function watchEnd(ending: Ending): () => void {
  if (endings.size === 0) {
    process.on("beforeExit", onBeforeExit)
    process.on("exit", onExit)
  }
  endings.add(ending)
  hearSignals()
  return () => {
    endings.delete(ending)
    hearSignals()
    if (endings.size > 0) return
    process.off("beforeExit", onBeforeExit)
    process.off("exit", onExit)
  }
}

/** Listens to signals for as long as anybody wants it. */
function hearSignals(): void {
  // Signals are the main thread's.
  const isWanted = isMainThread() && [...endings].some(({ onSignals }) => onSignals)
  if (isWanted === hearsSignals) return
  hearsSignals = isWanted
  if (isWanted) {
    for (const signal of signals) process.prependListener(signal, onSignal)
    process.on("newListener", onNewListener)
    return
  }
  process.off("newListener", onNewListener)
  for (const signal of signals) process.off(signal, onSignal)
  clearInterval(draining)
  draining = undefined
}

const budget = () => Math.max(0, ...[...endings].map((one) => one.budget()))
const produced = () => [...endings].reduce((sum, one) => sum + one.produced(), 0)

async function flushAll(timeout: number): Promise<void> {
  const began = performance.now()
  await Promise.all([...endings].map((one) => one.flush(timeout)))
  spent += performance.now() - began
}

/** Comes again whenever a handler of it has done something, also for ours. */
function onBeforeExit(): void {
  const now = produced()
  const left = budget() * shareForSending - spent
  if (now === producedAtFlush || left <= 0) return
  producedAtFlush = now
  void flushAll(left)
}

function onExit(): void {
  for (const one of endings) one.exit()
}

function onSignal(signal: NodeJS.Signals): void {
  const isOurs = process.listenerCount(signal) === 1
  if (!isOurs) {
    // The app decides when it ends; what it records until then goes out soon, since it may end without notice.
    draining ??= setInterval(() => void flushAll(budget()), drainEvery).unref()
    return
  }
  if (dying) return die(signal) // asked twice
  dying = true
  void flushAll(budget() * shareForSending).finally(() => die(signal))
}

function die(signal: NodeJS.Signals): void {
  onExit()
  process.off(signal, onSignal)
  const code = 128 + signalNumbers[signal as "SIGTERM"]
  // The kernel ignores a signal that process 1 sends itself and does not handle.
  if (process.pid === 1) process.exit(code)
  process.kill(process.pid, signal)
}

/** Ours stays first, so that it sees also the listeners that hear a signal once. */
function onNewListener(event: string | symbol, listener: unknown): void {
  if ((event !== "SIGTERM" && event !== "SIGINT") || listener === onSignal) return
  queueMicrotask(() => {
    if (!hearsSignals || process.listeners(event)[0] === onSignal) return
    process.off(event, onSignal)
    process.prependListener(event, onSignal)
  })
}
