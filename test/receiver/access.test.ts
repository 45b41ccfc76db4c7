// Who gets in: tokens, TLS and client certificates, pages from elsewhere; and where a receiver listens.
import { Agent as HttpAgent, type IncomingHttpHeaders, request as httpRequest } from "node:http"
import { request as httpsRequest, type RequestOptions } from "node:https"
import { execFile } from "node:child_process"
import { once } from "node:events"
import { connect, createServer } from "node:net"
import { networkInterfaces } from "node:os"
import { credentials } from "@grpc/grpc-js"
import { startReceiver, type ReceiverOptions } from "@clickstack/receiver"
import { describe, expect, test } from "vitest"
import { certificate } from "./certificate.ts"
import { call, json, post, protobuf, protobufOf } from "./requests.ts"

const start = (options: Partial<ReceiverOptions> = {}) =>
  startReceiver({ httpPort: 0, grpcPort: 0, traces: () => {}, ...options })

const codes = { unauthenticated: 16, permissionDenied: 7, unavailable: 14 }

/** A request with headers that fetch would not send. */
const send = (url: string, options: RequestOptions) =>
  new Promise<{ status: number; headers: IncomingHttpHeaders; body: string }>((resolve, reject) => {
    const request = url.startsWith("https:") ? httpsRequest : httpRequest
    request(url, options, (response) => {
      let body = ""
      response.on("data", (chunk) => (body += chunk))
      response.on("end", () => resolve({ status: response.statusCode!, headers: response.headers, body }))
    })
      .on("error", reject)
      .end(options.method === "POST" ? "{}" : undefined)
  })

describe("a token", () => {
  test.each([
    ["raw", "s3cret", 200, 0],
    ["with Bearer", "Bearer s3cret", 200, 0],
    ["with bearer in any case", "bearer s3cret", 200, 0],
    ["the second of two", "other", 200, 0],
    ["a wrong one", "s3cres", 401, codes.unauthenticated],
    ["a longer one", "s3cret2", 401, codes.unauthenticated],
    ["Bearer twice", "Bearer Bearer s3cret", 401, codes.unauthenticated],
    ["an empty one", "Bearer ", 401, codes.unauthenticated],
  ])("%s", async (_name, authorization, status, code) => {
    await using receiver = await start({ auth: ["s3cret", "other"] })
    const answer = await post(`${receiver.url}/v1/traces`, protobufOf(1), { ...protobuf, authorization })
    expect(answer.status).toBe(status)
    expect(await call(receiver.grpcUrl!, protobufOf(1), { metadata: { authorization } })).toMatchObject({
      code,
    })
  })

  test("none at all is told what to send", async () => {
    await using receiver = await start({ auth: "s3cret" })
    const answer = await post(`${receiver.url}/v1/traces`, protobufOf(1))
    expect([answer.status, answer.headers.get("www-authenticate")]).toEqual([401, "Bearer"])
    expect(answer.message).toBe(
      "this receiver needs a token: send the header authorization, with or without Bearer",
    )
    expect((await call(receiver.grpcUrl!, protobufOf(1))).details).toBe(answer.message)
  })

  test("is judged by a function, also one that takes its time", async () => {
    await using receiver = await start({ auth: async (token) => token === "right" })
    const statusOf = async (authorization: string) =>
      (await post(`${receiver.url}/v1/traces`, protobufOf(1), { ...protobuf, authorization })).status
    expect([await statusOf("right"), await statusOf("wrong")]).toEqual([200, 401])
  })

  test("is needed before a byte of the body is read", async () => {
    await using receiver = await start({ auth: "s3cret" })
    // The body never ends; the answer comes all the same.
    const endless = new ReadableStream({ pull: (controller) => controller.enqueue(new Uint8Array(1024)) })
    expect(await post(`${receiver.url}/v1/traces`, endless).catch(() => ({ status: 401 }))).toMatchObject({
      status: 401,
    })
  })
})

