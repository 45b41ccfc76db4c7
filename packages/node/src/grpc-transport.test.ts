// The transport against real servers: grpc-js's, and HTTP/2 by hand for what that one never does.
import { createServer as createHttpServer } from "node:http"
import {
  constants,
  createServer,
  type Http2Server,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from "node:http2"
import { type AddressInfo, createServer as createTcpServer, type Server, type Socket } from "node:net"
import { gunzipSync, gzipSync } from "node:zlib"
import * as grpc from "@grpc/grpc-js"
import * as fc from "fast-check"
import { afterEach, describe, expect, test } from "vitest"
import { authorizationFor } from "./api-key.ts"
import { ClickstackError } from "./clickstack-error.ts"
import { resolveConfig } from "./read-options.ts"
import { createGrpcTransport } from "./grpc-transport.ts"
import type { Transport } from "./http-transport.ts"
import type { Options } from "./options.ts"

const open: (() => unknown)[] = []
afterEach(() => {
  for (const close of open.splice(0)) close()
})

function transport(url: string, options: Options = {}, idleTime?: number): Transport {
  const { config } = resolveConfig({ endpoint: url, protocol: "grpc", ...options }, {})
  const made = createGrpcTransport("traces", config.traces, authorizationFor(config), idleTime)
  open.push(() => made.close())
  return made
}

async function listening(server: Server | Http2Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

interface Request {
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
}

type Answering = (stream: ServerHttp2Stream, session: ServerHttp2Session) => void

/** A server by hand, which answers when it has the whole request. */
async function byHand(answer: Answering, readsFirst = true) {
  const requests: Request[] = []
  const sessions: ServerHttp2Session[] = []
  const sockets: Socket[] = []
  const server = createServer()
  server.on("connection", (socket) => sockets.push(socket))
  server.on("session", (session) => {
    sessions.push(session)
    session.on("error", () => undefined)
  })
  server.on("stream", (stream, headers) => {
    stream.on("error", () => undefined)
    if (!readsFirst) return answer(stream, stream.session as ServerHttp2Session)
    const chunks: Buffer[] = []
    stream.on("data", (chunk: Buffer) => chunks.push(chunk))
    stream.on("end", () => {
      requests.push({ headers, body: Buffer.concat(chunks) })
      answer(stream, stream.session as ServerHttp2Session)
    })
    return undefined
  })
  const url = await listening(server)
  open.push(() => {
    for (const session of sessions) session.destroy()
    server.close()
  })
  return { url, requests, sessions, sockets }
}

type Call = grpc.ServerUnaryCall<Buffer, Buffer>

async function byGrpcJs(options: grpc.ServerOptions, answer: (call: Call) => Buffer): Promise<string> {
  const bytes = (value: Buffer) => value
  const server = new grpc.Server(options)
  const method = {
    path: "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
    requestStream: false as const,
    responseStream: false as const,
    requestSerialize: bytes,
    requestDeserialize: bytes,
    responseSerialize: bytes,
    responseDeserialize: bytes,
  }
  server.addService(
    { Export: method },
    { Export: (call: Call, done: grpc.sendUnaryData<Buffer>) => done(null, answer(call)) },
  )
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    ),
  )
  open.push(() => server.forceShutdown())
  return `http://127.0.0.1:${port}`
}

const frame = (message: Uint8Array, flag = 0) => {
  const head = Buffer.from([flag, 0, 0, 0, 0])
  head.writeUInt32BE(message.length, 1)
  return Buffer.concat([head, message])
}

const headers = { ":status": 200, "content-type": "application/grpc" }

function answerWith(trailers: Record<string, string>, message = Buffer.alloc(0), more = {}): Answering {
  return (stream) => {
    stream.respond({ ...headers, ...more }, { waitForTrailers: true })
    stream.on("wantTrailers", () => stream.sendTrailers(trailers))
    stream.end(frame(message, "grpc-encoding" in more ? 1 : 0))
  }
}

const taken = answerWith({ "grpc-status": "0" })
const body = Buffer.from("hello ".repeat(100))
const text = (bytes: Uint8Array) => Buffer.from(bytes).toString()
const failure = (promise: Promise<unknown>) =>
  promise.then(
    () => undefined,
    (error: unknown) => error,
  )

