// One line a minute of what came in.
import { counted } from "../show/values.ts"
import { type Tally, since } from "../tally.ts"

const minuteMs = 60_000

/** Calls `run` again and again, until the function that it returns is called. */
export type Clock = (run: () => void, everyMs: number) => () => void

const realClock: Clock = (run, everyMs) => {
  const timer = setInterval(run, everyMs)
  return () => clearInterval(timer)
}

/** Returns a function that ends it. */
export function tellEveryMinute(
  stats: () => Tally,
  tell: (line: string) => void,
  clock: Clock = realClock,
): () => void {
  let told = stats()
  return clock(() => {
    const now = stats()
    tell(`${summary(since(now, told))}\n`)
    told = now
  }, minuteMs)
}

export function summary({ spans, logs, points, sessions, forwarded, failed }: Tally): string {
  const counts = [
    [forwarded, "request passed on", "requests passed on"],
    [spans, "span"],
    [logs, "log"],
    [points, "metric point"],
    [sessions, "session chunk"],
  ] as const
  const seen = counts.filter(([count]) => count > 0).map(([count, one, many]) => counted(count, one, many))
  const what = seen.length === 0 ? "nothing came in" : seen.join(", ")
  return failed === 0 ? what : `${what}; ${counted(failed, "request")} refused`
}
