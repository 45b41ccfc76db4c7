// A trace that is handed on by the app itself: through a queue of its own, to a worker thread.
import { fileURLToPath } from "node:url"
import type { ReadableLogRecord } from "@opentelemetry/sdk-logs"
import type { ReadableSpan } from "@opentelemetry/sdk-trace-base"
import { startReceiver } from "@clickstack/receiver"
import {
  type Clickstack,
  carryTrace,
  continueTrace,
  init,
  setTraceAttributes,
  withSession,
  withSpan,
} from "@clickstack/node"
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest"
import { runNode } from "../run-node.ts"
import { type Memory, memory } from "./memory.ts"

let clickstack: Clickstack
let kept: Memory

beforeAll(() => {
  kept = memory()
  clickstack = init({ ...kept.options, instrumentation: false, metrics: false })
})
beforeEach(async () => {
  await clickstack.flush()
  kept.spans.length = 0
})
afterAll(() => clickstack.shutdown())

test("a job taken out of a queue goes on in the trace that put it in, not in the one that is active", async () => {
  const queue: string[] = []
  withSession("visit-1", () =>
    withSpan("puts in", () => {
      setTraceAttributes({ tenant: "acme" })
      queue.push(JSON.stringify(carryTrace()))
    }),
  )
  const result = withSpan("takes out", () => {
    setTraceAttributes({ worker: 1 })
    return continueTrace(JSON.parse(queue[0]!), () => withSpan("job", () => 5))
  })
  expect(result).toBe(5)
  await clickstack.flush()
  const [putsIn, job, takesOut] = kept.spans
  expect([putsIn, job, takesOut].map((span) => [span!.name, span!.attributes])).toEqual([
    ["puts in", { "session.id": "visit-1", tenant: "acme" }],
    ["job", { "session.id": "visit-1", tenant: "acme" }],
    ["takes out", { worker: 1 }],
  ])
  expect(job!.spanContext().traceId).toBe(putsIn!.spanContext().traceId)
  expect(job!.parentSpanContext?.spanId).toBe(putsIn!.spanContext().spanId)
})

test.each([
  undefined,
  null,
  5,
  "text",
  {},
  { traceparent: "00-x", tracestate: 5, baggage: {}, session: "a b", attributes: [] },
])("what was not carried, %j, does no harm", async (carried) => {
  expect(continueTrace(carried as never, () => withSpan("job", () => 5))).toBe(5)
  await clickstack.flush()
  expect(kept.spans.map(({ attributes, parentSpanContext }) => [attributes, parentSpanContext])).toEqual([
    [{}, undefined],
  ])
})

test("a worker thread's part of a request has its trace, session and attributes; its other jobs do not", async () => {
  const spans: ReadableSpan[] = []
  const logs: ReadableLogRecord[] = []
  await using receiver = await startReceiver({
    httpPort: 0,
    traces: (data) => void spans.push(...(data as ReadableSpan[])),
    logs: (data) => void logs.push(...(data as ReadableLogRecord[])),
  })
  const args = ["--import", "@clickstack/node/register", "fixtures/worker.mjs"]
  const env = {
    PATH: process.env["PATH"],
    HOME: "",
    OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url!,
    OTEL_METRICS_EXPORTER: "none",
  }
  const ended = await runNode(args, { cwd: fileURLToPath(new URL(".", import.meta.url)), env })
  expect(ended).toEqual({ code: 0, stdout: "", stderr: "" })

  const { traceId } = spans.find(({ name }) => name === "request")!.spanContext()
  const known = [
    ...spans.map((span) => [span.name, span.attributes, span.spanContext().traceId === traceId]),
    ...logs.map((log) => [log.body, log.attributes, log.spanContext?.traceId === traceId]),
  ] as [string, object, boolean][]
  const attributes = { "session.id": "visit-1", tenant: "acme" }
  expect(known.toSorted(([one], [other]) => one.localeCompare(other))).toEqual([
    ["job", attributes, true],
    ["job of nobody", {}, false],
    ["log", attributes, true],
    ["log of nobody", {}, false],
    ["request", attributes, true],
  ])
})
