import { expect, test } from "vitest"
import { createFaults } from "./faults.ts"

test("strikes once unless told otherwise, then lets through", () => {
  const faults = createFaults()
  faults.arm(1, { exception: 252 })
  faults.arm(2, { exception: 241, times: 2 })
  const struck = Array.from({ length: 4 }, () => faults.take("query", "SELECT 1")?.id)
  expect(struck).toEqual([1, 2, 2, undefined])
  expect([faults.hits(1), faults.hits(2), faults.hits(3)]).toEqual([1, 2, 0])
})

test("is only for its kind and its statements", () => {
  const faults = createFaults()
  faults.arm(1, { exception: 252, on: "insert", match: /otel_logs/g, times: 9 })
  expect(faults.take("query", "SELECT * FROM otel_logs")).toBeUndefined()
  expect(faults.take("insert", "INSERT INTO otel_traces")).toBeUndefined()
  // Twice: a pattern with a flag remembers where it was.
  expect(faults.take("insert", "INSERT INTO otel_logs")?.id).toBe(1)
  expect(faults.take("insert", "INSERT INTO otel_logs")?.id).toBe(1)
})

test("is cleared alone or with all, and what hangs in it goes on", async () => {
  const faults = createFaults()
  faults.arm(1, { hang: true })
  faults.arm(2, { hang: true, times: 9 })
  const first = faults.take("query", "")
  const second = faults.take("query", "")
  faults.clear(1)
  await first?.cleared
  expect(faults.take("query", "")?.id).toBe(2)
  faults.clear()
  await second?.cleared
  expect(faults.take("query", "")).toBeUndefined()
  expect(faults.hits(2)).toBe(2)
})
