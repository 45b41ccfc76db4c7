// The lines of an app's first moments. What makes log records of them takes as long to load as Node takes to start, and an
// app that prints that it listens should not wait for that: so they wait, until the SDK warms up, is asked for anything,
// or the process ends.
import { isRecording, record } from "./own-work.ts"

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
