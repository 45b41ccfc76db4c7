// Something happened: whoever waits looks again.

export interface Bell {
  readonly ring: () => void
  /** Until it rings the next time. */
  readonly rung: () => Promise<void>
}

export function createBell(): Bell {
  let waiters: (() => void)[] = []
  return {
    ring: () => {
      const told = waiters
      waiters = []
      for (const tell of told) tell()
    },
    rung: () => new Promise((resolve) => waiters.push(resolve)),
  }
}
