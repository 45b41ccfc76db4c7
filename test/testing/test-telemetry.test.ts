// testTelemetry(): isolated, whatever was registered before, whatever modules keep, and whatever the clock does.
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { context, metrics, propagation, trace } from "@opentelemetry/api"
import { logs } from "@opentelemetry/api-logs"
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from "@opentelemetry/sdk-trace-base"
import { afterEach, describe, expect, test, vi } from "vitest"
import { captureProcess, testTelemetry, type TestingError } from "@clickstack/testing"
import "@clickstack/testing/vitest"

// As the modules of an app keep them.
const tracer = trace.getTracer("shop")
const logger = logs.getLogger("shop")

const apiGlobals = () => {
  const api = (globalThis as { [key: symbol]: object })[Symbol.for("opentelemetry.js.api.1")] ?? {}
  return {
    ...api,
    logs: (globalThis as { [key: symbol]: unknown })[Symbol.for("io.opentelemetry.js.api.logs")],
  }
}

describe("leaks nothing", () => {
  test("neither spans nor globals, from one test to the next", async () => {
    const before = apiGlobals()
    for (const name of ["first", "second", "third"]) {
      await using telemetry = testTelemetry()
      tracer.startSpan(name).end()
      logger.emit({ body: name })
      expect((await telemetry.trace()).tree()).toBe(`${name}\n`)
      expect(telemetry.logs.map(({ body }) => body)).toEqual([name])
    }
    tracer.startSpan("nowhere").end()
    expect({ ...apiGlobals(), version: "" }).toEqual({ ...before, version: "" })
    expect(tracer.startSpan("nowhere").isRecording()).toBe(false)
  })

  test("neither listeners nor what keeps a process alive", async () => {
    const script = new URL("fixtures/leak.mjs", import.meta.url)
    const { code, stdout, stderr } = await captureProcess(script, { preload: false })
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" })
    const { before, after } = JSON.parse(stdout) as { before: unknown; after: unknown }
    expect(after).toEqual(before)
  })

  test("a span that was open at the end of one test does not come into the next", async () => {
    const first = testTelemetry()
    const late = tracer.startSpan("late")
    await first.close()
    await using second = testTelemetry()
    late.end()
    tracer.startSpan("own").end()
    await second.trace()
    expect(second.spans.map(({ name }) => name)).toEqual(["own"])
  })

  test("what a reset forgets stays forgotten, also what ends later", async () => {
    await using telemetry = testTelemetry()
    const open = tracer.startSpan("open")
    tracer.startSpan("ended").end()
    await telemetry.flush()
    telemetry.reset()
    open.end()
    tracer.startSpan("new").end()
    await telemetry.flush()
    expect(telemetry.tree()).toBe("new\n")
  })
})

test("instruments that modules keep count anew in each test", async () => {
  let counter: ReturnType<ReturnType<typeof metrics.getMeter>["createCounter"]> | undefined
  for (let round = 0; round < 2; round++) {
    await using telemetry = testTelemetry()
    counter ??= metrics.getMeter("shop").createCounter("orders", { unit: "{order}" })
    counter.add(2, { paid: true })
    await telemetry.flush()
    expect(telemetry).toHaveMetric({
      name: "orders",
      value: 2,
      unit: "{order}",
      type: "sum",
      attributes: { paid: true },
    })
  }
})

describe("gives back", () => {
  afterEach(() => trace.disable())

  test("another SDK's provider", async () => {
    const exporter = new InMemorySpanExporter()
    trace.setGlobalTracerProvider(
      new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }),
    )
    {
      await using telemetry = testTelemetry()
      trace.getTracer("x").startSpan("in the test").end()
      expect((await telemetry.trace()).root.name).toBe("in the test")
    }
    trace.getTracer("x").startSpan("after it").end()
    expect(exporter.getFinishedSpans().map(({ name }) => name)).toEqual(["after it"])
  })
})

test("a second one at the same time is refused, with the way out", async () => {
  await using first = testTelemetry()
  expect(() => testTelemetry()).toThrow(
    expect.objectContaining({
      code: "IN_USE",
      message:
        "testTelemetry() is open already, and a process has one provider: close() it first, or share it and tell the traces apart by their roots",
    }),
  )
  expect(first.spans).toEqual([])
})

test("wrong options are init()'s errors, and leave nothing open", async () => {
  expect(() => testTelemetry({ sampler: "sometimes" as never })).toThrow(/option "sampler" is 'sometimes'/)
  await testTelemetry().close()
})

