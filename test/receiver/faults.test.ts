// FAULTS G1 to G4: what others send to break us, over HTTP and gRPC.
import { once } from "node:events"
import { connect, type Socket } from "node:net"
import { gzipSync } from "node:zlib"
import { defaultLimits, type Receiver, type ReceivedLogRecord, startReceiver } from "@clickstack/receiver"
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest"
import { field, frame, gzipBomb, nestedSpan, openCall, rawCall, varint } from "./bytes.ts"
import { certificate } from "./certificate.ts"
import { receiverProcess } from "./child.ts"
import { call, json, post, protobuf, protobufOf } from "./requests.ts"

const MiB = 1024 * 1024
const status = { ok: "0", invalidArgument: 3, resourceExhausted: "8", internal: "13", unimplemented: "12" }

describe("G1, too large", () => {
  test("a megabyte of gzip that grows to a gigabyte is 413, and costs less than 100 MB", async () => {
    await using child = await receiverProcess()
    const bomb = gzipBomb()
    expect(bomb.length).toBeLessThan(1.1 * MiB)
    const headers = { ...protobuf, "content-encoding": "gzip" }
    await post(`${child.url}/v1/traces`, gzipSync(protobufOf(100)), headers)
    const before = await child.peak()
    expect(await post(`${child.url}/v1/traces`, bomb, headers)).toMatchObject({
      status: 413,
      message: `the request is larger after decompression than ${64 * MiB} bytes; send smaller batches, nothing was taken`,
    })
    expect(((await child.peak()) - before) / MiB).toBeLessThan(100)
    expect(await post(`${child.url}/v1/traces`, protobufOf(1))).toMatchObject({ status: 200 })
  })

  test("the same over gRPC is RESOURCE_EXHAUSTED", async () => {
    await using child = await receiverProcess()
    await call(child.grpcUrl, protobufOf(100))
    const before = await child.peak()
    const bomb = frame(gzipBomb(), { compressed: true })
    expect(await rawCall(child.grpcUrl, bomb, { "grpc-encoding": "gzip" })).toBe(status.resourceExhausted)
    expect(((await child.peak()) - before) / MiB).toBeLessThan(100)
    expect(await call(child.grpcUrl, protobufOf(1))).toMatchObject({ code: 0 })
  })

  test("limits hold for announced, chunked, compressed and gRPC bodies, and at the byte", async () => {
    const body = protobufOf(20)
    const limits = { bodyBytes: body.length, compressedBytes: body.length }
    await using receiver = await startReceiver({ httpPort: 0, grpcPort: 0, traces: () => {}, limits })
    const url = `${receiver.url}/v1/traces`
    const larger = protobufOf(21)
    const chunked = (bytes: Buffer) =>
      new ReadableStream({
        start(controller) {
          for (let at = 0; at < bytes.length; at += 1000) controller.enqueue(bytes.subarray(at, at + 1000))
          controller.close()
        },
      })
    const gzip = { ...protobuf, "content-encoding": "gzip" }
    expect(await post(url, body)).toMatchObject({ status: 200 })
    expect(await post(url, chunked(body))).toMatchObject({ status: 200 })
    expect(await post(url, gzipSync(body), gzip)).toMatchObject({ status: 200 })
    expect(await call(receiver.grpcUrl!, body)).toMatchObject({ code: 0 })
    expect(await post(url, larger)).toMatchObject({ status: 413 })
    expect(await post(url, chunked(larger))).toMatchObject({ status: 413 })
    expect(await post(url, gzipSync(larger), gzip)).toMatchObject({ status: 413 })
    expect(await call(receiver.grpcUrl!, larger)).toMatchObject({ code: 8 })
  })

  test("compressed bytes that decompress to nothing are counted too", async () => {
    const limits = { compressedBytes: 10_000 }
    await using receiver = await startReceiver({ httpPort: 0, traces: () => {}, limits })
    const nothing = gzipSync(Buffer.alloc(0))
    const many = Buffer.concat(Array.from({ length: 1_000 }, () => nothing))
    const stream = new ReadableStream({
      start(controller) {
        controller.enqueue(many)
        controller.close()
      },
    })
    const answer = await post(`${receiver.url}/v1/traces`, stream, {
      ...protobuf,
      "content-encoding": "gzip",
    })
    expect(answer.status).toBe(413)
  })
})

