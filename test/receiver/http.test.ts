// OTLP/HTTP to the letter: paths, content types, encodings, answers.
import { deflateSync, gzipSync } from "node:zlib"
import * as zlib from "node:zlib"
import {
  ReceiverError,
  startReceiver,
  type ReceiverOptions,
  type ReceivedSpan,
  type RequestContext,
} from "@clickstack/receiver"
import { JsonTraceSerializer, ProtobufTraceSerializer } from "@opentelemetry/otlp-transformer"
import { describe, expect, test } from "vitest"
import { call, json, jsonOf, post, protobuf, protobufOf } from "./requests.ts"
import { plainSpan } from "./plain.ts"
import { spans } from "./telemetry.ts"

const start = (options: Partial<ReceiverOptions> = {}) =>
  startReceiver({ httpPort: 0, traces: () => {}, ...options })

test("answers success with an empty response of the request's content type", async () => {
  await using receiver = await start()
  const inProtobuf = await post(`${receiver.url}/v1/traces`, protobufOf(1))
  expect(inProtobuf).toMatchObject({ status: 200, body: Buffer.alloc(0) })
  expect(inProtobuf.headers.get("content-type")).toBe("application/x-protobuf")
  const inJson = await post(`${receiver.url}/v1/traces`, jsonOf(1), {
    "content-type": "Application/JSON; charset=utf-8",
  })
  expect(inJson).toMatchObject({ status: 200, body: Buffer.from("{}") })
  expect(inJson.headers.get("content-type")).toBe("application/json")
  expect(receiver.stats().traces).toEqual({ accepted: 2, refused: 0, taken: 2 })
})

test("answers success only after the sink has taken the data", async () => {
  const order: string[] = []
  let take = () => {}
  const asked = new Promise<void>((resolve) => {
    take = resolve
  })
  let finish = () => {}
  const taken = new Promise<void>((resolve) => {
    finish = resolve
  })
  await using receiver = await start({
    traces: async () => {
      take()
      await taken
      order.push("taken")
    },
  })
  const answer = post(`${receiver.url}/v1/traces`, protobufOf(1)).then(({ status }) =>
    order.push(`answered ${status}`),
  )
  await asked
  expect(order).toEqual([])
  finish()
  await answer
  expect(order).toEqual(["taken", "answered 200"])
})

test("a partial success is told in both encodings, as OpenTelemetry's exporters read it", async () => {
  await using receiver = await start({ traces: () => ({ rejected: 7, message: "too old" }) })
  const inProtobuf = await post(`${receiver.url}/v1/traces`, protobufOf(9))
  expect(inProtobuf.status).toBe(200)
  expect(ProtobufTraceSerializer.deserializeResponse(inProtobuf.body)).toEqual({
    partialSuccess: { rejectedSpans: 7, errorMessage: "too old" },
  })
  const inJson = await post(`${receiver.url}/v1/traces`, jsonOf(9), json)
  expect(inJson.status).toBe(200)
  expect(JSON.parse(inJson.body.toString())).toEqual({
    partialSuccess: { rejectedSpans: "7", errorMessage: "too old" },
  })
  expect(JsonTraceSerializer.deserializeResponse(inJson.body)).toMatchObject({
    partialSuccess: { errorMessage: "too old" },
  })
})

describe("compressed bodies", () => {
  const compressions: [string, (body: Buffer) => Buffer][] = [
    ["identity", (body) => body],
    ["gzip", (body) => gzipSync(body)],
    ["GZIP", (body) => gzipSync(body)],
    ["deflate", (body) => deflateSync(body)],
  ]
  // Node.js has Zstandard from 22.15 on.
  const zstd = (zlib as unknown as { zstdCompressSync?: (body: Buffer) => Buffer }).zstdCompressSync
  if (zstd) compressions.push(["zstd", zstd])

  test.each(compressions)("%s", async (encoding, compress) => {
    const received: ReceivedSpan[] = []
    await using receiver = await start({ traces: (data) => void received.push(...data) })
    const body = compress(protobufOf(100))
    expect(
      await post(`${receiver.url}/v1/traces`, body, { ...protobuf, "content-encoding": encoding }),
    ).toMatchObject({
      status: 200,
    })
    expect(received.map(plainSpan)).toEqual(spans(100).map(plainSpan))
  })

  test("an unknown one is 415 and says which ones there are", async () => {
    await using receiver = await start()
    const answer = await post(`${receiver.url}/v1/traces`, protobufOf(1), {
      ...protobuf,
      "content-encoding": "br",
    })
    expect(answer.status).toBe(415)
    expect(answer.headers.get("accept-encoding")).toMatch(/^gzip, deflate/)
    expect(answer.message).toMatch(/^the content encoding "br" is not known here; send gzip, deflate/)
  })

  test.each(["gzip", "deflate"])("a body that is not %s, or ends in the middle, is 400", async (encoding) => {
    await using receiver = await start()
    const headers = { ...protobuf, "content-encoding": encoding }
    const compressed = encoding === "gzip" ? gzipSync(protobufOf(9)) : deflateSync(protobufOf(9))
    for (const body of [protobufOf(9), compressed.subarray(0, -20)]) {
      const answer = await post(`${receiver.url}/v1/traces`, body, headers)
      expect(answer.status).toBe(400)
      expect(answer.message).toMatch(/^the body cannot be decompressed: /)
    }
  })
})

