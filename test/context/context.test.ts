// Sessions, attributes of a trace and spans of one's own, through the real SDK: what the destination gets.
import {
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  context,
  defaultTextMapGetter,
  defaultTextMapSetter,
  propagation,
  trace,
} from "@opentelemetry/api"
import { logs as logsApi } from "@opentelemetry/api-logs"
import {
  type Clickstack,
  init,
  setSession,
  setTraceAttributes,
  withSession,
  withSpan,
} from "@clickstack/node"
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest"
import { type Memory, memory } from "./memory.ts"

let clickstack: Clickstack
let kept: Memory

const tracer = trace.getTracer("test")
const logger = logsApi.getLogger("test")
const log = (body: string) => logger.emit({ body })

beforeAll(() => {
  kept = memory()
  clickstack = init({ ...kept.options, baggageAttributes: ["tenant"], metrics: false })
})
beforeEach(async () => {
  await clickstack.flush()
  kept.spans.length = 0
  kept.logs.length = 0
})
afterAll(() => clickstack.shutdown())

/** The attributes of everything that was recorded, by name of the span or body of the log. */
async function recorded(): Promise<Record<string, unknown>> {
  await clickstack.flush()
  return Object.fromEntries([
    ...kept.spans.map(({ name, attributes }) => [name, attributes]),
    ...kept.logs.map(({ body, attributes }) => [body, attributes]),
  ]) as Record<string, unknown>
}

/** As an instrumentation of a server does it. */
function request<T>(headers: Record<string, string>, fn: () => T): T {
  const incoming = propagation.extract(ROOT_CONTEXT, headers, defaultTextMapGetter)
  return tracer.startActiveSpan("GET /", { kind: SpanKind.SERVER }, incoming, (span) => {
    const result = fn()
    if (result instanceof Promise) return result.finally(() => span.end()) as T
    span.end()
    return result
  })
}

function outgoing(address: string): Record<string, string> {
  const headers: Record<string, string> = {}
  const options = { kind: SpanKind.CLIENT, attributes: { "server.address": address } }
  tracer.startActiveSpan(`to ${address}`, options, (span) => {
    propagation.inject(context.active(), headers, defaultTextMapSetter)
    span.end()
  })
  return headers
}

describe("a session", () => {
  test("that came with a request is on its spans and logs, and goes on to this machine alone", async () => {
    const [here, elsewhere] = request({ "x-session-id": "s1" }, () => {
      withSpan("work", () => log("hello"))
      return [outgoing("localhost"), outgoing("example.com")] as const
    })
    expect(here["baggage"]).toBe("session.id=s1")
    expect(Object.keys(elsewhere)).toEqual(["traceparent"])
    const session = { "session.id": "s1" }
    expect(await recorded()).toMatchObject({ "GET /": session, work: session, hello: session })
  })

  test("goes on into timers and promises that the request has started, also after its end", async () => {
    const { promise, resolve } = resolvers()
    request({ "x-session-id": "s2" }, () => {
      setTimeout(() => {
        withSpan("later", () => log("late"))
        resolve()
      }, 1)
    })
    await promise
    expect(await recorded()).toMatchObject({ later: { "session.id": "s2" }, late: { "session.id": "s2" } })
  })

  test("that the app names counts more than what came, for all of the request", async () => {
    request({ baggage: "session.id=came" }, () => {
      withSpan("before", () => undefined)
      withSession("named", () => {
        withSpan("inside", () => log("log inside"))
        expect(outgoing("localhost")["baggage"]).toBe("session.id=named")
      })
      withSpan("after", () => undefined)
    })
    const named = { "session.id": "named" }
    expect(await recorded()).toMatchObject({
      before: { "session.id": "came" },
      inside: named,
      "log inside": named,
      after: named,
      "GET /": named,
    })
  })

  test("set within a request is on what is still open and on what follows", async () => {
    request({}, () =>
      withSpan("open", () => {
        log("too early")
        setSession("late")
        log("after")
      }),
    )
    const late = { "session.id": "late" }
    expect(await recorded()).toEqual({
      "too early": {},
      open: late,
      after: late,
      "GET /": late,
    })
  })

  test("of one job is not that of another in the same trace", async () => {
    withSpan("batch", () => {
      withSession("one", () => withSpan("job 1", () => log("log 1")))
      withSession("two", () => {
        withSpan("job 2", () => log("log 2"))
        setSession("three")
        withSpan("job 3", () => undefined)
      })
    })
    expect(await recorded()).toEqual({
      batch: {},
      "job 1": { "session.id": "one" },
      "log 1": { "session.id": "one" },
      "job 2": { "session.id": "two" },
      "log 2": { "session.id": "two" },
      "job 3": { "session.id": "three" },
    })
  })

  test("outside of a trace is on what its function does", async () => {
    const result = await withSession("outside", async () => {
      await Promise.resolve()
      log("a log without a span")
      return withSpan("a root", () => 5)
    })
    expect(result).toBe(5)
    const session = { "session.id": "outside" }
    expect(await recorded()).toEqual({ "a log without a span": session, "a root": session })
  })

  test("that is not accepted is ignored, and the function runs all the same", async () => {
    request({ "x-session-id": "kept" }, () => {
      setSession("a b")
      expect(withSession("x".repeat(129), () => 7)).toBe(7)
      expect(withSession(undefined as never, () => 8)).toBe(8)
    })
    expect(await recorded()).toEqual({ "GET /": { "session.id": "kept" } })
  })

  test("stays with a new trace that a request starts", async () => {
    request({ "x-session-id": "s3" }, () => {
      setTraceAttributes({ own: 1 })
      tracer.startSpan("detached", { root: true }).end()
    })
    expect(await recorded()).toMatchObject({
      detached: { "session.id": "s3" },
      "GET /": { "session.id": "s3", own: 1 },
    })
    expect(kept.spans[0]!.attributes).toEqual({ "session.id": "s3" })
  })

  test("of a span itself wins", async () => {
    request({ "x-session-id": "s4" }, () =>
      tracer.startSpan("own", { attributes: { "session.id": "mine" } }).end(),
    )
    expect(await recorded()).toMatchObject({ own: { "session.id": "mine" } })
  })
})

