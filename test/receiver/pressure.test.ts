// Back-pressure: a slow sink gets what it was promised and no more, senders are told when to come back, and what
// they send in the end is taken once.
import { connect } from "node:net"
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-proto"
import type { ExportResult } from "@opentelemetry/core"
import { ReceiverError, type ReceivedSpan, startReceiver } from "@clickstack/receiver"
import { describe, expect, test } from "vitest"
import { field } from "./bytes.ts"
import { call, post, protobufOf } from "./requests.ts"
import { spans } from "./telemetry.ts"

/** A request of one span with this name. */
const named = (name: string) => field(1, field(2, field(2, field(5, Buffer.from(name)))))

/** A sink whose calls wait until they are let go, and which counts how many it has at once. */
function gate() {
  const waiting: (() => void)[] = []
  const taken: string[] = []
  const state = { active: 0, most: 0 }
  const traces = async (data: ReceivedSpan[]) => {
    state.most = Math.max(state.most, ++state.active)
    await new Promise<void>((resolve) => waiting.push(resolve))
    taken.push(...data.map(({ name }) => name))
    state.active--
  }
  return { traces, taken, state, waiting, letOneGo: () => waiting.shift()?.() }
}

const until = async (condition: () => boolean) => {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve))
}

describe.each(["http", "grpc"] as const)("over %s", (door) => {
  interface Told {
    ok: boolean
    overloaded: boolean
    delay: number | undefined
  }

  async function send(
    receiver: { url: string | undefined; grpcUrl: string | undefined },
    name: string,
  ): Promise<Told> {
    if (door === "http") {
      const { status, headers } = await post(`${receiver.url}/v1/traces`, named(name))
      const delay = headers.get("retry-after")
      return {
        ok: status === 200,
        overloaded: status === 503,
        delay: delay === null ? undefined : Number(delay),
      }
    }
    const { code, retrySeconds } = await call(receiver.grpcUrl!, named(name))
    return { ok: code === 0, overloaded: code === 8, delay: retrySeconds }
  }

  test("a slow sink gets at most the configured requests at once, and every request is taken exactly once", async () => {
    const { traces, taken, state, letOneGo } = gate()
    const limits = { requests: 3, retryAfterSeconds: 7 }
    await using receiver = await startReceiver({ httpPort: 0, grpcPort: 0, traces, limits })
    const names = Array.from({ length: 30 }, (_, i) => `span ${i}`)
    let refusals = 0
    const sender = async (name: string) => {
      for (;;) {
        const told = await send(receiver, name)
        if (told.ok) return
        expect(told).toEqual({ ok: false, overloaded: true, delay: 7 })
        refusals++
      }
    }
    const sent = Promise.all(names.map(sender))
    const opener = setInterval(letOneGo, 1)
    await sent.finally(() => clearInterval(opener))
    expect(taken.toSorted()).toEqual(names.toSorted())
    expect(state.most).toBe(3)
    expect(refusals).toBeGreaterThan(0)
    expect(receiver.stats().traces).toEqual({ accepted: 30, refused: refusals, taken: 30 })
  })

  test("one signal's slow sink does not stop another's", async () => {
    const { traces, waiting, letOneGo } = gate()
    const limits = { requests: 1 }
    const logs = () => {}
    await using receiver = await startReceiver({ httpPort: 0, grpcPort: 0, traces, logs, limits })
    const first = send(receiver, "first")
    await until(() => waiting.length === 1)
    expect(await send(receiver, "second")).toMatchObject({ overloaded: true })
    if (door === "http")
      expect(await post(`${receiver.url}/v1/logs`, new Uint8Array())).toMatchObject({ status: 200 })
    else {
      const path = "/opentelemetry.proto.collector.logs.v1.LogsService/Export"
      expect(await call(receiver.grpcUrl!, new Uint8Array(), { path })).toMatchObject({ code: 0 })
    }
    letOneGo()
    expect(await first).toMatchObject({ ok: true })
  })

  test("the bytes of all requests together are bounded", async () => {
    const { traces, waiting, letOneGo } = gate()
    const limits = { inFlightBytes: named("a").length + 5 }
    await using receiver = await startReceiver({ httpPort: 0, grpcPort: 0, traces, limits })
    const first = send(receiver, "a")
    await until(() => waiting.length === 1)
    expect(await send(receiver, "b")).toEqual({ ok: false, overloaded: true, delay: 5 })
    letOneGo()
    expect(await first).toMatchObject({ ok: true })
    const again = send(receiver, "b")
    await until(() => waiting.length === 1)
    letOneGo()
    expect(await again).toMatchObject({ ok: true })
  })

  test("a sink's partial success and its failures reach the sender", async () => {
    let error: unknown
    const traces = () => {
      if (error !== undefined) throw error
      return { rejected: 300, message: "too old" }
    }
    await using receiver = await startReceiver({ httpPort: 0, grpcPort: 0, traces })
    if (door === "grpc") {
      const { body } = await call(receiver.grpcUrl!, protobufOf(1))
      expect(body?.toString("hex")).toBe(`0a0c08ac021207${Buffer.from("too old").toString("hex")}`)
      error = new Error("disk full")
      expect(await call(receiver.grpcUrl!, protobufOf(1))).toMatchObject({ code: 14, retrySeconds: 5 })
      error = Object.assign(new Error("never"), { retryable: false })
      const final = await call(receiver.grpcUrl!, protobufOf(1))
      expect(final).toMatchObject({ code: 13 })
      expect(final.retrySeconds).toBeUndefined()
      // A lone surrogate in the message would make grpc-js throw.
      error = new ReceiverError("REJECTED", "bad \ud800 name")
      expect(await call(receiver.grpcUrl!, protobufOf(1))).toMatchObject({
        code: 3,
        details: "bad \ufffd name",
      })
    } else {
      expect((await post(`${receiver.url}/v1/traces`, protobufOf(1))).body.toString("hex")).toBe(
        `0a0c08ac021207${Buffer.from("too old").toString("hex")}`,
      )
      error = new ReceiverError("REJECTED", "bad \ud800 name")
      expect(await post(`${receiver.url}/v1/traces`, protobufOf(1))).toMatchObject({
        status: 400,
        message: "bad \ufffd name",
      })
    }
  })
})