describe("a page in a browser", () => {
  const origin = "https://app.example.com"

  test.each(["https://evil.example", "null"])("of origin %s is refused, also its preflight", async (evil) => {
    let calls = 0
    await using receiver = await start({ traces: () => void calls++, allowedOrigins: [origin] })
    for (const method of ["POST", "OPTIONS", "GET"]) {
      const headers = { ...json, origin: evil, "access-control-request-method": "POST" }
      const answer = await send(`${receiver.url}/v1/traces`, { method, headers })
      expect([answer.status, answer.headers["access-control-allow-origin"]]).toEqual([403, undefined])
    }
    expect((await call(receiver.grpcUrl!, protobufOf(1), { metadata: { origin: evil } })).code).toBe(
      codes.permissionDenied,
    )
    expect(calls).toBe(0)
  })

  test("of an allowed origin may send, after a preflight, and read the answer", async () => {
    await using receiver = await start({ allowedOrigins: [origin] })
    const preflight = await send(`${receiver.url}/v1/traces`, {
      method: "OPTIONS",
      headers: {
        origin,
        "access-control-request-method": "POST",
        "access-control-request-headers": "content-type,authorization",
      },
    })
    expect(preflight).toMatchObject({
      status: 204,
      headers: {
        "access-control-allow-origin": origin,
        "access-control-allow-methods": "POST",
        "access-control-allow-headers": "content-type,authorization",
        vary: "origin",
      },
    })
    const answer = await send(`${receiver.url}/v1/traces`, { method: "POST", headers: { ...json, origin } })
    expect([answer.status, answer.headers["access-control-allow-origin"]]).toEqual([200, origin])
  })

  test("of any origin may send where that is asked for", async () => {
    await using receiver = await start({ allowedOrigins: ["*"] })
    const answer = await send(`${receiver.url}/v1/traces`, { method: "POST", headers: { ...json, origin } })
    expect([answer.status, answer.headers["access-control-allow-origin"]]).toEqual([200, origin])
  })

  test.each([
    ["evil.example", 403],
    ["127.0.0.1.evil.example", 403],
    ["localhost:4318", 200],
    ["LOCALHOST", 200],
    ["[::1]:4318", 200],
    ["collector", 200],
  ])("that reached us by the name %s (DNS rebinding) is answered %i", async (host, status) => {
    await using receiver = await start({ allowedHosts: ["collector"] })
    const authority = { "grpc.default_authority": host }
    const { code } = await call(receiver.grpcUrl!, protobufOf(1), { options: authority })
    expect(code).toBe(status === 200 ? 0 : codes.permissionDenied)
    for (const [method, path] of [
      ["POST", "/v1/traces"],
      ["GET", "/health"],
    ] as const) {
      expect((await send(`${receiver.url}${path}`, { method, headers: { ...json, host } })).status).toBe(
        status,
      )
    }
  })
})

describe("TLS", () => {
  const authority = certificate("test authority")
  const server = certificate("server", { issuer: authority, hosts: ["localhost", "127.0.0.1"] })
  const client = certificate("client", { issuer: authority })
  const stranger = certificate("stranger", { issuer: certificate("another authority") })
  const ca = authority.cert

  const grpcChannel = (who?: { key: string; cert: string }) =>
    credentials.createSsl(
      Buffer.from(ca),
      who ? Buffer.from(who.key) : null,
      who ? Buffer.from(who.cert) : null,
    )

  test("serves HTTP and gRPC, and plain text is not answered", async () => {
    await using receiver = await start({ host: "localhost", tls: { key: server.key, cert: server.cert } })
    expect(receiver.url).toMatch(/^https:/)
    const answer = await send(`${receiver.url}/v1/traces`, { method: "POST", headers: json, ca })
    expect(answer).toMatchObject({ status: 200, body: "{}" })
    expect(await call(receiver.grpcUrl!, protobufOf(1), { channel: grpcChannel() })).toMatchObject({
      code: 0,
    })
    await expect(send(receiver.url!.replace("https", "http"), { method: "GET" })).rejects.toThrow()
    expect((await call(receiver.grpcUrl!, protobufOf(1), { deadline: Date.now() + 2_000 })).code).not.toBe(0)
  })

  test("lets only senders in that show a certificate of the authority", async () => {
    const tls = { key: server.key, cert: server.cert, ca, requireClientCertificate: true }
    await using receiver = await start({ host: "localhost", tls })
    const sendAs = (who?: { key: string; cert: string }) =>
      send(`${receiver.url}/v1/traces`, {
        method: "POST",
        headers: json,
        ca,
        ...(who && { key: who.key, cert: who.cert }),
      })
    expect(await sendAs(client)).toMatchObject({ status: 200 })
    await expect(sendAs()).rejects.toThrow()
    await expect(sendAs(stranger)).rejects.toThrow()
    const callAs = async (who?: { key: string; cert: string }) =>
      (
        await call(receiver.grpcUrl!, protobufOf(1), {
          channel: grpcChannel(who),
          deadline: Date.now() + 2_000,
        })
      ).code
    expect(await callAs(client)).toBe(0)
    expect(await callAs()).not.toBe(0)
    expect(await callAs(stranger)).not.toBe(0)
  })
})

