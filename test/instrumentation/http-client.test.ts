// Clients of node:http: one span for each request however it is made, a traceparent in its head, nothing else changed.
import { once } from "node:events"
import http, {
  Agent,
  type ClientRequest,
  type IncomingMessage,
  type RequestOptions,
  createServer,
  request,
} from "node:http"
import { createServer as createTcpServer } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { context, trace } from "@opentelemetry/api"
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest"
import { type Clickstack, init } from "@clickstack/node"
import { memory } from "../context/memory.ts"
import { serve } from "./raw-http.ts"

const kept = memory()
let clickstack: Clickstack
beforeAll(() => {
  clickstack = init({ ...kept.options, metrics: false })
})
beforeEach(async () => {
  await clickstack.flush()
  kept.spans.length = 0
})
afterAll(() => clickstack.shutdown())

const activeSpan = () => trace.getSpan(context.active())?.spanContext().spanId
const tracer = trace.getTracer("test")

const isClient = (kind: number) => kind === 2 // SpanKind.CLIENT

/** The client's spans that have ended, once there are so many. */
async function calls(count: number) {
  const clients = () => kept.spans.filter(({ kind }) => isClient(kind))
  await expect
    .poll(async () => {
      await clickstack.flush()
      return clients().length
    })
    .toBeGreaterThanOrEqual(count)
  return clients()
}

async function answerOf(sent: ClientRequest): Promise<string> {
  sent.end()
  const [response] = (await once(sent, "response")) as [IncomingMessage]
  let body = ""
  for await (const chunk of response.setEncoding("utf8")) body += chunk
  return body
}

/** Tells which headers arrived, as they were written. */
const echo = () => serve((incoming, response) => response.end(JSON.stringify(incoming.rawHeaders)))

