// Servers of node:http, asked byte by byte: one span for each request, its context everywhere, nothing else changed.
import { once } from "node:events"
import { connect } from "node:net"
import { context, trace } from "@opentelemetry/api"
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest"
import { type Clickstack, init } from "@clickstack/node"
import { memory } from "../context/memory.ts"
import { exchange, head, serve } from "./raw-http.ts"

const kept = memory()
let clickstack: Clickstack
beforeAll(() => {
  clickstack = init({
    ...kept.options,
    metrics: false,
    instrumentation: { ignorePaths: ["/healthz", "/internal/*"] },
  })
})
beforeEach(async () => {
  await clickstack.flush()
  kept.spans.length = 0
})
afterAll(() => clickstack.shutdown())

const activeSpan = () => trace.getSpan(context.active())?.spanContext().spanId
const close = "Connection: close"

/** The server spans that have ended, once there are so many. */
async function spans(count: number) {
  await expect
    .poll(async () => {
      await clickstack.flush()
      return kept.spans.length
    })
    .toBeGreaterThanOrEqual(count)
  return kept.spans
}
const summary = ({ name, status, attributes }: (typeof kept.spans)[number]) => ({
  name,
  status: status.code,
  method: attributes["http.request.method"],
  code: attributes["http.response.status_code"],
  error: attributes["error.type"],
})

test("a span tells what was asked, by whom, and what was answered", async () => {
  await using server = await serve((_request, response) => response.end("done"))
  await exchange(server.port, head("GET /orders/7?expand=all", "User-Agent: curl/8", close))
  const [span] = await spans(1)
  expect(span).toMatchObject({ name: "GET", kind: 1, status: { code: 0 } })
  expect(span!.attributes).toMatchObject({
    "http.request.method": "GET",
    "http.response.status_code": 200,
    "network.peer.address": "127.0.0.1",
    "network.protocol.version": "1.1",
    "server.address": "shop.example",
    "server.port": 8080,
    "url.path": "/orders/7",
    "url.query": "expand=all",
    "url.scheme": "http",
    "user_agent.original": "curl/8",
  })
})

describe("every method and status", () => {
  const methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND"]
  const codes = [200, 204, 301, 304, 400, 404, 499, 500, 503]
  test.each(methods.flatMap((method) => codes.map((code) => [method, code] as const)))(
    "%s answered with %i",
    async (method, code) => {
      await using server = await serve((_request, response) => response.writeHead(code).end("body"))
      await exchange(server.port, head(`${method} /a`, "Content-Length: 0", close))
      const [span] = await spans(1)
      const known = method !== "PROPFIND"
      expect(summary(span!)).toEqual({
        name: known ? method : "HTTP",
        status: code >= 500 ? 2 : 0,
        method: known ? method : "_OTHER",
        code,
        error: code >= 500 ? String(code) : undefined,
      })
      expect(span!.attributes["http.request.method_original"]).toBe(known ? undefined : method)
    },
  )
})

test("credentials and signatures in a URL are not told", async () => {
  await using server = await serve((_request, response) => response.end())
  await exchange(
    server.port,
    head("GET http://user:secret@shop.example/a/b?x=1&X-Amz-Signature=abc&sig=def&design=7", close),
  )
  const [span] = await spans(1)
  expect(span!.attributes["url.path"]).toBe("/a/b")
  expect(span!.attributes["url.query"]).toBe("x=1&X-Amz-Signature=[REDACTED]&sig=[REDACTED]&design=7")
  expect(JSON.stringify(span!.attributes)).not.toMatch(/secret|abc|def/)
})

test("whatever the request does runs in its context: body, end, timers, finish and close", async () => {
  const seen: string[] = []
  await using server = await serve((request, response) => {
    const own = activeSpan()
    const note = (what: string) =>
      seen.push(`${request.url} ${what} ${activeSpan() === own && own !== undefined}`)
    request.on("data", () => note("data"))
    request.on("end", () => {
      note("end")
      setTimeout(() => {
        note("timer")
        response.end("ok")
      }, 2)
    })
    response.on("finish", () => note("finish"))
    response.on("close", () => note("close"))
  })
  await exchange(
    server.port,
    head("POST /1", "Content-Length: 4") + "body" + head("POST /2", "Content-Length: 4", close) + "body",
  )
  await spans(2)
  const events = ["data", "end", "timer", "finish", "close"]
  expect(seen.toSorted()).toEqual(
    ["/1", "/2"].flatMap((url) => events.map((event) => `${url} ${event} true`)).toSorted(),
  )
})

