// Another file, which vitest runs at the same time in a process of its own.
import { testTelemetry } from "@clickstack/testing"
import "@clickstack/testing/vitest"
import { expect, test, vi } from "vitest"
import { findOrder } from "./shop.js"

test("time can stand still", async () => {
  vi.useFakeTimers()
  const telemetry = testTelemetry()
  findOrder("7")
  expect(await telemetry.trace()).toHaveTrace("find order")
  await telemetry.close()
  vi.useRealTimers()
})