describe("a request", () => {
  test("carries the body compressed, the key as it is, the headers as metadata", async () => {
    const { url, requests } = await byHand(taken)
    await transport(url, {
      apiKey: "key-1",
      timeout: 7000,
      headers: { "X-Tenant": "acme", "trace-bin": "ü", connection: "close", "grpc-timeout": "1S" },
    }).send(body)
    const fields = Object.fromEntries(Object.entries(requests[0]!.headers))
    expect(fields).toEqual({
      ":method": "POST",
      ":scheme": "http",
      ":authority": url.slice("http://".length),
      ":path": "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
      authorization: "key-1",
      "user-agent": "clickstack-node",
      "x-tenant": "acme",
      "trace-bin": "w7w=",
      "content-type": "application/grpc",
      te: "trailers",
      "grpc-timeout": "7000m",
      "grpc-accept-encoding": "identity,gzip,deflate",
      "grpc-encoding": "gzip",
    })
    const sent = requests[0]!.body
    expect([sent[0], sent.readUInt32BE(1)]).toEqual([1, sent.length - 5])
    expect(gunzipSync(sent.subarray(5))).toEqual(body)
  })

  test("uncompressed", async () => {
    const { url, requests } = await byHand(taken)
    await transport(url, { compression: "none" }).send(body)
    expect(requests[0]!.headers).not.toHaveProperty("grpc-encoding")
    expect(requests[0]!.body).toEqual(frame(body))
  })

  test("a header of its own wins over the key", async () => {
    const { url, requests } = await byHand(taken)
    await transport(url, { apiKey: "k", headers: { Authorization: "mine" } }).send(body)
    expect(requests[0]!.headers["authorization"]).toBe("mine")
  })

  test("uses one connection for many, also at once", async () => {
    const { url, requests, sessions } = await byHand(taken)
    const sender = transport(url)
    for (let round = 0; round < 5; round++) await sender.send(body)
    await Promise.all([sender.send(body), sender.send(body)])
    expect([requests.length, sessions.length]).toEqual([7, 1])
  })

  test("is understood by grpc-js, also when it is large", async () => {
    const url = await byGrpcJs({ "grpc.max_receive_message_length": -1 }, (call) =>
      Buffer.from(`${call.request.length} of ${String(call.metadata.get("x-tenant")[0])}`),
    )
    const large = Buffer.alloc(30_000_000, "abc")
    for (const compression of ["none", "gzip"] as const) {
      const sender = transport(url, { compression, headers: { "x-tenant": "acme" } })
      expect(text(await sender.send(body))).toBe("600 of acme")
      expect(text(await sender.send(large))).toBe("30000000 of acme")
    }
  })

  test("waits for a server that takes its time to read", async () => {
    let received = 0
    const { url } = await byHand((stream, session) => {
      stream.pause()
      setTimeout(() => stream.resume(), 100)
      stream.on("data", (chunk: Buffer) => (received += chunk.length))
      stream.on("end", () => taken(stream, session))
    }, false)
    await transport(url, { compression: "none" }).send(Buffer.alloc(3_000_000))
    expect(received).toBe(3_000_005)
  })
})

