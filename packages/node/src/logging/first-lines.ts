// The lines of an app's first moments. What makes log records of them takes as long to load as Node takes to start, and an
// app that prints that it listens should not wait for that: so they wait, until the SDK warms up, is asked for anything,
// or the process ends.
import { record } from "./own-work.ts"

const most = 1000

let waiting: (() => void)[] | undefined

export function holdFirstLines(): void {
  waiting ??= []
}

/** Emits it now, unless lines are held. */
export function emitOrHold(emit: () => void): void {
  if (waiting === undefined) return emit()
  waiting.push(emit)
  if (waiting.length >= most) releaseFirstLines()
}

/** Nothing is held after this. */
export function releaseFirstLines(): void {
  const lines = waiting ?? []
  waiting = undefined
  for (const emit of lines) record(emit)
}