describe("G2, broken protobuf", () => {
  let receiver: Receiver
  beforeAll(async () => {
    const sink = () => {}
    receiver = await startReceiver({ httpPort: 0, grpcPort: 0, traces: sink, logs: sink, metrics: sink })
  })
  afterAll(() => receiver.close())

  const whole = protobufOf(3)
  test.each([
    ["truncated", whole.subarray(0, -1), /runs past the end of the data/],
    ["truncated in the middle", whole.subarray(0, whole.length >> 1), /runs past the end of the data/],
    ["a length of 2^60", Buffer.from([0x0a, ...varint(2n ** 60n)]), /does not fit in 32 bits/],
    [
      "a length of 2^31",
      Buffer.from([0x0a, ...varint(2n ** 31n), 1, 2, 3]),
      /a length of 2147483648 .* runs past/,
    ],
    ["values nested 10,000 deep", nestedSpan(10_000), /nested deeper than 64 levels/],
    [
      "an unknown group",
      Buffer.from([...varint((99 << 3) | 3), ...varint((99 << 3) | 4)]),
      /wire type 3, which OTLP does not use/,
    ],
    ["the end of a group that never began", Buffer.from([...varint((99 << 3) | 4)]), /wire type 4/],
    ["a wire type that there is not", Buffer.from([0x0f]), /wire type/],
    ["a field with the number 0", Buffer.from([0x02, 0x00]), /number 0/],
    ["a known field of another wire type", Buffer.from([0x08, 0x01]), /field 1 has the wrong wire type 0/],
    ["a varint without an end", Buffer.alloc(20, 0xff), /does not fit/],
    ["a message that ends inside of a field", Buffer.from([0x0a, 0x02, 0x12, 0x05]), /runs past/],
    [
      "a trace id of 5 bytes",
      field(1, field(2, field(2, field(1, Buffer.alloc(5))))),
      /an id at byte .* has 5 bytes instead of 16/,
    ],
  ])(
    "%s is 400 with a Status, INVALID_ARGUMENT over gRPC, and others are served",
    async (_name, bytes, reason) => {
      const answer = await post(`${receiver.url}/v1/traces`, bytes)
      expect(answer.status).toBe(400)
      expect(answer.message).toMatch(/^the protobuf data is malformed: .*; nothing was taken$/)
      expect(answer.message).toMatch(reason)
      expect(answer.headers.get("content-type")).toBe("application/x-protobuf")
      expect(await call(receiver.grpcUrl!, bytes)).toMatchObject({
        code: status.invalidArgument,
        details: answer.message,
      })
      expect(await post(`${receiver.url}/v1/traces`, whole)).toMatchObject({ status: 200 })
      expect(await call(receiver.grpcUrl!, whole)).toMatchObject({ code: 0 })
    },
  )

  test("values nested 60 deep are fine", async () => {
    expect(await post(`${receiver.url}/v1/traces`, nestedSpan(60))).toMatchObject({ status: 200 })
  })

  test.each<[string, Buffer, Record<string, string>?]>([
    ["a frame that is shorter than it says", frame(whole, { length: whole.length + 1 })],
    ["a frame that is longer than the limit says", frame(whole, { length: 0xffffffff })],
    ["half a frame's head", Buffer.from([0, 0, 0])],
    ["no frame at all", Buffer.alloc(0)],
    ["two frames in a unary call", Buffer.concat([frame(whole), frame(whole)])],
    ["a compressed frame without an encoding", frame(gzipSync(whole), { compressed: true })],
    ["a frame that is not gzip", frame(whole, { compressed: true }), { "grpc-encoding": "gzip" }],
    ["an encoding that nobody knows", frame(whole, { compressed: true }), { "grpc-encoding": "snappy" }],
  ])("%s is an error of gRPC's, and others are served", async (_name, bytes, headers = {}) => {
    const code = await rawCall(receiver.grpcUrl!, bytes, headers)
    expect(code).not.toBe(status.ok)
    expect(await call(receiver.grpcUrl!, whole)).toMatchObject({ code: 0 })
  })

  test("a service that there is not is UNIMPLEMENTED", async () => {
    const answer = await call(receiver.grpcUrl!, whole, { path: "/opentelemetry.Other/Export" })
    expect(String(answer.code)).toBe(status.unimplemented)
  })
})

