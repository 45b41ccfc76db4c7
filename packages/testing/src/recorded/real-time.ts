// The clock and the timers as they were when this module was loaded: a test's fake timers must not stop its waiting.
const { setTimeout, setImmediate, performance } = globalThis
const readClock = performance.now

export const now = (): number => readClock.call(performance)

export const pause = (ms: number): Promise<void> => new Promise((resolve) => void setTimeout(resolve, ms))

/** After what the event loop has at hand. */
export const nextTurn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve))