describe("waits", () => {
  test("for what is still open, also through timers, until the trace is complete", async () => {
    await using telemetry = testTelemetry()
    tracer.startActiveSpan("request", (request) => {
      setTimeout(() => {
        const inner = tracer.startSpan("work", {}, trace.setSpan(context.active(), request))
        request.end()
        setTimeout(() => inner.end(), 20)
      }, 20)
    })
    expect((await telemetry.trace()).tree()).toBe("request\n  work\n")
  })

  test("no longer than it may, and tells what is open", async () => {
    await using telemetry = testTelemetry()
    const stuck = tracer.startSpan("stuck")
    tracer.startSpan("done").end()
    const error = (await telemetry
      .trace(undefined, { timeout: 30 })
      .catch((thrown: unknown) => thrown)) as TestingError
    expect(error.code).toBe("TIMED_OUT")
    expect(error.message.replaceAll(/for \d+ ms/g, "for N ms")).toBe(
      "waited for a complete trace\n\nafter 30 ms:\nrecorded:\n  done\nstill open:\n  stuck, for N ms\n",
    )
    stuck.end()
  })

  test("for a drawn tree, and tells what differs", async () => {
    await using telemetry = testTelemetry()
    setTimeout(() => tracer.startSpan("job", { attributes: { tries: 2 } }).end(), 30)
    expect((await telemetry.waitFor("job  tries=2")).attributes).toEqual({ tries: 2 })
    await expect(telemetry.waitFor("job  tries=3", { timeout: 20 })).rejects.toMatchObject({
      code: "TIMED_OUT",
      message: expect.stringContaining("^ tries is 2, not 3") as unknown,
    })
  })

  test("for whatever a function finds", async () => {
    await using telemetry = testTelemetry()
    setTimeout(() => logger.emit({ body: "hello" }), 30)
    expect(await telemetry.waitFor(({ logs: [first] }) => first?.body)).toBe("hello")
  })
})

test("two apps in one process are told apart by their roots", async () => {
  await using telemetry = testTelemetry()
  const app = (name: string) =>
    tracer.startActiveSpan(name, (root) => {
      tracer.startSpan(`${name}'s query`).end()
      root.end()
    })
  app("shop")
  app("stock")
  expect((await telemetry.trace("shop")).tree()).toBe("shop\n  shop's query\n")
  expect((await telemetry.trace(/^st/)).tree()).toBe("stock\n  stock's query\n")
  await expect(telemetry.trace()).rejects.toMatchObject({
    code: "AMBIGUOUS",
    message: expect.stringContaining("there are 2 traces; say which") as unknown,
  })
  expect(telemetry.find({ name: /query$/, kind: "internal", status: "unset" })?.name).toBe("shop's query")
  expect(telemetry.find("nothing")).toBeUndefined()
})

describe("with fake timers", () => {
  afterEach(() => vi.useRealTimers())

  test.each([
    ["vitest's own", undefined],
    ["all there are", ["setTimeout", "setInterval", "setImmediate", "Date", "performance", "queueMicrotask"]],
  ] as const)("%s", async (_, toFake) => {
    vi.useFakeTimers(toFake === undefined ? {} : { toFake: [...toFake] })
    await using telemetry = testTelemetry()
    setTimeout(() => {
      tracer.startSpan("at noon").end()
      logger.emit({ body: "noon" })
    }, 3_600_000)
    vi.advanceTimersByTime(3_600_000)
    expect((await telemetry.trace()).root.name).toBe("at noon")
    expect(telemetry.logs).toHaveLog({ body: "noon" })
    await expect(telemetry.waitFor("never", { timeout: 20 })).rejects.toMatchObject({ code: "TIMED_OUT" })
  })
})

test("an app that calls init() and shutdown() itself is recorded as well", async () => {
  const { init } = await import("@clickstack/node")
  await using telemetry = testTelemetry()
  const clickstack = init({ service: "app" })
  expect(clickstack).toBe(telemetry.clickstack)
  tracer.startSpan("before it went").end()
  await clickstack.shutdown()
  expect(telemetry.tree()).toBe("before it went\n")
})

test.each(["first", "second"])("a real request and its server are one trace, in the %s test", async () => {
  await using telemetry = testTelemetry()
  const server = createServer((_request, response) => {
    tracer.startActiveSpan("work", (span) => {
      logger.emit({ severityNumber: 9, body: "worked" })
      span.end()
    })
    response.end("done")
  }).listen(0, "127.0.0.1")
  await new Promise((resolve) => server.once("listening", resolve))
  try {
    const { port } = server.address() as AddressInfo
    await (await fetch(`http://127.0.0.1:${port}/orders/7`)).text()
    expect(await telemetry.trace()).toHaveTrace(`
      GET  client  200
        GET  server  200  url.path=/orders/7
          work
            log info "worked"`)
  } finally {
    server.close()
  }
})

test("context and baggage are there as in an app", async () => {
  await using telemetry = testTelemetry()
  tracer.startActiveSpan("outer", (span) => {
    const carrier: Record<string, string> = {}
    propagation.inject(context.active(), carrier)
    expect(carrier["traceparent"]).toContain(span.spanContext().traceId)
    span.end()
  })
  await telemetry.trace()
})

test("options are those of init()", async () => {
  await using telemetry = testTelemetry({ service: "shop", serviceVersion: "7", sampler: "always_off" })
  tracer.startSpan("dropped").end()
  logger.emit({ body: "kept" })
  await telemetry.flush()
  expect(telemetry.spans).toEqual([])
  expect(telemetry.open).toEqual([])
  expect(telemetry.logs[0]?.resource).toMatchObject({ "service.name": "shop", "service.version": "7" })
})