describe("G3, JSON", () => {
  const received: ReceivedLogRecord[] = []
  let receiver: Receiver
  beforeAll(async () => {
    receiver = await startReceiver({
      httpPort: 0,
      logs: (data) => void received.splice(0, Infinity, ...data),
    })
  })
  afterAll(() => receiver.close())

  const sendRecord = (record: string) =>
    post(`${receiver.url}/v1/logs`, `{"resourceLogs":[{"scopeLogs":[{"logRecords":[${record}]}]}]}`, json)

  test.each([
    ["", /not valid JSON/],
    ["{", /not valid JSON/],
    ["[]", /the request: expected an object, got \[\]/],
    ["null", /the request: expected an object, got null/],
    ['{"resourceLogs":{}}', /resourceLogs: expected an array, got \{\}/],
    ['{"resourceLogs":[1]}', /resourceLogs\[0\]: expected an object, got 1/],
  ])("the request %s is 400", async (body, reason) => {
    const answer = await post(`${receiver.url}/v1/logs`, body, json)
    expect(answer.status).toBe(400)
    expect(answer.headers.get("content-type")).toBe("application/json")
    expect(answer.message).toMatch(/^the JSON data is malformed: .*; nothing was taken$/)
    expect(answer.message).toMatch(reason)
  })

  test.each([
    ['{"traceId":"xyz"}', "traceId: expected 32 hex digits"],
    ['{"traceId":"W47/95gDgQPSabYzgT/GDA=="}', "traceId: expected 32 hex digits"],
    ['{"spanId":"eee19b7ec3c1b17"}', "spanId: expected 16 hex digits"],
    [
      '{"severityNumber":"SEVERITY_NUMBER_INFO"}',
      "severityNumber: expected an integer (OTLP has no names of enum values)",
    ],
    ['{"severityNumber":1.5}', "severityNumber: expected an integer"],
    ['{"severityText":7}', "severityText: expected a string"],
    ['{"timeUnixNano":"-1"}', "timeUnixNano: expected nanoseconds as a decimal string"],
    ['{"timeUnixNano":"18446744073709551616"}', "timeUnixNano: expected nanoseconds"],
    ['{"timeUnixNano":1.5}', "timeUnixNano: expected nanoseconds"],
    ['{"flags":-1}', "flags: expected an integer from 0 to 4294967295"],
    ['{"attributes":[{"key":1}]}', "attributes[0].key: expected a string"],
    ['{"attributes":[{"key":"k","value":"v"}]}', "attributes[0].value: expected an object"],
    [
      '{"attributes":[{"key":"k","value":{"intValue":"1.5"}}]}',
      "attributes[0].value.intValue: expected a 64-bit integer",
    ],
    [
      '{"attributes":[{"key":"k","value":{"boolValue":"true"}}]}',
      "attributes[0].value.boolValue: expected true or false",
    ],
    ['{"body": { "doubleValue" : "x" } }', "body.doubleValue: expected a number"],
    ['{"body":{"bytesValue":"*"}}', "body.bytesValue: expected bytes in base64"],
    [
      '{"body":{"arrayValue":{"values":[{"doubleValue":"x"}]}}}',
      "body.arrayValue.values[0].doubleValue: expected a number",
    ],
  ])("the record %s is 400 and says where", async (record, reason) => {
    const answer = await sendRecord(record)
    expect(answer.status).toBe(400)
    expect(answer.message).toContain(`resourceLogs[0].scopeLogs[0].logRecords[0].${reason}`)
  })

  test("values nested 10,000 deep are 400, 60 deep are fine", async () => {
    const nested = (depth: number) =>
      `{"body":${'{"arrayValue":{"values":['.repeat(depth)}{"intValue":"1"}${"]}}".repeat(depth)}}`
    expect(await sendRecord(nested(10_000))).toMatchObject({
      status: 400,
      message: expect.stringContaining("nested deeper than 64 levels"),
    })
    expect(await sendRecord(nested(60))).toMatchObject({ status: 200 })
  })

  test("ids in hex of any case, 64-bit integers as strings or numbers, names and nulls as OTLP/JSON says", async () => {
    const answer = await sendRecord(`{
      "timeUnixNano": "1544712660300000001", "observedTimeUnixNano": 1544712660300000001,
      "traceId": "5B8EFFF798038103D269B633813FC60C", "spanId": "eee19b7ec3c1b174",
      "severityNumber": 9, "severityText": null, "flags": 1, "no such field": [{}], "dropped_attributes_count": 7,
      "body": null,
      "attributes": [
        { "key": "string", "value": { "intValue": "9007199254740993" } },
        { "key": "number", "value": { "intValue": 9007199254740993 } },
        { "key": "small", "value": { "intValue": "-7" } },
        { "key": "quoted", "value": { "stringValue": "[1234567890123456789, \\"1234567890123456789]" } },
        { "key": "nan", "value": { "doubleValue": "NaN" } },
        { "key": "infinity", "value": { "doubleValue": "-Infinity" } },
        { "key": "whole", "value": { "intValue": 10000000000000000000 } },
        { "key": "huge", "value": { "intValue": 1e300 } },
        { "key": "bytes", "value": { "bytesValue": "AQID" } },
        { "key": "empty", "value": {} },
        { "key": "__proto__", "value": { "kvlistValue": { "values": [{ "key": "polluted", "value": { "boolValue": true } }] } } }
      ]
    }`)
    expect(answer).toMatchObject({ status: 200 })
    const [record] = received
    expect(record).toMatchObject({
      hrTime: [1_544_712_660, 300_000_001],
      hrTimeObserved: [1_544_712_660, 300_000_001],
      spanContext: { traceId: "5b8efff798038103d269b633813fc60c", spanId: "eee19b7ec3c1b174", traceFlags: 1 },
      severityNumber: 9,
      droppedAttributesCount: 0,
    })
    expect(record!.body).toBeUndefined()
    expect(Object.entries(record!.attributes)).toEqual([
      ["string", 9_007_199_254_740_993n],
      ["number", 9_007_199_254_740_993n],
      ["small", -7],
      ["quoted", '[1234567890123456789, "1234567890123456789]'],
      ["nan", NaN],
      ["infinity", -Infinity],
      ["whole", 1e19],
      ["huge", 1e300],
      ["bytes", new Uint8Array([1, 2, 3])],
      ["empty", undefined],
      ["__proto__", { polluted: true }],
    ])
    expect(({} as any).polluted).toBeUndefined()
    expect((record!.attributes as any).polluted).toBeUndefined()
  })
})

