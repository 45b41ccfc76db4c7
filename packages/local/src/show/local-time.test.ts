import { expect, test } from "vitest"
import { dayOf, spellClock, spellDayAndClock, spellTime } from "./local-time.ts"

test("a time is shown as clocks here show it", () => {
  const here = new Date(2026, 0, 31, 7, 5, 9, 42)
  const time = `${here.toISOString().slice(0, 23)}123456Z`
  expect(spellClock(time)).toBe("07:05:09.042")
  expect(spellDayAndClock(time)).toBe("2026-01-31 07:05:09.042")
  expect(spellClock(`${here.toISOString().slice(0, 19)}Z`)).toBe("07:05:09.000")
})

test("the day is left out where it is today", () => {
  const now = new Date()
  const iso = now.toISOString()
  expect(spellTime(iso)).toBe(spellClock(iso))
  const before = new Date(now.getFullYear(), now.getMonth(), now.getDate() - 1, 12)
  expect(spellTime(before.toISOString())).toBe(`${dayOf(before)} 12:00:00.000`)
})