describe("attributes of a trace", () => {
  test("are on spans that are still open, on those to come, and on logs, but not on what has ended", async () => {
    request({}, () => {
      withSpan("ended", () => log("before"))
      withSpan("open", () => {
        setTraceAttributes({ "user.id": "u1", tenant: "t1", count: 3, list: ["a"] })
        setTraceAttributes({ tenant: "t2" })
        log("during")
      })
      withSpan("later", () => undefined)
    })
    const attributes = { "user.id": "u1", tenant: "t2", count: 3, list: ["a"] }
    expect(await recorded()).toEqual({
      ended: {},
      before: {},
      open: attributes,
      during: attributes,
      later: attributes,
      "GET /": attributes,
    })
  })

  test("are of this trace alone, whatever else runs inside or beside it", async () => {
    await Promise.all(
      ["a", "b"].map((name) =>
        withSpan(`root ${name}`, async () => {
          await Promise.resolve()
          setTraceAttributes({ name })
          tracer.startSpan(`detached ${name}`, { root: true }).end()
          await Promise.resolve()
          withSpan(`child ${name}`, () => undefined)
        }),
      ),
    )
    expect(await recorded()).toEqual({
      "root a": { name: "a" },
      "child a": { name: "a" },
      "detached a": {},
      "root b": { name: "b" },
      "child b": { name: "b" },
      "detached b": {},
    })
  })

  test("outside of a trace do nothing", async () => {
    setTraceAttributes({ lost: true })
    setSession("lost")
    withSpan("next", () => log("next log"))
    expect(await recorded()).toEqual({ next: {}, "next log": {} })
  })

  test("that a span has itself stay", async () => {
    withSpan("own", { tenant: "mine" }, () => setTraceAttributes({ tenant: "all", more: 1 }))
    expect(await recorded()).toEqual({ own: { tenant: "mine", more: 1 } })
  })

  test("may name the session", async () => {
    withSpan("root", () => setTraceAttributes({ "session.id": "s5" }))
    expect(await recorded()).toEqual({ root: { "session.id": "s5" } })
  })

  test("that are no attributes are ignored", async () => {
    const hostile = Object.defineProperty({ fine: 1 }, "bad", {
      enumerable: true,
      get: () => {
        throw new Error("no")
      },
    })
    withSpan("root", () => {
      setTraceAttributes({ ok: true, object: {}, fn: () => 1, nothing: undefined, nil: null } as never)
      setTraceAttributes(JSON.parse('{ "__proto__": "x" }') as never)
      setTraceAttributes(undefined as never)
      setTraceAttributes(hostile)
      setTraceAttributes(Object.fromEntries(Array.from({ length: 500 }, (_, index) => [`k${index}`, index])))
    })
    const { root } = (await recorded()) as { root: Record<string, unknown> }
    expect(root).toMatchObject({ ok: true, k0: 0 })
    expect(Object.keys(root).length).toBeLessThanOrEqual(128)
    expect(Object.getPrototypeOf(root)).toBe(Object.prototype)
  })
})