describe("where it listens", () => {
  test.each(["0.0.0.0", "::", "192.0.2.1", "example.com"])(
    "%s needs a token, or the word that it does not",
    async (host) => {
      await expect(start({ host })).rejects.toMatchObject({
        code: "BAD_OPTION",
        message: expect.stringContaining(`host ${host} can be reached from other machines: set auth`),
      })
    },
  )

  test("0.0.0.0 answers to every name, for a token stands there", async () => {
    await using receiver = await start({ host: "0.0.0.0", auth: "s3cret" })
    const headers = { ...json, host: "collector.internal", authorization: "s3cret" }
    const answer = await send(`http://127.0.0.1:${receiver.httpPort}/v1/traces`, { method: "POST", headers })
    expect(answer.status).toBe(200)
    await using open = await start({ host: "0.0.0.0", auth: false })
    expect(
      (await send(`http://127.0.0.1:${open.httpPort}/v1/traces`, { method: "POST", headers: json })).status,
    ).toBe(200)
  })

  const hasIpv6 = Object.values(networkInterfaces()).some((list) =>
    list?.some(({ address }) => address === "::1"),
  )
  test.skipIf(!hasIpv6)("on IPv6", async () => {
    await using receiver = await start({ host: "::1" })
    expect(receiver.url).toBe(`http://[::1]:${receiver.httpPort}`)
    expect(await post(`${receiver.url}/v1/traces`, protobufOf(1))).toMatchObject({ status: 200 })
    expect(await call(receiver.grpcUrl!, protobufOf(1))).toMatchObject({ code: 0 })
  })

  test("several receivers in one process keep their data apart", async () => {
    const taken: string[] = []
    await using first = await start({ traces: () => void taken.push("first") })
    await using second = await start({ traces: () => void taken.push("second") })
    await post(`${second.url}/v1/traces`, protobufOf(1))
    await call(first.grpcUrl!, protobufOf(1))
    expect(taken).toEqual(["second", "first"])
  })

  test.each(["httpPort", "grpcPort"] as const)(
    "a taken %s is named, and nothing is left open",
    async (option) => {
      const other = createServer()
      await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve))
      const { port } = other.address() as { port: number }
      const free = await start()
      const { httpPort, grpcPort } = free
      await free.close()
      const ports = { httpPort: httpPort!, grpcPort: grpcPort! }
      await expect(start({ ...ports, [option]: port })).rejects.toMatchObject({
        code: "LISTEN_FAILED",
        message: `cannot listen on 127.0.0.1 port ${port} (${option}): EADDRINUSE, another process has it; stop that one, or choose another port`,
      })
      // Both ports can be had at once: the door that did open was closed.
      await using again = await start(ports)
      expect(again.httpPort).toBe(httpPort)
      await new Promise((resolve) => other.close(resolve))
    },
  )

  test.each([
    ["without a grpcPort, grpc-js is not loaded", "", false],
    ["with one it is", "grpcPort: 0,", true],
  ])("%s", async (_name, option, isLoaded) => {
    const script = `
      import { createRequire } from "node:module"
      import { startReceiver } from "@clickstack/receiver"
      const receiver = await startReceiver({ httpPort: 0, ${option} traces() {} })
      const files = Object.keys(createRequire(import.meta.url).cache)
      console.log(files.some((file) => file.includes("grpc-js")))
      await receiver.close()`
    const output = await new Promise<string>((resolve, reject) => {
      const options = { cwd: new URL("..", import.meta.url) }
      execFile(process.execPath, ["--input-type=module", "-e", script], options, (error, stdout, stderr) => {
        if (error) reject(new Error(stderr))
        else resolve(stdout)
      })
    })
    expect(output).toBe(`${isLoaded}\n`)
  })
})

