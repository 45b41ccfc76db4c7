import { expect, test } from "vitest"
import { duration } from "./values.ts"

test.each([
  [0, "0 µs"],
  [0.0005, "1 µs"],
  [0.75, "750 µs"],
  [1.25, "1.3 ms"],
  [12.4, "12 ms"],
  [1500, "1.50 s"],
  [59_990, "59.99 s"],
  [61_500, "1 min 1 s"],
  [3_723_000, "1 h 2 min"],
  [90_000_000, "25 h 0 min"],
])("%d ms are %s", (ms, text) => {
  expect(duration(ms)).toBe(text)
})