test("the stock exporter waits as long as it is told, and its spans arrive once", async () => {
  const calls: number[] = []
  const taken: ReceivedSpan[] = []
  await using receiver = await startReceiver({
    httpPort: 0,
    traces: (data) => {
      calls.push(performance.now())
      if (calls.length === 1) throw new ReceiverError("OVERLOADED", "later", { retryAfter: 1 })
      taken.push(...data)
    },
  })
  const exporter = new OTLPTraceExporter({ url: `${receiver.url}/v1/traces` })
  const result = await new Promise<ExportResult>((resolve) => exporter.export(spans(10), resolve))
  await exporter.shutdown()
  expect(result.code).toBe(0)
  expect(taken).toHaveLength(10)
  expect(calls).toHaveLength(2)
  expect(calls[1]! - calls[0]!).toBeGreaterThanOrEqual(990)
})

test("a sender that goes away in the middle leaves nothing behind", async () => {
  let calls = 0
  const limits = { inFlightBytes: 100_000 }
  await using receiver = await startReceiver({ httpPort: 0, traces: () => void calls++, limits })
  const { hostname, port } = new URL(receiver.url!)
  for (let i = 1; i <= 20; i++) {
    const socket = connect(Number(port), hostname)
    socket.write(
      "POST /v1/traces HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/x-protobuf\r\ncontent-length: 60000\r\n\r\n",
    )
    socket.end(new Uint8Array(20_000))
    await until(() => receiver.stats().traces.refused === i)
  }
  // All that they held was given back, or this would be refused.
  const { status } = await post(`${receiver.url}/v1/traces`, protobufOf(150))
  expect(protobufOf(150).length).toBeGreaterThan(80_000)
  expect([status, calls]).toEqual([200, 1])
})