describe("G4, slow and idle senders", () => {
  const limits = { headersTimeoutMillis: 400, bodyTimeoutMillis: 800, idleTimeoutMillis: 600 }
  /** With the interval in which Node.js looks for them, and a second of grace. */
  const withinMillis = 8_000

  test("by the defaults all of them are gone within 60 s", () => {
    const { headersTimeoutMillis, bodyTimeoutMillis, idleTimeoutMillis } = defaultLimits
    for (const timeout of [headersTimeoutMillis, bodyTimeoutMillis, idleTimeoutMillis]) {
      expect(timeout + 5_000 + 1_000).toBeLessThanOrEqual(60_000)
    }
  })

  const closed = async (socket: Socket) => {
    socket.on("error", () => {})
    socket.resume()
    if (!socket.closed) await once(socket, "close", { signal: AbortSignal.timeout(withinMillis) })
  }
  const open = async (url: string): Promise<Socket> => {
    const { hostname, port } = new URL(url)
    const socket = connect(Number(port), hostname)
    await once(socket, "connect")
    return socket
  }

  test.each(["http", "grpc"] as const)(
    "2,000 idle sockets at %s are closed, and others are served meanwhile",
    async (door) => {
      await using child = await receiverProcess({ limits })
      const url = door === "http" ? child.url : child.grpcUrl
      const sockets: Socket[] = []
      // In portions that fit every system's queue of connections.
      while (sockets.length < 2_000) {
        sockets.push(...(await Promise.all(Array.from({ length: 100 }, () => open(url)))))
      }
      expect(await post(`${child.url}/v1/traces`, protobufOf(1))).toMatchObject({ status: 200 })
      expect(await call(child.grpcUrl, protobufOf(1))).toMatchObject({ code: 0 })
      await Promise.all(sockets.map(closed))
      expect(await post(`${child.url}/v1/traces`, protobufOf(1))).toMatchObject({ status: 200 })
      expect(await call(child.grpcUrl, protobufOf(1))).toMatchObject({ code: 0 })
    },
  )

  test("headers that come a byte at a time are cut off", async () => {
    await using receiver = await startReceiver({ httpPort: 0, traces: () => {}, limits })
    const socket = await open(receiver.url!)
    const head = "POST /v1/traces HTTP/1.1\r\nhost: localhost\r\nx-slow: "
    let sent = 0
    const drip = setInterval(() => socket.write(head[sent++] ?? "a"), 20)
    await closed(socket).finally(() => clearInterval(drip))
    expect(await post(`${receiver.url}/v1/traces`, protobufOf(1))).toMatchObject({ status: 200 })
  })

  test("a body that comes a byte at a time is cut off, and the sink hears nothing of it", async () => {
    let calls = 0
    await using receiver = await startReceiver({ httpPort: 0, traces: () => void calls++, limits })
    const socket = await open(receiver.url!)
    socket.write(
      "POST /v1/traces HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 100000\r\n\r\n",
    )
    let answer = ""
    socket.on("data", (chunk) => (answer += chunk.toString()))
    const drip = setInterval(() => socket.write(" "), 20)
    await closed(socket).finally(() => clearInterval(drip))
    expect(answer).toMatch(/^HTTP\/1\.1 408 Request Timeout\r\n/)
    expect(JSON.parse(answer.split("\r\n\r\n")[1]!)).toEqual({
      code: 4,
      message: "the request did not arrive in time; nothing was taken",
    })
    expect(calls).toBe(0)
    expect(await post(`${receiver.url}/v1/traces`, protobufOf(1))).toMatchObject({ status: 200 })
  })

  test("a gRPC message that comes a byte at a time is DEADLINE_EXCEEDED, and its connection is closed", async () => {
    let calls = 0
    await using receiver = await startReceiver({
      httpPort: false,
      grpcPort: 0,
      traces: () => void calls++,
      limits,
    })
    const { session, stream } = openCall(receiver.grpcUrl!)
    const ended = once(session, "close", { signal: AbortSignal.timeout(withinMillis) })
    const answered = once(stream, "response", { signal: AbortSignal.timeout(withinMillis) })
    stream.write(frame(Buffer.alloc(0), { length: 1000 }))
    const drip = setInterval(() => stream.writable && stream.write(Buffer.from([0])), 20)
    const [headers] = await answered.finally(() => clearInterval(drip))
    expect(headers["grpc-status"]).toBe("4")
    await ended
    expect(calls).toBe(0)
    expect(await call(receiver.grpcUrl!, protobufOf(1))).toMatchObject({ code: 0 })
  })

  test("a gRPC call whose message is complete but whose end never comes is DEADLINE_EXCEEDED, and closed", async () => {
    await using receiver = await startReceiver({ httpPort: false, grpcPort: 0, traces: () => {}, limits })
    const { session, stream } = openCall(receiver.grpcUrl!)
    const ended = once(session, "close", { signal: AbortSignal.timeout(withinMillis) })
    const answered = once(stream, "response", { signal: AbortSignal.timeout(withinMillis) })
    stream.write(frame(protobufOf(1)))
    const [headers] = await answered
    expect(headers["grpc-status"]).toBe("4")
    await ended
  })

  test.each([
    ["still arriving", frame(Buffer.alloc(600_000), { length: 700_000 }), "identity"],
    ["complete, without an end", frame(gzipSync(Buffer.alloc(600_000)), { compressed: true }), "gzip"],
  ])("a gRPC message that is %s counts as in flight until its call ends", async (_name, bytes, encoding) => {
    await using receiver = await startReceiver({
      httpPort: false,
      grpcPort: 0,
      traces: () => {},
      limits: { inFlightBytes: MiB },
    })
    const large = field(1, field(2, field(2, field(5, Buffer.alloc(500_000, "x")))))
    const answers = (code: number) =>
      vi.waitFor(
        async () => expect(await call(receiver.grpcUrl!, large)).toMatchObject({ code }),
        withinMillis,
      )
    await answers(0)
    const { session, stream } = openCall(receiver.grpcUrl!, { "grpc-encoding": encoding })
    stream.write(bytes)
    await answers(8)
    session.destroy()
    await answers(0)
  })

  test("what is no HTTP is 400 with a Status, and its connection is closed", async () => {
    await using receiver = await startReceiver({ httpPort: 0, traces: () => {}, limits })
    const socket = await open(receiver.url!)
    let answer = ""
    socket.on("data", (chunk) => (answer += chunk.toString()))
    socket.write("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
    await closed(socket)
    expect(answer).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/)
    expect(JSON.parse(answer.split("\r\n\r\n")[1]!).message).toMatch(/^not a request of HTTP\/1\.1: /)
  })

  test.each(["http", "grpc"] as const)(
    "a TLS handshake at %s that goes on for ever does not keep close waiting",
    async (door) => {
      const { key, cert } = certificate("server", { hosts: ["127.0.0.1"] })
      const receiver = await startReceiver({
        httpPort: 0,
        grpcPort: 0,
        traces: () => {},
        tls: { key, cert },
        limits: { headersTimeoutMillis: 60_000, closeTimeoutMillis: 50 },
      })
      const socket = await open(door === "http" ? receiver.url! : receiver.grpcUrl!)
      const gone = closed(socket)
      await receiver.close()
      await gone
    },
  )

  test("half of HTTP/2's preface is cut off", async () => {
    await using receiver = await startReceiver({ httpPort: false, grpcPort: 0, traces: () => {}, limits })
    const socket = await open(receiver.grpcUrl!)
    socket.write("PRI * HT")
    await closed(socket)
    expect(await call(receiver.grpcUrl!, protobufOf(1))).toMatchObject({ code: 0 })
  })
})
