// @ts-nocheck The types of jest's globals are in @types/jest, which this example does without.
// On every Node.js: OpenTelemetry's own SDK with the kit's processors, and libraries in a process of their own.
import { trace } from "@opentelemetry/api"
import { logs } from "@opentelemetry/api-logs"
import { LoggerProvider } from "@opentelemetry/sdk-logs"
import { BasicTracerProvider } from "@opentelemetry/sdk-trace-base"
import { captureProcess, memory } from "@clickstack/testing"
import { findOrder } from "./shop.js"

const { telemetry, spanProcessor, logRecordProcessor } = memory()
trace.setGlobalTracerProvider(new BasicTracerProvider({ spanProcessors: [spanProcessor] }))
logs.setGlobalLoggerProvider(new LoggerProvider({ processors: [logRecordProcessor] }))
beforeEach(() => telemetry.reset())

test("what the code under test makes itself", async () => {
  import.meta.jest.useFakeTimers()
  findOrder("8")
  expect(await telemetry.trace()).toHaveTrace("find order  client  db.system.name=postgresql")
  expect(telemetry.logs).toHaveLog({ severity: "ERROR", body: /^no order 8/ })
  expect(telemetry).toFollowConventions()
  import.meta.jest.useRealTimers()
})

test("what its libraries make, in a real process", async () => {
  const run = await captureProcess(new URL("request.js", import.meta.url))
  expect(run).toHaveTrace(`
    GET  client  200
      GET  server  200  url.path=/orders/7
        find order  client
  `)
  expect(run.code).toBe(0)
}, 30_000)
