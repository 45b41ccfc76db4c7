import { expect, test } from "vitest"
import { createTally } from "../tally.ts"
import { tellEveryMinute } from "./every-minute.ts"

test("each minute tells what came in since the last one", () => {
  let tally = { ...createTally(), spans: 5 }
  const lines: string[] = []
  const minutes: (() => void)[] = []
  const end = tellEveryMinute(
    () => ({ ...tally }),
    (line) => lines.push(line),
    (run, everyMs) => {
      expect(everyMs).toBe(60_000)
      minutes.push(run)
      return () => minutes.pop()
    },
  )
  const minute = () => minutes[0]?.()
  tally = { ...tally, spans: 12, logs: 3 }
  minute()
  minute()
  tally = { ...tally, points: 4, sessions: 1, failed: 2 }
  minute()
  end()
  minute()
  expect(lines).toEqual([
    "7 spans, 3 logs\n",
    "nothing came in\n",
    "4 metric points, 1 session chunk; 2 requests refused\n",
  ])
})
