// How much a receiver does at once: requests per signal, and bytes over all. What does not fit is refused at once,
// for the sender has the data safe and is told when to come back; a queue here would only hide the pressure.
import type { Limits } from "./options.ts"
import { ReceiverError } from "./receiver-error.ts"
import { type Signal, signalNames } from "./signals.ts"

/** Bytes held for one request; `release` gives all of them back, once. */
export interface Lease {
  take(bytes: number): void
  release(): void
}

export interface Admission {
  /** Throws when the signal's sink has all the requests that it may have. */
  check(signal: Signal): void
  /** Takes one of the sink's places, or throws; the result gives it back. */
  enter(signal: Signal): () => void
  lease(): Lease
}

// What a request's bytes become when they are decoded takes up to so many times as much.
const decodedTimes = 8

// A request comes in dozens of pieces, and the kernel takes longer to say it than a piece takes to read.
const residentForMs = 20

export function createAdmission(
  limits: Readonly<Limits>,
  residentNow: () => number = rememberedFor(residentForMs, () => process.memoryUsage.rss()),
): Admission {
  const active = new Map<Signal, number>(signalNames.map((signal) => [signal, 0]))
  let bytesHeld = 0

  const overloaded = (what: string) =>
    new ReceiverError(
      "OVERLOADED",
      `${what}; try again in ${limits.retryAfterSeconds} s, nothing was taken`,
      {
        retryAfter: limits.retryAfterSeconds,
      },
    )

  function check(signal: Signal): void {
    if (active.get(signal)! >= limits.requests) {
      throw overloaded(`${limits.requests} requests of ${signal} are being handled already`)
    }
  }

  return {
    check,
    enter(signal) {
      check(signal)
      active.set(signal, active.get(signal)! + 1)
      return () => active.set(signal, active.get(signal)! - 1)
    },
    lease() {
      let held = 0
      return {
        take(bytes) {
          if (bytesHeld + bytes > limits.inFlightBytes) {
            throw overloaded(`requests of ${bytesHeld} bytes are being handled already`)
          }
          // One alone is always taken: memory that is not for requests must not keep all of them out.
          if (limits.residentBytes < Infinity && bytesHeld > held) {
            const resident = residentNow()
            if (resident + decodedTimes * (bytesHeld + bytes) > limits.residentBytes)
              throw overloaded(
                `this process takes ${Math.round(resident / 1024 / 1024)} MiB of memory already`,
              )
          }
          bytesHeld += bytes
          held += bytes
        },
        release() {
          bytesHeld -= held
          held = 0
        },
      }
    },
  }
}

function rememberedFor(ms: number, ask: () => number): () => number {
  let answer = 0
  let until = -Infinity
  return () => {
    const now = performance.now()
    if (now >= until) {
      answer = ask()
      until = now + ms
    }
    return answer
  }
}
