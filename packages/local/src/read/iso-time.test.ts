import { expect, test } from "vitest"
import { nanosOf } from "./filter.ts"
import { isoOfNanos } from "./iso-time.ts"

test.each([
  [0n, "1970-01-01T00:00:00.000000000Z"],
  [1_795_000_000_000_000_001n, "2026-11-18T11:06:40.000000001Z"],
  [-1n, "1969-12-31T23:59:59.999999999Z"],
  [-1_500_000_000n, "1969-12-31T23:59:58.500000000Z"],
])("%s nanoseconds since 1970 are %s, and back", (nanos, text) => {
  expect(isoOfNanos(nanos)).toBe(text)
  expect(nanosOf(text, "from")).toBe(nanos)
})
