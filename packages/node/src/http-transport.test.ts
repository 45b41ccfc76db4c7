// The transport against real servers: what goes out, and what each answer means.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"
import { gunzipSync } from "node:zlib"
import { afterEach, describe, expect, test } from "vitest"
import { authorizationFor } from "./api-key.ts"
import { resolveConfig } from "./read-options.ts"
import { createHttpTransport } from "./http-transport.ts"
import { parseRetryAfter } from "./retry-after.ts"
import type { Options } from "./options.ts"

interface Request {
  path: string
  headers: IncomingMessage["headers"]
  body: Buffer
}

const servers: Server[] = []
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections()
    server.close()
  }
})

async function listen(answer: (response: ServerResponse, request: IncomingMessage) => void) {
  const requests: Request[] = []
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on("data", (chunk: Buffer) => chunks.push(chunk))
    request.on("end", () => {
      requests.push({ path: request.url!, headers: request.headers, body: Buffer.concat(chunks) })
      answer(response, request)
    })
  })
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  return { requests, server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }
}

function transport(options: Options) {
  const { config } = resolveConfig(options, {})
  return createHttpTransport(config.traces, authorizationFor(config))
}

const body = Buffer.from("hello ".repeat(100))
const failure = (promise: Promise<unknown>) =>
  promise.then(
    () => undefined,
    (error: unknown) => error,
  )

describe("a request", () => {
  test("carries the body compressed, the key as it is, the headers", async () => {
    const { requests, url } = await listen((response) => response.end("ok"))
    const sender = transport({ endpoint: url, apiKey: "key-1", headers: { "X-Tenant": "acme" } })
    expect(Buffer.from(await sender.send(body)).toString()).toBe("ok")
    sender.close()
    expect(requests[0]!.path).toBe("/v1/traces")
    expect(requests[0]!.headers).toMatchObject({
      authorization: "key-1",
      "x-tenant": "acme",
      "content-type": "application/x-protobuf",
      "content-encoding": "gzip",
    })
    expect(gunzipSync(requests[0]!.body)).toEqual(body)
  })

  test.each<[string, Options, string | undefined]>([
    ["Bearer when asked", { apiKey: "k", apiKeyScheme: "bearer" }, "Bearer k"],
    ["Bearer once, however the key was copied", { apiKey: "Bearer k", apiKeyScheme: "bearer" }, "Bearer k"],
    ["raw also when it says Bearer itself", { apiKey: "Bearer k" }, "Bearer k"],
    ["from a function", { apiKey: () => "k" }, "k"],
    ["from an async function", { apiKey: () => Promise.resolve("k") }, "k"],
    ["none", {}, undefined],
    ["a header of its own wins", { apiKey: "k", headers: { Authorization: "mine" } }, "mine"],
  ])("key: %s", async (_, options, expected) => {
    const { requests, url } = await listen((response) => response.end())
    const sender = transport({ endpoint: url, ...options })
    await sender.send(body)
    sender.close()
    expect(requests[0]!.headers.authorization).toBe(expected)
  })

  test("asks the function for each request", async () => {
    const { requests, url } = await listen((response) => response.end())
    let count = 0
    const sender = transport({ endpoint: url, apiKey: () => `k${++count}` })
    await sender.send(body)
    await sender.send(body)
    sender.close()
    expect(requests.map(({ headers }) => headers.authorization)).toEqual(["k1", "k2"])
  })

  test("to another origin carries no key", async () => {
    const { requests, url } = await listen((response) => response.end())
    const sender = transport({
      endpoint: "https://collector.example",
      apiKey: "k",
      traces: { endpoint: `${url}/x` },
    })
    await sender.send(body)
    sender.close()
    expect(requests[0]!.path).toBe("/x")
    expect(requests[0]!.headers).not.toHaveProperty("authorization")
  })

  test("sends user and password of the address as basic authorization", async () => {
    const { requests, url } = await listen((response) => response.end())
    const sender = transport({
      endpoint: url.replace("http://", "http://us%40er:p%3Ass@"),
      compression: "none",
    })
    await sender.send(body)
    sender.close()
    expect(requests[0]!.headers.authorization).toBe(`Basic ${Buffer.from("us@er:p:ss").toString("base64")}`)
    expect(requests[0]!.headers).not.toHaveProperty("content-encoding")
  })

  test("uses one connection for many", async () => {
    const { server, url } = await listen((response) => response.end())
    let connections = 0
    server.on("connection", () => connections++)
    const sender = transport({ endpoint: url })
    for (let round = 0; round < 5; round++) await sender.send(body)
    sender.close()
    expect(connections).toBe(1)
  })
})