test("a connection is kept for the next request", async () => {
  await using receiver = await start()
  const agent = new HttpAgent({ keepAlive: true, maxSockets: 1 })
  const ports = new Set<number | undefined>()
  for (let i = 0; i < 5; i++) {
    await new Promise<void>((resolve, reject) => {
      const request = httpRequest(
        `${receiver.url}/v1/traces`,
        { method: "POST", headers: json, agent },
        (response) => {
          ports.add(request.socket!.localPort)
          response.resume().on("end", resolve)
        },
      )
      request.on("error", reject).end("{}")
    })
  }
  expect(ports.size).toBe(1)
  agent.destroy()
})

test.each(["http", "grpc"] as const)(
  "close ends the listening, waits for what %s is handling, and can be asked for again",
  async (door) => {
    let entered = () => {}
    const inside = new Promise<void>((resolve) => {
      entered = resolve
    })
    let leave = () => {}
    const left = new Promise<void>((resolve) => {
      leave = resolve
    })
    const receiver = await start({
      traces: () => {
        entered()
        return left
      },
    })
    const answer =
      door === "http"
        ? post(`${receiver.url}/v1/traces`, protobufOf(1)).then(({ status }) => status === 200)
        : call(receiver.grpcUrl!, protobufOf(1)).then(({ code }) => code === 0)
    await inside
    const closed = receiver.close()
    leave()
    expect(await answer).toBe(true)
    await closed
    await receiver.close()
    await expect(post(`${receiver.url}/v1/traces`, protobufOf(1))).rejects.toThrow()
    expect((await call(receiver.grpcUrl!, protobufOf(1), { deadline: Date.now() + 2_000 })).code).not.toBe(0)
  },
)

test("close does not wait for ever for a sink that does not come back", async () => {
  let entered = () => {}
  const inside = new Promise<void>((resolve) => {
    entered = resolve
  })
  const receiver = await start({
    limits: { closeTimeoutMillis: 50 },
    traces: () => {
      entered()
      return new Promise<void>(() => {})
    },
  })
  const overHttp = post(`${receiver.url}/v1/traces`, protobufOf(1)).catch(() => "cut off")
  await inside
  const overGrpc = call(receiver.grpcUrl!, protobufOf(1))
  await receiver.close()
  expect(await overHttp).toBe("cut off")
  expect((await overGrpc).code).not.toBe(0)
})

test("a request on a connection that is still open is told to come back while the receiver closes", async () => {
  let entered = () => {}
  const inside = new Promise<void>((resolve) => {
    entered = resolve
  })
  let leave = () => {}
  const left = new Promise<void>((resolve) => {
    leave = resolve
  })
  const receiver = await start({
    traces: () => {
      entered()
      return left
    },
  })
  const { hostname, port } = new URL(receiver.url!)
  const socket = connect(Number(port), hostname)
  const body = protobufOf(1)
  const head = `POST /v1/traces HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/x-protobuf\r\n`
  const request = Buffer.concat([Buffer.from(`${head}content-length: ${body.length}\r\n\r\n`), body])
  let answers = ""
  socket.on("data", (chunk) => (answers += chunk.toString("latin1")))
  const ended = once(socket, "close")
  // The second one waits behind the first, which HTTP calls pipelining.
  socket.write(request)
  await inside
  const closed = receiver.close()
  socket.write(request)
  leave()
  await Promise.all([closed, ended])
  expect(answers).toMatch(/^HTTP\/1\.1 200 /)
  // It is refused, or cut off with the connection; it never reaches the sink.
  expect(receiver.stats().traces.taken).toBe(1)
})