describe("an answer", () => {
  test.each<[string, Answering, string]>([
    ["plain", answerWith({ "grpc-status": "0" }, Buffer.from("hi")), "hi"],
    ["empty", answerWith({ "grpc-status": "0" }), ""],
    ["compressed", answerWith({ "grpc-status": "0" }, gzipSync("hi"), { "grpc-encoding": "gzip" }), "hi"],
    [
      "compressed with what nobody knows",
      answerWith({ "grpc-status": "0" }, Buffer.from("hi"), { "grpc-encoding": "odd" }),
      "",
    ],
    [
      "of status alone",
      (stream) => stream.respond({ ...headers, "grpc-status": "0" }, { endStream: true }),
      "",
    ],
  ])("%s", async (_, answer, expected) => {
    const { url } = await byHand(answer)
    expect(text(await transport(url).send(body))).toBe(expected)
  })

  const later = { retryable: true, tooLarge: false, unauthorized: false }
  const refused = { retryable: false, tooLarge: false, unauthorized: false }

  test.each<[string, Record<string, string>, object]>([
    [
      "INVALID_ARGUMENT",
      { "grpc-status": "3", "grpc-message": "no" },
      { ...refused, message: "it answered 3 over gRPC: no" },
    ],
    ["UNAVAILABLE", { "grpc-status": "14" }, { ...later, retryAfter: undefined }],
    [
      "in percent",
      { "grpc-status": "13", "grpc-message": "gr%C3%BCn 100%25" },
      { message: "it answered 13 over gRPC: grün 100%" },
    ],
    [
      "in broken percent",
      { "grpc-status": "13", "grpc-message": "100%" },
      { message: "it answered 13 over gRPC: 100%" },
    ],
    ["no number", { "grpc-status": "x" }, { ...refused, message: "it answered 2 over gRPC: " }],
    [
      "UNAUTHENTICATED",
      { "grpc-status": "16" },
      {
        retryable: true,
        unauthorized: true,
        retryAfter: 60_000,
        message: "it answered 16 over gRPC: the API key is refused; see apiKey and apiKeyScheme",
      },
    ],
    [
      "too large",
      { "grpc-status": "8", "grpc-message": "received message larger than max (9 vs. 4)" },
      { tooLarge: true },
    ],
    [
      "RESOURCE_EXHAUSTED with RetryInfo of 30 s",
      {
        "grpc-status": "8",
        "grpc-status-details-bin": Buffer.concat([
          Buffer.from([0x08, 8, 0x1a, 48, 0x0a, 40]),
          Buffer.from("type.googleapis.com/google.rpc.RetryInfo"),
          Buffer.from([0x12, 4, 0x0a, 2, 0x08, 30]),
        ])
          .toString("base64")
          .replace(/=+$/, ""),
      },
      { ...later, retryAfter: 30_000 },
    ],
  ])("%s, in trailers and as all there is", async (_, fields, expected) => {
    const inTrailers = await byHand(answerWith(fields))
    const alone = await byHand((stream) => stream.respond({ ...headers, ...fields }, { endStream: true }))
    for (const { url } of [inTrailers, alone]) {
      const error = await failure(transport(url, { apiKey: "hush" }).send(body))
      expect(error).toMatchObject({ code: "DELIVERY_FAILED", ...expected })
      expect(String(error)).not.toContain("hush")
    }
  })

  test.each([
    [400, 13, false],
    [401, 16, true],
    [403, 7, true],
    [404, 12, false],
    [429, 14, true],
    [500, 2, false],
    [502, 14, true],
    [503, 14, true],
    [504, 14, true],
    [200, 2, false],
  ])("of HTTP alone: %i", async (status, code, retryable) => {
    const { url } = await byHand((stream) => {
      stream.respond({ ":status": status, "content-type": "text/html" })
      stream.end("<p>")
    })
    expect(await failure(transport(url).send(body))).toMatchObject({
      retryable,
      message: expect.stringMatching(new RegExp(`^it answered ${code} over gRPC: `)),
    })
  })

  test.each([
    ["NO_ERROR", 13, false],
    ["INTERNAL_ERROR", 13, false],
    ["CANCEL", 1, true],
    ["ENHANCE_YOUR_CALM", 8, false],
  ] as const)("broken off with %s", async (name, code, retryable) => {
    const { url } = await byHand((stream) => stream.close(constants[`NGHTTP2_${name}`]))
    expect(await failure(transport(url).send(body))).toMatchObject({
      retryable,
      message: `it answered ${code} over gRPC: the server broke off the call (${name})`,
    })
  })

  test("that comes before the request was read", async () => {
    const { url, sessions } = await byHand((stream) => {
      stream.respond(
        { ...headers, "grpc-status": "8", "grpc-message": "message larger than max" },
        { endStream: true },
      )
    }, false)
    const sender = transport(url, { compression: "none" })
    expect(await failure(sender.send(Buffer.alloc(3_000_000)))).toMatchObject({ tooLarge: true })
    await failure(sender.send(body))
    expect(sessions).toHaveLength(1)
  })

  test("of more than 4 MiB", async () => {
    const { url } = await byHand(answerWith({ "grpc-status": "0" }, Buffer.alloc(5_000_000)))
    expect(await failure(transport(url).send(body))).toMatchObject({
      retryable: false,
      message: "an answer of more than 4 MiB",
    })
  })

  test("that breaks off with its connection is worth another attempt", async () => {
    const { url, sockets } = await byHand((stream) => {
      stream.respond(headers)
      stream.write(frame(Buffer.alloc(0)), () => sockets[0]!.destroy())
    })
    expect(await failure(transport(url).send(body))).toMatchObject({
      retryable: true,
      message: "the connection was closed (ECONNRESET)",
    })
  })

  test("that never comes ends at the deadline, and the next attempt connects anew", async () => {
    let isMute = true
    const { url, sessions } = await byHand((stream, session) => {
      if (!isMute) taken(stream, session)
    })
    const sender = transport(url, { timeout: 100 })
    expect(await failure(sender.send(body))).toMatchObject({
      code: "TIMEOUT",
      retryable: true,
      message: "no answer within 100 ms",
    })
    isMute = false
    await sender.send(body)
    expect(sessions).toHaveLength(2)
  })
})