describe("what it is not", () => {
  test("another content type is 415", async () => {
    await using receiver = await start()
    for (const type of ["text/plain", "application/x-www-form-urlencoded", ""]) {
      const answer = await post(`${receiver.url}/v1/traces`, protobufOf(1), { "content-type": type })
      expect(answer.status).toBe(415)
      expect(answer.message).toBe(
        `the content type ${JSON.stringify(type)} is not one of OTLP; send application/x-protobuf or application/json`,
      )
    }
  })

  test("another method is 405 and names POST", async () => {
    await using receiver = await start()
    const response = await fetch(`${receiver.url}/v1/traces`)
    expect([response.status, response.headers.get("allow")]).toEqual([405, "POST"])
  })

  test.each([
    ["/", "there is no /; OTLP/HTTP has /v1/traces, /v1/logs and /v1/metrics"],
    ["//v1/traces", "there is no //v1/traces; did you mean /v1/traces?"],
    ["/otlp/v1/logs", "there is no /otlp/v1/logs; did you mean /v1/logs?"],
  ])("the path %s is 404 and says what there is", async (path, message) => {
    await using receiver = await start()
    const { hostname, port } = new URL(receiver.url!)
    // fetch would tidy the path up.
    const { request } = await import("node:http")
    const body = await new Promise<[number, string]>((resolve) => {
      request({ hostname, port, path, method: "POST", headers: json }, (response) => {
        let text = ""
        response
          .on("data", (chunk) => (text += chunk))
          .on("end", () => resolve([response.statusCode!, JSON.parse(text).message]))
      }).end("{}")
    })
    expect(body).toEqual([404, message])
  })

  test("a signal without a sink is 404", async () => {
    await using receiver = await start()
    expect(await post(`${receiver.url}/v1/logs`, "{}", json)).toMatchObject({
      status: 404,
      message: "this receiver takes no logs",
    })
  })
})

test("an empty request is a success that the sink does not hear of", async () => {
  let calls = 0
  await using receiver = await start({ traces: () => void calls++ })
  expect(await post(`${receiver.url}/v1/traces`, new Uint8Array())).toMatchObject({ status: 200 })
  expect(await post(`${receiver.url}/v1/traces`, '{"resourceSpans":[]}', json)).toMatchObject({ status: 200 })
  expect(calls).toBe(0)
})

describe("a sink that fails", () => {
  const failing = (error: unknown) => ({
    traces: () => {
      throw error
    },
  })

  test("is 503 with Retry-After, and tells the owner why, not the sender", async () => {
    const told: ReceiverError[] = []
    const cause = new Error("password of db-7 is wrong")
    await using receiver = await start({ ...failing(cause), onError: (error) => void told.push(error) })
    const answer = await post(`${receiver.url}/v1/traces`, protobufOf(1))
    expect([answer.status, answer.headers.get("retry-after")]).toEqual([503, "5"])
    expect(answer.message).toBe("the traces could not be taken; try again in 5 s")
    expect(told).toHaveLength(1)
    expect(told[0]).toMatchObject({ code: "SINK_FAILED", cause, retryable: true })
    expect(receiver.stats().traces).toEqual({ accepted: 0, refused: 1, taken: 0 })
  })

  test("for good is 500, which OTLP's senders do not repeat", async () => {
    await using receiver = await start(failing(Object.assign(new Error("no"), { retryable: false })))
    const answer = await post(`${receiver.url}/v1/traces`, protobufOf(1))
    expect([answer.status, answer.headers.get("retry-after")]).toEqual([500, null])
  })

  test("may say it in its own words and with its own delay", async () => {
    const error = new ReceiverError("OVERLOADED", "the disk is full", { retryAfter: 90 })
    await using receiver = await start(failing(error))
    const answer = await post(`${receiver.url}/v1/traces`, protobufOf(1))
    expect([answer.status, answer.headers.get("retry-after"), answer.message]).toEqual([
      503,
      "90",
      "the disk is full",
    ])
  })
})

test("a raw sink gets the bytes as they were before compression, undecoded", async () => {
  const received: RequestContext[] = []
  await using receiver = await start({ traces: { raw: (context) => void received.push(context) } })
  const body = Buffer.from([0xff, 0xff, 0xff])
  const headers = {
    ...protobuf,
    "content-encoding": "gzip",
    "x-tenant": "a",
    cookie: "secret",
    authorization: "secret",
  }
  expect(await post(`${receiver.url}/v1/traces`, gzipSync(body), headers)).toMatchObject({ status: 200 })
  expect(received).toHaveLength(1)
  const [context] = received
  expect(context).toMatchObject({
    signal: "traces",
    protocol: "http",
    contentType: "application/x-protobuf",
    remoteAddress: "127.0.0.1",
    headers: { "x-tenant": "a" },
  })
  expect(Buffer.from(context!.body)).toEqual(body)
  expect(Object.keys(context!.headers)).not.toContain("authorization")
  expect(Object.keys(context!.headers)).not.toContain("cookie")
})

test("health is answered without a token", async () => {
  await using receiver = await start({ auth: "secret", grpcPort: 0 })
  const response = await fetch(`${receiver.url}/health`)
  expect([response.status, await response.text()]).toEqual([200, '{"status":"ok"}'])
  const path = "/grpc.health.v1.Health/Check"
  const { code, body } = await call(receiver.grpcUrl!, new Uint8Array(), { path })
  expect([code, body]).toEqual([0, Buffer.from([0x08, 0x01])])
})