describe("an answer", () => {
  test.each([
    [400, {}, { retryable: false }],
    [404, {}, { retryable: false, message: "it answered 404: is it the address of an OTLP collector?" }],
    [405, {}, { retryable: false, message: "it answered 405: is it the address of an OTLP collector?" }],
    [413, {}, { retryable: false }],
    [500, {}, { retryable: false }],
    [429, { "retry-after": "30" }, { retryable: true, retryAfter: 30_000 }],
    [502, {}, { retryable: true, retryAfter: undefined }],
    [503, { "retry-after": "2" }, { retryable: true, retryAfter: 2000 }],
    [504, {}, { retryable: true }],
    [
      401,
      {},
      {
        retryable: true,
        retryAfter: 60_000,
        message: expect.stringContaining("a Bearer too many or too few"),
      },
    ],
    [302, { location: "/" }, { retryable: false }],
  ])("%i %j", async (status, headers, expected) => {
    const { url } = await listen((response) => response.writeHead(status, headers).end())
    const sender = transport({ endpoint: url, apiKey: "hush" })
    const error = await failure(sender.send(body))
    sender.close()
    expect(error).toMatchObject(expected)
    expect(String(error)).not.toContain("hush")
  })

  test("that never comes ends at the deadline", async () => {
    const { url } = await listen(() => undefined)
    const sender = transport({ endpoint: url, timeout: 50 })
    expect(await failure(sender.send(body))).toMatchObject({ code: "TIMEOUT", retryable: true })
  })

  test("that drips ends at the deadline too", async () => {
    const { url } = await listen((response) => {
      const timer = setInterval(() => response.write("x"), 10)
      response.on("close", () => clearInterval(timer))
    })
    const sender = transport({ endpoint: url, timeout: 80 })
    expect(await failure(sender.send(body))).toMatchObject({ code: "TIMEOUT", retryable: true })
  })

  test("that breaks off is worth another attempt", async () => {
    const { url } = await listen((response) =>
      response.writeHead(200, { "content-length": "10" }).write("x", () => response.destroy()),
    )
    const sender = transport({ endpoint: url })
    expect(await failure(sender.send(body))).toMatchObject({ code: "DELIVERY_FAILED", retryable: true })
  })

  test("without end is cut off", async () => {
    const { url } = await listen((response) => response.end(Buffer.alloc(5 * 1024 * 1024)))
    const sender = transport({ endpoint: url })
    expect(await failure(sender.send(body))).toMatchObject({ message: "an answer of more than 4 MiB" })
  })
})

test("nobody there is told with the next step", async () => {
  const { url, server } = await listen(() => undefined)
  await new Promise((resolve) => server.close(resolve))
  const sender = transport({ endpoint: url })
  expect(await failure(sender.send(body))).toMatchObject({
    retryable: true,
    message:
      "nothing listens there; is the collector up? ClickStack's opens the port once its first user exists (ECONNREFUSED)",
  })
})

test("a key function that fails tells nothing of what it said", async () => {
  const { url } = await listen((response) => response.end())
  const sender = transport({ endpoint: url, apiKey: () => Promise.reject(new Error("hush")) })
  expect(await failure(sender.send(body))).toMatchObject({
    message: "the apiKey function failed",
    retryable: true,
  })
})

test.each([
  ["30", 30_000],
  [" 0 ", 0],
  ["Wed, 21 Oct 2026 07:28:10 GMT", 10_000],
  ["Wed, 21 Oct 2026 07:27:00 GMT", 0],
  ["99999999", 86_400_000],
  ["soon", undefined],
  [undefined, undefined],
])("Retry-After: %s", (value, expected) => {
  expect(parseRetryAfter(value, Date.parse("Wed, 21 Oct 2026 07:28:00 GMT"))).toBe(expected)
})