describe("a server that goes", () => {
  test("and did not look at the request gets it again, elsewhere", async () => {
    const { url, requests, sessions } = await byHand((stream, session) => {
      if (requests.length !== 2) return taken(stream, session)
      session.goaway(constants.NGHTTP2_NO_ERROR, 1)
      return setTimeout(() => session.destroy(), 10)
    })
    const sender = transport(url)
    await sender.send(body)
    await sender.send(body)
    expect([requests.length, sessions.length]).toEqual([3, 2])
  })

  test("again and again, as it does when connections reach their age, loses nothing and is not noticed", async () => {
    const peers = new Set<string>()
    const url = await byGrpcJs({ "grpc.max_connection_age_ms": 20 }, (call) => {
      peers.add(call.getPeer())
      return Buffer.alloc(0)
    })
    const sender = transport(url)
    for (let count = 0; count < 300 || peers.size < 5; count++) await sender.send(body)
  })

  test("refuses a stream once, and gets it again", async () => {
    const { url, requests } = await byHand((stream, session) =>
      requests.length > 1 ? taken(stream, session) : stream.close(constants.NGHTTP2_REFUSED_STREAM),
    )
    await transport(url).send(body)
    expect(requests).toHaveLength(2)
  })

  test("refuses every stream: it is tried twice, and left to later", async () => {
    const { url, requests } = await byHand((stream) => stream.close(constants.NGHTTP2_REFUSED_STREAM))
    expect(await failure(transport(url).send(body))).toMatchObject({ retryable: true })
    expect(requests).toHaveLength(2)
  })

  test("answers what it has, and the next request connects anew", async () => {
    const { url, sessions } = await byHand((stream, session) => {
      if (sessions.length === 1) session.close()
      taken(stream, session)
    })
    const sender = transport(url)
    for (let round = 0; round < 3; round++) await sender.send(body)
    expect(sessions).toHaveLength(2)
  })

  test("with an error leaves the request to later", async () => {
    const { url } = await byHand((_stream, session) =>
      session.destroy(new Error("broken"), constants.NGHTTP2_INTERNAL_ERROR),
    )
    expect(await failure(transport(url).send(body))).toMatchObject({ retryable: true })
  })

  test("while nothing is under way is not noticed", async () => {
    const { url, sessions, sockets } = await byHand(taken)
    const sender = transport(url)
    await sender.send(body)
    const closed = new Promise((resolve) => sockets[0]!.once("close", resolve))
    sessions[0]!.destroy()
    await closed
    await sender.send(body)
    expect(sessions).toHaveLength(2)
  })
})

test("a connection that is not used for a while is ended, and not while it is used", async () => {
  let delay = 50
  const { url, sessions } = await byHand((stream, session) => void setTimeout(taken, delay, stream, session))
  const sender = transport(url, {}, 20)
  await sender.send(body)
  delay = 0
  await Promise.all([sender.send(body), sender.send(body)])
  expect(sessions).toHaveLength(1)
  await expect.poll(() => sessions[0]!.destroyed).toBe(true)
  await sender.send(body)
  expect(sessions).toHaveLength(2)
})

