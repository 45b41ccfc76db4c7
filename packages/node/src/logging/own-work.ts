// What keeps a log from making another log. Whatever runs within our own work (a record being made, a batch being
// exported) is marked: in a variable while it is synchronous, in the context for all that follows from it.
import type { Context } from "@opentelemetry/api"

const key = Symbol.for("@clickstack/node own work")

/** The context in which exporters run. */
export const asOwnWork = (context: Context): Context => context.setValue(key, true)

export const isOwnWork = (context: Context | undefined): boolean => context?.getValue(key) === true

let recording = false
let printing = 0
let lines = 0

/** Nothing that is logged while a record is made is recorded. */
export function record(make: () => void): void {
  if (recording) return
  recording = true
  lines++
  try {
    make()
  } catch {
    // the app's log line is printed, whatever became of ours
  } finally {
    recording = false
  }
}

/** By which one that prints by means of others sees that the line is recorded. */
export const linesSoFar = (): number => lines

export const isRecording = (): boolean => recording

/** While a logger prints, what it calls of the console is no line of the app's: its line is recorded already. */
export function beginPrinting(): void {
  printing++
}

export function endPrinting(): void {
  printing--
}

export const isPrinting = (): boolean => printing > 0
