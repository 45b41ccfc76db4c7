// node:http2, both sides, in both of its APIs: one span for each stream, one trace over both.
import { once } from "node:events"
import http2, {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  constants,
  createServer,
  type Http2Server,
} from "node:http2"
import { context, trace } from "@opentelemetry/api"
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest"
import { type Clickstack, init } from "@clickstack/node"
import { memory } from "../context/memory.ts"

const kept = memory()
let clickstack: Clickstack
beforeAll(() => {
  clickstack = init({ ...kept.options, metrics: false, instrumentation: { ignorePaths: ["/healthz"] } })
})
beforeEach(async () => {
  await clickstack.flush()
  kept.spans.length = 0
})
afterAll(() => clickstack.shutdown())

const kinds = ["internal", "server", "client"]
const sensitive: symbol = http2.sensitiveHeaders
const activeSpan = () => trace.getSpan(context.active())?.spanContext().spanId

async function spans(count: number) {
  await expect
    .poll(async () => {
      await clickstack.flush()
      return kept.spans.length
    })
    .toBe(count)
  return Object.fromEntries(kept.spans.map((span) => [kinds[span.kind], span]))
}

/** A server and a session with it, closed at the end. */
async function pair(server: Http2Server): Promise<{ session: ClientHttp2Session } & AsyncDisposable> {
  server.listen(0, "127.0.0.1")
  await once(server, "listening")
  const { port } = server.address() as { port: number }
  const session = connect(`http://127.0.0.1:${port}`)
  session.on("error", () => {})
  return {
    session,
    [Symbol.asyncDispose]: async () => {
      session.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

async function read(stream: ClientHttp2Stream): Promise<string> {
  let body = ""
  for await (const chunk of stream.setEncoding("utf8")) body += chunk
  return body
}

test("a stream and its answer are one trace, with the attributes of both", async () => {
  const seen: boolean[] = []
  const server = http2.createServer()
  server.on("stream", (stream, headers) => {
    const own = activeSpan()
    const note = () => seen.push(own !== undefined && activeSpan() === own)
    stream.on("data", note).on("end", () => {
      note()
      stream.respond({ ":status": 201 })
      stream.end(`got ${headers[":path"]}`)
    })
    stream.on("close", note)
  })
  await using made = await pair(server)
  const stream = made.session.request({ ":method": "POST", ":path": "/orders?page=2", "user-agent": "test" })
  stream.end("body")
  expect(await read(stream)).toBe("got /orders?page=2")
  const { server: inner, client: outer } = await spans(2)
  expect(inner!.parentSpanContext?.spanId).toBe(outer!.spanContext().spanId)
  expect(inner).toMatchObject({ name: "POST", status: { code: 0 } })
  expect(inner!.attributes).toMatchObject({
    "http.request.method": "POST",
    "http.response.status_code": 201,
    "network.peer.address": "127.0.0.1",
    "network.protocol.version": "2",
    "server.address": "127.0.0.1",
    "url.path": "/orders",
    "url.query": "page=2",
    "url.scheme": "http",
    "user_agent.original": "test",
  })
  expect(outer).toMatchObject({ name: "POST", status: { code: 0 } })
  expect(outer!.attributes).toMatchObject({
    "http.response.status_code": 201,
    "url.full": expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/orders\?page=2$/),
  })
  expect(seen).toEqual([true, true, true])
})

test("the API that looks like node:http's has its spans and its context", async () => {
  let own: string | undefined
  const server = createServer((request, response) => {
    request.on("end", () => {
      own = activeSpan()
      response.writeHead(500).end()
    })
    request.resume()
  })
  await using made = await pair(server)
  await read(made.session.request({ ":path": "/" }))
  const { server: inner, client: outer } = await spans(2)
  expect(inner!.spanContext().spanId).toBe(own)
  expect(inner).toMatchObject({ status: { code: 2 }, attributes: { "error.type": "500" } })
  expect(outer).toMatchObject({ status: { code: 2 }, attributes: { "error.type": "500" } })
})

test("a stream that its client gives up is aborted, and no error of the server", async () => {
  const server = createServer()
  server.on("stream", (stream) => stream.on("error", () => {}).respond({ ":status": 200 }))
  await using made = await pair(server)
  const stream = made.session.request({ ":path": "/" })
  await once(stream, "response")
  stream.close(constants.NGHTTP2_CANCEL)
  const { server: inner, client: outer } = await spans(2)
  expect(inner).toMatchObject({ status: { code: 0 }, attributes: { "error.type": "aborted" } })
  expect(outer).toMatchObject({ status: { code: 0 } })
})

test("nobody there is an error of the client", async () => {
  const server = createServer()
  server.listen(0, "127.0.0.1")
  await once(server, "listening")
  const { port } = server.address() as { port: number }
  await new Promise((resolve) => server.close(resolve))
  const session = connect(`http://127.0.0.1:${port}`)
  session.on("error", () => {})
  const stream = session.request({ ":path": "/" })
  await once(stream, "error")
  const { client: outer } = await spans(1)
  expect(outer).toMatchObject({
    status: { code: 2 },
    attributes: { "error.type": "ERR_HTTP2_STREAM_CANCEL" },
  })
})

test("headers arrive as they were given, with one traceparent; ignored paths have no span", async () => {
  const arrived: unknown[] = []
  const server = createServer()
  server.on("stream", (stream, headers) => {
    arrived.push(headers["x-one"], (headers as Record<symbol, unknown>)[sensitive], headers["traceparent"])
    stream.respond()
    stream.end()
  })
  await using made = await pair(server)
  await read(
    made.session.request({
      ":path": "/healthz",
      "x-one": ["1", "2"],
      secret: "s",
      [sensitive]: ["secret"],
    }),
  )
  const { client: outer } = await spans(1)
  const { traceId, spanId } = outer!.spanContext()
  expect(arrived).toEqual(["1, 2", ["secret"], expect.stringMatching(`^00-${traceId}-${spanId}-0[13]$`)])
})
