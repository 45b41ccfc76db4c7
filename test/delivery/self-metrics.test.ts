// What stats() tells is also told as metrics, by the names of OpenTelemetry's semantic conventions.
import { afterEach, expect, test } from "vitest"
import { startApp, stateDirectory } from "./app.ts"
import { startCollector } from "./collector.ts"

const stack: AsyncDisposable[] = []
afterEach(async () => {
  for (const one of stack.splice(0).toReversed()) await one[Symbol.asyncDispose]()
})

test("otel.sdk.* metrics are sent with the app's own", async () => {
  const state = stateDirectory()
  stack.push({ [Symbol.asyncDispose]: async () => state[Symbol.dispose]() })
  const collector = await startCollector()
  stack.push(collector)
  const app = startApp({
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
    XDG_STATE_HOME: state.path,
    CLICKSTACK_METRICS_EXPORTER: "otlp",
  })
  stack.push(app)
  await app.ask("count")
  await app.ask("spans", 10)
  await app.ask("flush")
  const names = collector.arrivals.filter(({ signal }) => signal === "metrics").flatMap(({ ids }) => ids)
  expect(names).toEqual(
    expect.arrayContaining([
      "own",
      "otel.sdk.exporter.span.exported",
      "otel.sdk.exporter.span.inflight",
      "otel.sdk.processor.span.processed",
      "otel.sdk.processor.span.queue.size",
      "otel.sdk.processor.span.queue.capacity",
    ]),
  )
})
