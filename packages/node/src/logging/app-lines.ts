// The lines that the app logs: which of all lines are its own, and when they are recorded.
//
// What keeps a log from making another log: whatever runs within our own work (a record being made, a batch being
// exported) is marked, in a variable while it is synchronous, in the context for all that follows from it.
//
// The first lines wait. What makes log records of them takes as long to load as Node takes to start, and an app that
// prints that it listens should not wait for that: so they wait, until the SDK warms up, is asked for anything, or the
// process ends.
import type { Context } from "@opentelemetry/api"

const key = Symbol.for("@clickstack/node own work")

/** The context in which exporters run. */
export const asOwnWork = (context: Context): Context => context.setValue(key, true)

export const isOwnWork = (context: Context | undefined): boolean => context?.getValue(key) === true

let recording = false
let printing = 0
let recorded = 0

/** Nothing that is logged while a record is made is recorded. */
export function record(make: () => void): void {
  if (recording) return
  recording = true
  recorded++
  try {
    make()
  } catch {
    // the app's log line is printed, whatever became of ours
  } finally {
    recording = false
  }
}

/** By which one that prints by means of others sees that the line is recorded. */
export const linesSoFar = (): number => recorded

export const isRecording = (): boolean => recording

/** While a logger prints, what it calls of the console is no line of the app's: its line is recorded already. */
export function beginPrinting(): void {
  printing++
}

export function endPrinting(): void {
  printing--
}

export const isPrinting = (): boolean => printing > 0

const most = 1000
const mostCharacters = 1024 * 1024

let waiting: (() => void)[] | undefined
let characters = 0

export function holdFirstLines(): void {
  waiting ??= []
}

/** Emits it now, unless lines are held. `length` is that of its text. */
export function emitOrHold(emit: () => void, length: number): void {
  if (waiting === undefined) return emit()
  waiting.push(emit)
  characters += length
  if (waiting.length >= most || characters >= mostCharacters) releaseFirstLines()
}

/** Nothing is held after this. */
export function releaseFirstLines(): void {
  const lines = waiting ?? []
  waiting = undefined
  characters = 0
  for (const emit of lines) {
    if (isRecording()) emitOne(emit)
    else record(emit)
  }
}

/** While the line that was one too many is recorded. */
function emitOne(emit: () => void): void {
  try {
    emit()
  } catch {
    // as in record(): the others are emitted all the same
  }
}
