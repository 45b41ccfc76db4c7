// One export. It ends with its answer, at its deadline, or when it is given up, and tells what that means.
import { ClickstackError } from "../clickstack-error.ts"
import { abandon, type Exchange } from "./exchange.ts"
import { type Outcome, outcomeOf } from "./outcome.ts"

export type Send<T> = (items: T[], exchange: Exchange) => Promise<{ rejected: number }>

export interface Attempt {
  readonly outcome: Promise<Outcome>
  readonly giveUp: (why: string) => void
}

interface AttemptOptions {
  /** In milliseconds. */
  readonly timeout: number
  /** How often it has failed before. */
  readonly failures: number
  /** Ends what the exporter does. */
  readonly abort: (() => void) | undefined
}

const slack = 1.05 // the exporter's own deadline comes first, with a better message

export function attempt<T>(send: Send<T>, items: T[], { timeout, failures, abort }: AttemptOptions): Attempt {
  const exchange: Exchange = { requests: new Set() }
  let deadline: NodeJS.Timeout | undefined
  let giveUp = (_why: string) => {}
  const answer = new Promise<{ rejected: number }>((resolve, reject) => {
    giveUp = (why) => {
      reject(new ClickstackError("TIMEOUT", why, { retryable: true }))
      abandon(exchange)
      abort?.()
    }
    deadline = setTimeout(giveUp, timeout * slack, `no answer within ${timeout} ms`).unref()
    send(items, exchange).then(resolve, reject)
  })
  const outcome = answer.then(
    ({ rejected }): Outcome => ({ kind: "delivered", rejected }),
    (error: unknown) => outcomeOf(error, exchange, failures + 1),
  )
  return { outcome: outcome.finally(() => clearTimeout(deadline)), giveUp: (why) => giveUp(why) }
}