test("pipelined requests have a span and a context each, in any order of answers", async () => {
  const contexts: (string | undefined)[] = []
  await using server = await serve((request, response) => {
    contexts.push(activeSpan())
    setTimeout(() => response.end(request.url), request.url === "/1" ? 20 : 1)
  })
  const answer = await exchange(server.port, head("GET /1") + head("GET /2") + head("GET /3", close))
  expect(answer.match(/\/\d(?=HTTP|$)/g)).toEqual(["/1", "/2", "/3"])
  const ended = await spans(3)
  expect(ended.map(({ attributes }) => String(attributes["url.path"])).toSorted()).toEqual(["/1", "/2", "/3"])
  expect(new Set(contexts)).toEqual(new Set(ended.map((span) => span.spanContext().spanId)))
  expect(ended.every((span) => span.parentSpanContext === undefined)).toBe(true)
})

test("a client that goes away ends the spans of all that it asked", async () => {
  let asked = 0
  await using server = await serve((request) => {
    request.resume() // and no answer
    asked++
  })
  const socket = connect(server.port, "127.0.0.1")
  socket.write(head("GET /1") + head("GET /2") + head("GET /3"))
  await expect.poll(() => asked).toBe(3)
  socket.destroy()
  const ended = await spans(3)
  expect(ended.map(summary)).toEqual(
    Array.from({ length: 3 }, () => ({
      name: "GET",
      status: 0,
      method: "GET",
      code: undefined,
      error: "aborted",
    })),
  )
})

test("a response that is cut off has its status and says that it was aborted", async () => {
  await using server = await serve((_request, response) => {
    response.writeHead(200).write("the first part")
  })
  const socket = connect(server.port, "127.0.0.1")
  socket.write(head("GET /stream"))
  await once(socket, "data")
  socket.destroy()
  const [span] = await spans(1)
  expect(summary(span!)).toEqual({ name: "GET", status: 0, method: "GET", code: 200, error: "aborted" })
})

test("the span lasts until the stream of its response has ended", async () => {
  await using server = await serve((_request, response) => {
    response.write("a")
    setTimeout(() => response.end("b"), 30)
  })
  await exchange(server.port, head("GET /stream", close))
  const [span] = await spans(1)
  expect(span!.duration[0] * 1e3 + span!.duration[1] / 1e6).toBeGreaterThan(25)
})

describe("Expect: 100-continue", () => {
  test("is answered as ever", async () => {
    await using server = await serve((request, response) => {
      request.resume().on("end", () => response.end("ok"))
    })
    const answer = await exchange(
      server.port,
      head("POST /upload", "Expect: 100-continue", "Content-Length: 4", close) + "body",
    )
    expect(answer).toMatch(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 OK/)
    expect((await spans(1)).map(summary)).toMatchObject([{ name: "POST", code: 200 }])
  })

  test("goes to who listens for it, in the request's context", async () => {
    let own: string | undefined
    await using server = await serve()
    server.server.on("checkContinue", (_request, response) => {
      own = activeSpan()
      response.writeHead(413).end()
    })
    await exchange(
      server.port,
      head("POST /upload", "Expect: 100-continue", "Content-Length: 4", close) + "body",
    )
    const [span] = await spans(1)
    expect(span!.spanContext().spanId).toBe(own)
    expect(summary(span!)).toMatchObject({ name: "POST", code: 413 })
  })
})

test("upgrades and malformed requests work as ever and are no spans", async () => {
  await using server = await serve((_request, response) => response.end())
  server.server.on("upgrade", (_request, socket) => {
    expect(activeSpan()).toBeUndefined()
    socket.end("HTTP/1.1 101 Switching Protocols\r\n\r\nhello")
  })
  expect(await exchange(server.port, head("GET /ws", "Connection: Upgrade", "Upgrade: raw"))).toContain(
    "hello",
  )
  expect(await exchange(server.port, "NOT HTTP\r\n\r\n")).toMatch(/^HTTP\/1\.1 400/)
  await exchange(server.port, head("GET /after", close))
  expect((await spans(1)).map(({ attributes }) => attributes["url.path"])).toEqual(["/after"])
})

test("ignored paths and what they do are not traced, the next request on the connection is", async () => {
  const inner: unknown[] = []
  await using server = await serve((_request, response) => {
    inner.push(trace.getTracer("app").startSpan("inner").isRecording())
    response.end()
  })
  await exchange(
    server.port,
    head("GET /healthz?full") + head("GET /internal/metrics") + head("GET /orders", close),
  )
  const ended = await spans(1)
  expect(ended.map(({ attributes }) => attributes["url.path"])).toEqual(["/orders"])
  expect(inner).toEqual([false, false, true])
})

test("the caller's trace goes on, with its session", async () => {
  await using server = await serve((_request, response) => response.end())
  const traceId = "4bf92f3577b34da6a3ce929d0e0e4736"
  const parent = "00f067aa0ba902b7"
  await exchange(
    server.port,
    head("GET /", `traceparent: 00-${traceId}-${parent}-01`, "x-session-id: s-1", close),
  )
  const [span] = await spans(1)
  expect(span!.spanContext().traceId).toBe(traceId)
  expect(span!.parentSpanContext?.spanId).toBe(parent)
  expect(span!.attributes["session.id"]).toBe("s-1")
})