describe("baggage", () => {
  const header = "session.id=s,user.id=u%20x,account.id=a,tenant=t,secret=no"
  const attributes = { "session.id": "s", "user.id": "u x", "account.id": "a", tenant: "t" }

  test("becomes attributes, by the keys that are known or listed", async () => {
    request({ baggage: header }, () => withSpan("work", () => log("hello")))
    expect(await recorded()).toEqual({ "GET /": attributes, work: attributes, hello: attributes })
  })

  test("that the app sets counts for what runs with it", async () => {
    request({ baggage: "user.id=came" }, () => {
      const baggage = propagation.createBaggage({ "user.id": { value: "set" }, "session.id": { value: "s" } })
      context.with(propagation.setBaggage(context.active(), baggage), () => {
        withSpan("inside", () => log("hello"))
        expect(outgoing("localhost")["baggage"]).toBe("session.id=s,user.id=set")
      })
    })
    const inside = { "user.id": "set", "session.id": "s" }
    expect(await recorded()).toMatchObject({ inside, hello: inside, "GET /": { "user.id": "came" } })
  })
})

describe("withSpan", () => {
  test("returns what the function returns, and gives it the span", async () => {
    expect(withSpan("sync", { a: 1 }, (span) => span.isRecording())).toBe(true)
    expect(await withSpan("async", async (span) => span.isRecording())).toBe(true)
    expect(await recorded()).toEqual({ sync: { a: 1 }, async: {} })
    expect(kept.spans.map(({ status }) => status.code)).toEqual([SpanStatusCode.UNSET, SpanStatusCode.UNSET])
  })

  test("records what is thrown or rejected, and lets it go on untouched", async () => {
    const error = new TypeError("broken")
    expect(() =>
      withSpan("throws", () => {
        throw error
      }),
    ).toThrow(error)
    await expect(withSpan("rejects", () => Promise.reject(error))).rejects.toBe(error)
    await expect(withSpan("rejects with a text", () => Promise.reject("text"))).rejects.toBe("text")
    await expect(withSpan("rejects with nothing", () => Promise.reject())).rejects.toBe(undefined)
    await clickstack.flush()
    expect(
      kept.spans.map(({ status, events }) => [status, events[0]?.attributes?.["exception.message"]]),
    ).toEqual([
      [{ code: SpanStatusCode.ERROR, message: "broken" }, "broken"],
      [{ code: SpanStatusCode.ERROR, message: "broken" }, "broken"],
      [{ code: SpanStatusCode.ERROR, message: "text" }, "text"],
      [{ code: SpanStatusCode.ERROR, message: "undefined" }, "undefined"],
    ])
  })

  test("nests", async () => {
    await withSpan("outer", () => withSpan("inner", async () => Promise.resolve()))
    await clickstack.flush()
    const [inner, outer] = kept.spans
    expect(inner!.parentSpanContext?.spanId).toBe(outer!.spanContext().spanId)
  })
})

describe("the flag of a random trace id", () => {
  const traceId = "0af7651916cd43dd8448eb211c80319c"
  test.each([
    ["set for a trace that starts here", {}, "03"],
    ["kept when it came", { traceparent: `00-${traceId}-b7ad6b7169203331-03` }, "03"],
    ["not set when it did not come", { traceparent: `00-${traceId}-b7ad6b7169203331-01` }, "01"],
  ])("is %s", (_, headers, flags) => {
    const { traceparent } = request(headers, () => outgoing("example.com"))
    expect(traceparent?.slice(-2)).toBe(flags)
  })
})

test("spans over HTTP get the names that the UI reads", async () => {
  tracer
    .startSpan("GET", {
      kind: SpanKind.CLIENT,
      attributes: {
        "http.request.method": "GET",
        "url.full": "https://example.com/a?b=c",
        "http.response.status_code": 404,
        "network.peer.address": "10.1.2.3",
      },
    })
    .end()
  expect(await recorded()).toMatchObject({
    GET: {
      "http.method": "GET",
      "http.url": "https://example.com/a?b=c",
      "http.status_code": 404,
      "http.status_text": "Not Found",
      "net.peer.ip": "10.1.2.3",
    },
  })
})

function resolvers() {
  let resolve!: () => void
  const promise = new Promise<void>((done) => (resolve = done))
  return { promise, resolve }
}