describe("no connection", () => {
  test("nobody there", async () => {
    const server = createTcpServer()
    const url = await listening(server)
    await new Promise((resolve) => server.close(resolve))
    expect(await failure(transport(url).send(body))).toMatchObject({
      retryable: true,
      message:
        "nothing listens there; is the collector up? ClickStack's opens the port once its first user exists (ECONNREFUSED)",
    })
  })

  test("HTTP/1.1 instead", async () => {
    const server = createHttpServer((_, response) => response.end())
    const url = await listening(server)
    open.push(() => server.close())
    expect(await failure(transport(url).send(body))).toMatchObject({
      retryable: true,
      message: expect.stringMatching(/^it does not speak gRPC there; is it https:\/\/ instead/),
    })
  })

  test("closed at once", async () => {
    const server = createTcpServer((socket) => socket.resetAndDestroy())
    const url = await listening(server)
    open.push(() => server.close())
    expect(await failure(transport(url).send(body))).toMatchObject({ retryable: true })
  })

  test("given up, and tried again", async () => {
    let isMute = true
    const { url } = await byHand((stream, session) => {
      if (isMute) sender.abort()
      else taken(stream, session)
    })
    const sender = transport(url)
    expect(await failure(sender.send(body))).toMatchObject({ retryable: true })
    isMute = false
    await sender.send(body)
  })

  test("given up while it is being made", async () => {
    const sockets: Socket[] = []
    const server = createTcpServer((socket) => void sockets.push(socket))
    const url = (await listening(server)).replace("http:", "https:")
    open.push(() => {
      for (const socket of sockets) socket.destroy()
      server.close()
    })
    const sender = transport(url)
    const sent = failure(sender.send(body))
    await new Promise((resolve) => server.once("connection", resolve))
    sender.abort()
    expect(await sent).toMatchObject({ retryable: true })
  })
})

/** A frame of HTTP/2: three bytes of length, its type, its flags, four bytes of stream, and what it carries. */
function http2Frame(type: number, flags: number, stream: number, content: Uint8Array): Buffer {
  const head = Buffer.alloc(9)
  head.writeUIntBE(content.length, 0, 3)
  head.set([type, flags], 3)
  head.writeUInt32BE(stream, 5)
  return Buffer.concat([head, content])
}

// Of HPACK, as Node itself says it: the status 200, and a grpc-status of one digit.
const hpack = (status: number) => Buffer.from([0x88, 0, 11, ...Buffer.from("grpc-status"), 1, 48 + status])

const anyFrame = fc
  .tuple(
    fc.oneof(fc.integer({ min: 0, max: 9 }), fc.nat(255)),
    fc.oneof(fc.constantFrom(0, 1, 4, 5, 8), fc.nat(255)),
    fc.constantFrom(0, 1, 2, 3, 5),
    fc.oneof(fc.uint8Array({ maxLength: 40 }), fc.nat(9).map(hpack), fc.constant(frame(Buffer.from("hi")))),
  )
  .map((fields) => http2Frame(...fields))

test("whatever bytes come back, the request ends, with an answer or with our error", async () => {
  let answer: readonly Uint8Array[] = []
  const server = createTcpServer((socket) => {
    socket.on("error", () => undefined)
    socket.write(http2Frame(4, 0, 0, Buffer.alloc(0)))
    socket.once("data", () => {
      for (const one of answer) socket.write(one)
      if (answer.length % 2 === 0) socket.end()
    })
    socket.on("data", () => undefined)
  })
  const url = await listening(server)
  open.push(() => server.close())
  const ends = new Set<string>()
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.oneof(anyFrame, fc.uint8Array({ maxLength: 20 })), { maxLength: 6 }),
      async (sent) => {
        answer = sent
        const sender = transport(url, { timeout: 60, compression: "none" })
        const error = await failure(sender.send(body))
        sender.close()
        if (error !== undefined) expect(error).toBeInstanceOf(ClickstackError)
        ends.add(error === undefined ? "answered" : (error as ClickstackError).code)
      },
    ),
    { numRuns: 100 },
  )
  expect(ends).toContain("DELIVERY_FAILED")
}, 60_000)

test("a key function that fails tells nothing of what it said", async () => {
  const { url } = await byHand(taken)
  const sender = transport(url, { apiKey: () => Promise.reject(new Error("hush")) })
  expect(await failure(sender.send(body))).toMatchObject({
    message: "the apiKey function failed",
    retryable: true,
  })
})
