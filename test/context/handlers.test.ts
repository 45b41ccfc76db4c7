// Handlers for platforms that freeze or end the process after an answer, and Next.js's hook for errors.
import { SpanKind, SpanStatusCode, trace } from "@opentelemetry/api"
import { type Clickstack, init, setTraceAttributes, withSpan } from "@clickstack/node"
import { wrapHandler } from "@clickstack/node/lambda"
import { onRequestError } from "@clickstack/node/next"
import { flushAfterResponse, withFlush } from "@clickstack/node/vercel"
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest"
import { type Memory, memory } from "./memory.ts"

let clickstack: Clickstack
let kept: Memory

beforeAll(() => {
  kept = memory()
  // What is not flushed stays for an hour.
  clickstack = init({ ...kept.options, instrumentation: false, metrics: false, traces: { delay: 3_600_000 } })
})
beforeEach(async () => {
  await clickstack.flush()
  kept.spans.length = 0
})
afterAll(() => clickstack.shutdown())

const traceId = "0af7651916cd43dd8448eb211c80319c"
const traceparent = `00-${traceId}-b7ad6b7169203331-01`
const lambdaContext = {
  functionName: "shop",
  invokedFunctionArn: "arn:aws:lambda:eu-west-1:1:function:shop",
  awsRequestId: "r1",
  getRemainingTimeInMillis: () => 5000,
}
const sent = () =>
  kept.spans.map(({ name, kind, attributes, status, events }) => ({
    name,
    kind,
    attributes,
    status: status.code,
    exceptions: events.map((event) => event.attributes?.["exception.message"]),
  }))

describe("AWS Lambda", () => {
  test("a request through API Gateway is a server span of the caller's trace, sent before the answer", async () => {
    const handler = wrapHandler(async (event: object) => {
      setTraceAttributes({ tenant: "t" })
      await withSpan("work", () => Promise.resolve())
      return { statusCode: 201, body: Object.keys(event).length }
    })
    const event = {
      version: "2.0",
      routeKey: "POST /orders/{id}",
      rawPath: "/orders/7",
      rawQueryString: "a=b&X-Amz-Signature=secret",
      headers: { Traceparent: traceparent, Host: "api.example.com", "X-Session-Id": "visit" },
      requestContext: { http: { method: "POST", path: "/orders/7" } },
    }
    expect(await handler(event, lambdaContext)).toEqual({ statusCode: 201, body: 6 })
    const [work, request] = sent()
    expect(work).toMatchObject({ name: "work", attributes: { "session.id": "visit", tenant: "t" } })
    expect(request).toMatchObject({
      name: "POST /orders/{id}",
      kind: SpanKind.SERVER,
      status: SpanStatusCode.UNSET,
      attributes: {
        "session.id": "visit",
        tenant: "t",
        "faas.name": "shop",
        "faas.trigger": "http",
        "faas.invocation_id": "r1",
        "cloud.resource_id": "arn:aws:lambda:eu-west-1:1:function:shop",
        "http.route": "/orders/{id}",
        "http.response.status_code": 201,
        "http.url": "https://api.example.com/orders/7?a=b&X-Amz-Signature=[REDACTED]",
      },
    })
    expect(kept.spans.map((span) => span.spanContext().traceId)).toEqual([traceId, traceId])
  })

  test("only the first invocation is a cold start", async () => {
    const handler = wrapHandler(() => Promise.resolve("done"))
    await handler({}, lambdaContext)
    expect(sent()[0]).toMatchObject({ name: "shop", attributes: { "faas.coldstart": false } })
  })

  test("the older form of API Gateway and messages of a queue are named, too", async () => {
    const handler = wrapHandler(() => Promise.resolve())
    await handler({ httpMethod: "GET", path: "/a/7", resource: "/a/{id}", headers: null }, lambdaContext)
    await handler({ Records: [{ eventSource: "aws:sqs" }] }, lambdaContext)
    expect(sent()).toMatchObject([
      { name: "GET /a/{id}", kind: SpanKind.SERVER },
      { name: "shop", kind: SpanKind.CONSUMER, attributes: { "faas.trigger": "pubsub" } },
    ])
  })

  test("an error is recorded, sent, and goes on untouched", async () => {
    const error = new Error("broken")
    const handler = wrapHandler(() => Promise.reject(error))
    await expect(handler({}, lambdaContext)).rejects.toBe(error)
    expect(sent()).toMatchObject([{ name: "shop", status: SpanStatusCode.ERROR, exceptions: ["broken"] }])
  })

  test("a handler that calls back", async () => {
    const handler = wrapHandler(
      (_event: object, _context: unknown, callback: (e: unknown, r?: string) => void) => {
        setTimeout(callback, 1, null, "called back")
      },
    )
    expect(await handler({}, lambdaContext)).toBe("called back")
    const failing = wrapHandler((_event: object, _context: unknown, callback: (e: unknown) => void) => {
      callback("a text")
    })
    await expect(failing({}, lambdaContext)).rejects.toBe("a text")
    expect(sent()).toHaveLength(2)
  })

  test("events of any kind", async () => {
    const handler = wrapHandler((event: unknown) => Promise.resolve(event))
    for (const event of [undefined, null, 5, "text", [], { headers: 5 }]) {
      expect(await handler(event, lambdaContext)).toBe(event)
    }
  })
})