describe("traceparent is written once, with headers of every form", () => {
  const forms: Record<string, RequestOptions["headers"]> = {
    none: undefined,
    "an object": { "X-One": "1", Accept: ["a", "b"] },
    "names and values in turn": ["Host", "shop.example", "X-One", "1"],
    "a traceparent of the app's own": {
      TraceParent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    },
    "that, in turn": ["Host", "a", "TRACEPARENT", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"],
    "Expect, which is written at once": { Expect: "100-continue" },
  }
  test.each(Object.keys(forms))("%s", async (form) => {
    await using server = await echo()
    const headers = forms[form]
    const sent = request({ port: server.port, host: "127.0.0.1", ...(headers && { headers }), agent: false })
    const raw = JSON.parse(await answerOf(sent)) as string[]
    const [call] = await calls(1)
    const { traceId, spanId } = call!.spanContext()
    const found = raw.flatMap((name, index) =>
      index % 2 === 0 && name.toLowerCase() === "traceparent" ? [raw[index + 1]] : [],
    )
    expect(found).toHaveLength(1)
    expect(found[0]).toMatch(new RegExp(`^00-${traceId}-${spanId}-0[13]$`))
    if (
      form !== "none" &&
      !form.includes("traceparent") &&
      !form.startsWith("that") &&
      !form.startsWith("Expect")
    ) {
      expect(raw).toContain("X-One")
    }
  })
})

test("http.get, http.request with a URL, and a ClientRequest made by hand are the same", async () => {
  await using server = await echo()
  const url = `http://127.0.0.1:${server.port}/a?b=1`
  await answerOf(http.get(url))
  await answerOf(request(new URL(url), { method: "POST" }))
  await answerOf(new http.ClientRequest(url))
  const made = await calls(3)
  expect(made.map(({ name, attributes }) => [name, attributes["url.full"]])).toEqual([
    ["GET", url],
    ["POST", url],
    ["GET", url],
  ])
  expect(made[0]!.attributes).toMatchObject({
    "http.request.method": "GET",
    "http.response.status_code": 200,
    "network.peer.address": "127.0.0.1",
    "network.peer.port": server.port,
    "server.address": "127.0.0.1",
    "server.port": server.port,
  })
})

test("credentials and signatures are not told", async () => {
  await using server = await echo()
  await answerOf(request(`http://user:secret@127.0.0.1:${server.port}/a?Signature=abc&x=1`))
  const viaProxy = { port: server.port, host: "127.0.0.1", path: "http://user:secret@shop.example/b?sig=abc" }
  await answerOf(request(viaProxy))
  const made = await calls(2)
  expect(made.map(({ attributes }) => attributes["url.full"])).toEqual([
    `http://127.0.0.1:${server.port}/a?Signature=[REDACTED]&x=1`,
    "http://shop.example/b?sig=[REDACTED]",
  ])
  expect(JSON.stringify(made.map(({ attributes }) => attributes))).not.toMatch(/secret|abc/)
})

test.each([200, 302, 399, 400, 404, 500])("an answer of %i", async (code) => {
  await using server = await serve((_request, response) => response.writeHead(code).end())
  await answerOf(request({ port: server.port, host: "127.0.0.1" }))
  const [call] = await calls(1)
  expect(call!.status.code).toBe(code >= 400 ? 2 : 0)
  expect(call!.attributes["error.type"]).toBe(code >= 400 ? String(code) : undefined)
})

describe("failures", () => {
  test("a refused connection", async () => {
    const closed = await echo()
    await closed[Symbol.asyncDispose]()
    const sent = request({ port: closed.port, host: "127.0.0.1" }).end()
    const [error] = (await once(sent, "error")) as [NodeJS.ErrnoException]
    expect(error.code).toBe("ECONNREFUSED")
    const [call] = await calls(1)
    expect(call).toMatchObject({ status: { code: 2 }, attributes: { "error.type": "ECONNREFUSED" } })
    expect(call!.events.map(({ name }) => name)).toEqual(["exception"])
  })

  test("an abort before the answer, and one within it", async () => {
    await using server = await serve((incoming, response) => {
      if (incoming.url === "/part") response.write("part")
    })
    const controller = new AbortController()
    const sent = request({ port: server.port, host: "127.0.0.1", signal: controller.signal }).end()
    await once(sent, "socket")
    setTimeout(() => controller.abort(), 5)
    await once(sent, "error")
    const part = request({ port: server.port, host: "127.0.0.1", path: "/part" }).end()
    const [response] = (await once(part, "response")) as [IncomingMessage]
    response.on("error", () => {})
    response.destroy()
    const made = await calls(2)
    expect(made.map(({ attributes }) => attributes["error.type"])).toEqual(["ABORT_ERR", undefined])
    expect(made[1]!.attributes["http.response.status_code"]).toBe(200)
  })

  test("a server that hangs up, unheard, still ends the process's request", async () => {
    const server = createTcpServer((socket) => socket.destroy())
    server.listen(0, "127.0.0.1")
    await once(server, "listening")
    const sent = request({ port: (server.address() as { port: number }).port, host: "127.0.0.1" }).end()
    await once(sent, "error")
    const [call] = await calls(1)
    expect(call!.attributes["error.type"]).toBe("ECONNRESET")
    server.close()
  })
})

test("listeners run in the context that the request was made in, also on a connection kept from another", async () => {
  await using server = await serve((incoming, response) => {
    if (incoming.url === "/hang-up") incoming.socket.destroy()
    else response.end("ok")
  })
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  const options = (path: string) => ({ port: server.port, host: "127.0.0.1", path, agent })
  const seen: string[] = []
  const ask = (path: string) =>
    tracer.startActiveSpan(path, async (span) => {
      const own = span.spanContext().spanId
      const note = (what: string) => seen.push(`${path} ${what} ${activeSpan() === own}`)
      const sent = request(options(path), (response) => {
        note("response")
        response.on("data", () => note("data"))
        response.on("end", () => note("end"))
      })
      sent.on("error", () => note("error"))
      const closed = new Promise<void>((resolve) => sent.on("close", () => (note("close"), resolve())))
      sent.end()
      await closed
      span.end()
    })
  await ask("/1")
  await ask("/2")
  await ask("/hang-up")
  agent.destroy()
  expect(seen).toEqual([
    ...["/1", "/2"].flatMap((path) =>
      ["response", "data", "end", "close"].map((what) => `${path} ${what} true`),
    ),
    "/hang-up error true",
    "/hang-up close true",
  ])
  expect((await calls(3)).length).toBe(3)
})

test("a request nobody listens to is read and ended", async () => {
  await using server = await echo()
  const sent = request({ port: server.port, host: "127.0.0.1" }).end()
  await once(sent, "close")
  expect(sent.listenerCount("response")).toBe(0)
  expect(await calls(1)).toHaveLength(1)
})

test("a server on a socket of the file system", async () => {
  const path = join(tmpdir(), `clickstack-${process.pid}.sock`)
  const server = createServer((_request, response) => response.end("ok")).listen(path)
  await once(server, "listening")
  await answerOf(request({ socketPath: path, path: "/a" }))
  const [call] = await calls(1)
  expect(call!.attributes).toMatchObject({ "server.address": path, "url.full": "http://localhost/a" })
  server.close()
})

test("an upgrade ends its span when the connection is handed over", async () => {
  await using server = await serve()
  server.server.on("upgrade", (_request, socket) =>
    socket.resume().end("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: raw\r\n\r\n"),
  )
  const headers = { Connection: "Upgrade", Upgrade: "raw" }
  const sent = request({ port: server.port, host: "127.0.0.1", headers }).end()
  const [, socket] = (await once(sent, "upgrade")) as [unknown, { destroy(): void }]
  socket.destroy()
  const [call] = await calls(1)
  expect(call!.attributes["http.response.status_code"]).toBe(101)
})
