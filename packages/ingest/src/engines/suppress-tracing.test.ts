import { AsyncLocalStorage } from "node:async_hooks"
import { type Context, ROOT_CONTEXT, context } from "@opentelemetry/api"
import { isTracingSuppressed } from "@opentelemetry/core"
import { afterAll, beforeAll, expect, test } from "vitest"
import { withoutTracing } from "./suppress-tracing.ts"

const contexts = new AsyncLocalStorage<Context>()

// What OpenTelemetry's own context manager does, as far as this test needs it.
beforeAll(() => {
  context.setGlobalContextManager({
    active: () => contexts.getStore() ?? ROOT_CONTEXT,
    with: (active, fn, thisArg, ...args) => contexts.run(active, () => fn.call(thisArg as never, ...args)),
    bind: (_active, target) => target,
    enable() {
      return this
    },
    disable() {
      return this
    },
  })
})

afterAll(() => {
  context.disable()
})

const suppressed = () => isTracingSuppressed(context.active())

test("instrumentations see, by the key of @opentelemetry/core, that what runs inside is not to be traced", async () => {
  expect(suppressed()).toBe(false)
  expect(withoutTracing(suppressed)).toBe(true)
  expect(
    await withoutTracing(async () => {
      await new Promise((resolve) => setImmediate(resolve))
      return suppressed()
    }),
  ).toBe(true)
  expect(suppressed()).toBe(false)
})

test("hands on what the work returns and throws", async () => {
  expect(withoutTracing(() => 7)).toBe(7)
  await expect(withoutTracing(() => Promise.reject(new Error("no")))).rejects.toThrow("no")
})