describe("Vercel", () => {
  const key = Symbol.for("@vercel/request-context")
  const waited: Promise<unknown>[] = []
  const platform = { get: () => ({ waitUntil: (promise: Promise<unknown>) => waited.push(promise) }) }
  afterEach(() => {
    delete (globalThis as { [key]?: unknown })[key]
    waited.length = 0
  })

  test("the platform is asked to wait, the answer is not held up", async () => {
    ;(globalThis as { [key]?: unknown })[key] = platform
    const handler = withFlush(async (name: string) => withSpan(name, () => "answer"))
    expect(await handler("GET /")).toBe("answer")
    expect(waited).toHaveLength(1)
    await waited[0]
    expect(sent()).toMatchObject([{ name: "GET /" }])
  })

  test("elsewhere what was recorded is sent before the answer", async () => {
    expect(await withFlush(() => withSpan("GET /", () => "answer"))()).toBe("answer")
    expect(sent()).toMatchObject([{ name: "GET /" }])
    withSpan("by hand", () => undefined)
    await flushAfterResponse()
    expect(sent()).toMatchObject([{ name: "GET /" }, { name: "by hand" }])
  })

  test("an error goes on untouched, and is sent", async () => {
    const error = new Error("broken")
    const handler = withFlush(() => withSpan("GET /", () => Promise.reject(error)))
    await expect(handler()).rejects.toBe(error)
    expect(sent()).toMatchObject([{ name: "GET /", exceptions: ["broken"] }])
  })
})

describe("Next.js", () => {
  const request = { path: "/orders/7?a=b", method: "GET", headers: { traceparent, "x-session-id": "visit" } }
  const context = { routerKind: "App Router", routePath: "/orders/[id]", routeType: "render" }

  test("an error within a request is on its server span, which gets its route", async () => {
    const options = { kind: SpanKind.SERVER, attributes: { "http.response.status_code": 500 } }
    trace.getTracer("test").startActiveSpan("GET", options, (span) => {
      withSpan("render", () => onRequestError(new Error("broken"), request, context))
      onRequestError(new Error("broken"), request, context)
      span.end()
    })
    await clickstack.flush()
    expect(sent()).toMatchObject([
      { name: "render", exceptions: [] },
      { name: "GET /orders/[id]", exceptions: ["broken"], attributes: { "http.route": "/orders/[id]" } },
    ])
  })

  test("an error that comes without a span gets one of its own, in the request's trace", async () => {
    onRequestError("a text", request, context)
    await clickstack.flush()
    expect(sent()).toMatchObject([
      {
        name: "GET /orders/[id]",
        kind: SpanKind.SERVER,
        status: SpanStatusCode.ERROR,
        exceptions: ["a text"],
        attributes: { "session.id": "visit", "http.url": "/orders/7?a=b" },
      },
    ])
    expect(kept.spans[0]!.spanContext().traceId).toBe(traceId)
  })
})
