// FAULTS D1 to D15 with real processes: one app, a proxy that makes trouble, a collector that answers as it is told.
// In each, what was produced is delivered, dropped and counted, or on disk.
import { afterEach, describe, expect, test } from "vitest"
import * as grpc from "@grpc/grpc-js"
import { type App, balance, startApp, stateDirectory } from "./app.ts"
import { type Answer, type Collector, startCollector, startGrpcCollector } from "./collector.ts"
import { startWireProxy, type WireProxy } from "@clickstack/testing"

const protocols = ["http/protobuf", "http/json", "grpc"] as const
const overHttp = ["http/protobuf", "http/json"] as const
/** Milliseconds; the outage of D1 takes 10 minutes with DELIVERY_OUTAGE=600000. */
const outage = Number(process.env["DELIVERY_OUTAGE"] ?? 3000)

interface World {
  readonly collector: Collector
  readonly proxy: WireProxy
  readonly app: App
  readonly state: string
}

const stack: AsyncDisposable[] = []
afterEach(async () => {
  for (const one of stack.splice(0).toReversed()) await one[Symbol.asyncDispose]()
})

async function world(protocol: string, env: Record<string, string> = {}): Promise<World> {
  const state = stateDirectory()
  stack.push({ [Symbol.asyncDispose]: async () => state[Symbol.dispose]() })
  const collector = await (protocol === "grpc" ? startGrpcCollector() : startCollector())
  stack.push(collector)
  const proxy = await startWireProxy(() => collector.port)
  stack.push(proxy)
  const app = startApp({
    OTEL_EXPORTER_OTLP_ENDPOINT: proxy.url,
    OTEL_EXPORTER_OTLP_PROTOCOL: protocol,
    CLICKSTACK_TRACES_DELAY: "100",
    XDG_STATE_HOME: state.path,
    ...env,
  })
  stack.push(app)
  return { collector, proxy, app, state: state.path }
}

const spans = (count: number, from = 0) => Array.from({ length: count }, (_, index) => `span-${from + index}`)
const unique = (ids: readonly string[]) => [...new Set(ids)]
const sorted = (ids: readonly string[]) => unique(ids).toSorted((a, b) => number(a) - number(b))
const number = (id: string) => Number(id.split("-")[1])
const sum = (counts: object) =>
  Object.values(counts).reduce((total: number, count: number) => total + count, 0)

/** Everything that was produced has arrived, each once, and the sums agree. */
async function allArrived({ app, collector }: World, count: number): Promise<void> {
  await expect.poll(() => unique(collector.taken).length, { timeout: 40_000 }).toBe(count)
  expect(sorted(collector.taken)).toEqual(spans(count))
  await expect.poll(async () => (await app.ask("stats")).stats.traces[0]!.spooled).toBe(0)
  const { stats } = await app.ask("flush")
  expect(stats.traces[0]).toMatchObject({ produced: count, delivered: count, spooled: 0, waiting: 0 })
  expect(balance(stats).in).toBe(balance(stats).out)
}

describe.each(protocols)("over %s", (protocol) => {
  test("D1: nothing is lost while the collector is away, and it is one line", async () => {
    const here = await world(protocol)
    await here.proxy.become({ kind: "refuse" })
    const { stats } = await here.app.ask("rate", 200, outage)
    const { produced, spooled, waiting } = stats.traces[0]!
    expect(spooled + waiting).toBe(produced)
    await expect.poll(async () => (await here.app.ask("stats")).stats.traces[0]!.waiting).toBe(0)
    await here.proxy.become({ kind: "none" })
    await allArrived(here, produced)
    await here.app.ask("end")
    const { stderr, code } = await here.app.ended
    expect(code).toBe(0)
    expect(stderr.trim().split("\n")).toHaveLength(1)
    expect(stderr).toMatch(
      /^clickstack: traces to http:\/\/127\.0\.0\.1:\d+: .*kept on disk and sent later\n$/,
    )
  })

  test("D7: an attempt without an answer ends at its deadline, and nothing is lost", async () => {
    const here = await world(protocol, {
      OTEL_EXPORTER_OTLP_TIMEOUT: "1000",
      CLICKSTACK_TRACES_EXPORT_TIMEOUT: "1200",
    })
    await here.proxy.become({ kind: "stall" })
    await here.app.ask("spans", 10)
    const flushed = await here.app.ask("flush")
    expect(flushed.took).toBeGreaterThan(900)
    expect(flushed.took).toBeLessThan(1300)
    expect(flushed.stats.traces[0]!.lastError).toMatch(/no answer within 1000 ms|DEADLINE|Deadline/)
    await here.proxy.become({ kind: "none" })
    await here.app.ask("flush")
    await allArrived(here, 10)
  })

  test("D12: 10,000 spans in one tick, 100,000 before a flush", async () => {
    const here = await world(protocol)
    await here.app.ask("spans", 10_000)
    await allArrived(here, 10_000)
    await here.app.ask("spans", 100_000)
    await allArrived(here, 110_000)
  })
})

describe.each(overHttp)("over %s", (protocol) => {
  test("D2: nothing is sent before Retry-After has passed, and nothing is lost", async () => {
    const here = await world(protocol)
    const { collector, app } = here
    collector.answer = () =>
      collector.arrivals.length > 1 ? {} : { status: 429, headers: { "retry-after": "2" } }
    await app.ask("spans", 10)
    await allArrived(here, 10)
    expect(collector.arrivals[1]!.at - collector.arrivals[0]!.at).toBeGreaterThanOrEqual(1990)
  })

  test("D4: what is refused is sent once and counted, and the next batch flows", async () => {
    const { collector, app } = await world(protocol)
    collector.answer = () => ({ status: collector.arrivals.length === 1 ? 400 : 200 })
    await app.ask("spans", 10)
    await app.ask("flush")
    await app.ask("spans", 10)
    const { stats } = await app.ask("flush")
    expect(collector.arrivals).toHaveLength(2)
    expect(stats.traces[0]).toMatchObject({ delivered: 10, dropped: { refused: 10 } })
    expect(collector.taken).toEqual(spans(10, 10))
  })

  test("D5: a batch above what the server takes is split, and only what alone is too large is dropped", async () => {
    const { collector, app } = await world(protocol)
    collector.answer = ({ bytes }) => ({ status: bytes > 100_000 ? 413 : 200 })
    await app.ask("spans", 100, 5000)
    await app.ask("spans", 2, 60_000) // two fit, one by one
    const { stats } = await app.ask("flush")
    expect(sorted(collector.taken)).toEqual(spans(102))
    expect(stats.traces[0]).toMatchObject({ delivered: 102, waiting: 0, spooled: 0 })
    collector.answer = ({ bytes }) => ({ status: bytes > 30_000 ? 413 : 200 })
    await app.ask("spans", 1, 50_000)
    await app.ask("spans", 5)
    const after = await app.ask("flush")
    expect(after.stats.traces[0]).toMatchObject({ delivered: 107, dropped: { too_large: 1 }, waiting: 0 })
  })

  test("D6: of a partial success nothing is sent again, and the rejected are counted", async () => {
    const { collector, app } = await world(protocol)
    // ExportTraceServiceResponse: partial_success (1) of rejected_spans (1) = 7, error_message (2) = "too old".
    const binary = Uint8Array.from([10, 11, 8, 7, 18, 7, ...Buffer.from("too old")])
    const json = JSON.stringify({ partialSuccess: { rejectedSpans: "7", errorMessage: "too old" } })
    collector.answer = () => ({ body: protocol === "http/json" ? json : binary })
    await app.ask("spans", 10)
    const { stats } = await app.ask("flush")
    expect(collector.arrivals).toHaveLength(1)
    expect(stats.traces[0]).toMatchObject({ delivered: 3, dropped: { rejected: 7 }, waiting: 0 })
    await app.ask("end")
    expect((await app.ended).stderr).toMatch(/^clickstack: .*rejected 7 of the traces: too old\n$/)
  })

  test("D10: what a wrong key refuses is kept, and said once", async () => {
    const here = await world(protocol)
    let isWrong = true
    here.collector.answer = () => ({ status: isWrong ? 401 : 200 })
    await here.app.ask("spans", 10)
    await here.app.ask("flush")
    await here.app.ask("spans", 10)
    await here.app.ask("flush")
    expect(here.collector.arrivals).toHaveLength(1) // once a minute
    isWrong = false
    await here.app.ask("end")
    expect((await here.app.ended).stderr).toMatch(/^clickstack: .*answered 401: the API key is refused;.*\n$/)
    const next = startApp({
      OTEL_EXPORTER_OTLP_ENDPOINT: here.proxy.url,
      OTEL_EXPORTER_OTLP_PROTOCOL: protocol,
      XDG_STATE_HOME: here.state,
    })
    stack.push(next)
    await expect.poll(() => sorted(here.collector.taken), { timeout: 10_000 }).toEqual(spans(20))
    expect((await next.ask("stats")).stats.traces[0]).toMatchObject({ produced: 0, adopted: 20 })
  })
})

describe("whatever the protocol", () => {
  test("D3: eight clients that are refused 503 come back at times of their own", async () => {
    const state = stateDirectory()
    stack.push({ [Symbol.asyncDispose]: async () => state[Symbol.dispose]() })
    const collector = await startCollector()
    stack.push(collector)
    collector.answer = ({ ids }) => ({
      status: collector.arrivals.filter((one) => one.ids[0] === ids[0]).length > 3 ? 200 : 503,
    })
    const apps = Array.from({ length: 8 }, (_, index) =>
      startApp({
        OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
        OTEL_SERVICE_NAME: `client-${index}`,
        CLICKSTACK_TRACES_DELAY: "10",
        XDG_STATE_HOME: state.path,
      }),
    )
    stack.push(...apps)
    await Promise.all(apps.map((app, index) => app.ask("named", `client-${index}`)))
    await expect.poll(() => unique(collector.taken).length, { timeout: 20_000 }).toBe(8)
    const waits = apps.map((_, index) => {
      const at = collector.arrivals.filter(({ ids }) => ids[0] === `client-${index}`).map((one) => one.at)
      return at.slice(1).map((time, attempt) => time - at[attempt]!)
    })
    for (const [first, second, third] of waits as [number, number, number][]) {
      expect(first).toBeGreaterThanOrEqual(249)
      expect(second).toBeGreaterThanOrEqual(499)
      expect(third).toBeGreaterThanOrEqual(999)
    }
    const seconds = waits.map(([, second]) => second!)
    expect(Math.max(...seconds) - Math.min(...seconds)).toBeGreaterThan(50)
  })

  test.each([
    ["before the body", 0],
    ["inside the body", 2000],
    ["after the body", "answer"],
  ] as const)("D8: a connection reset %s loses nothing and doubles one batch at most", async (_, after) => {
    const here = await world("http/protobuf", { OTEL_EXPORTER_OTLP_COMPRESSION: "none" })
    await here.proxy.become({ kind: "reset", after })
    await here.app.ask("spans", 100)
    await expect.poll(async () => (await here.app.ask("stats")).stats.traces[0]!.lastError).toBeDefined()
    await here.proxy.become({ kind: "none" })
    await allArrived(here, 100)
    expect(here.collector.taken.length).toBeLessThanOrEqual(200)
  })

  test.each([
    ["D7: an answer dripped at 1 byte/s", { kind: "drip", bytesPerSecond: 1 }],
    ["D9: a server that reads 1 KB/s", { kind: "slow", bytesPerSecond: 1000 }],
  ] as const)("%s ends at the deadline, memory stays flat, nothing is lost", async (_, trouble) => {
    const here = await world("http/protobuf", {
      OTEL_EXPORTER_OTLP_TIMEOUT: "1000",
      OTEL_EXPORTER_OTLP_COMPRESSION: "none",
    })
    const before = (await here.app.ask("spans", 100)).rss
    await here.app.ask("flush")
    await here.proxy.become(trouble)
    await here.app.ask("spans", 1000, 1000)
    await expect
      .poll(async () => (await here.app.ask("stats")).stats.traces[0]!.lastError, { timeout: 10_000 })
      .toMatch(/no answer within 1000 ms/)
    const { rss } = await here.app.ask("stats")
    expect(rss - before).toBeLessThan(60_000_000)
    await here.proxy.become({ kind: "none" })
    await allArrived(here, 1100)
  })

  test("D13: 2,048 spans of 512 KB stay within the memory that is set, and on disk", async () => {
    const here = await world("http/protobuf", { CLICKSTACK_QUEUE_BYTES: String(16 * 1024 * 1024) })
    await here.proxy.become({ kind: "stall" })
    const { stats } = await here.app.ask("spans", 2048, 512_000)
    const { produced, queueBytes, spooled, waiting, dropped } = stats.traces[0]!
    expect(produced).toBe(2048)
    expect(queueBytes).toBeLessThanOrEqual(16 * 1024 * 1024)
    expect(spooled + waiting).toBe(2048)
    expect(sum(dropped)).toBe(0)
  })

  test("D14: keep-alive connections that the server closes lose nothing", async () => {
    const here = await world("http/protobuf")
    for (let round = 0; round < 5; round++) {
      await here.app.ask("spans", 10)
      await here.app.ask("flush")
      await here.proxy.become({ kind: "none" }) // cuts what is open
    }
    await allArrived(here, 50)
  })

  test.each([
    ["a day forward", 86_400_000],
    ["an hour back", -3_600_000],
  ])("D15: the clock jumps %s while it waits, and the wait is what it was", async (_, shift) => {
    const here = await world("http/protobuf")
    here.collector.answer = () =>
      here.collector.arrivals.length > 1 ? {} : { status: 503, headers: { "retry-after": "2" } }
    await here.app.ask("spans", 10)
    await expect.poll(() => here.collector.arrivals.length).toBe(1)
    await here.app.ask("clock", shift)
    await allArrived(here, 10)
    const [first, second] = here.collector.arrivals
    expect(second!.at - first!.at).toBeGreaterThanOrEqual(1990)
    expect(second!.at - first!.at).toBeLessThan(6000)
  })
})

describe("D11: gRPC", () => {
  const retryInfo = new grpc.Metadata()
  // google.rpc.Status with details (3): Any of type (1) and value (2): RetryInfo of a delay (1) of 1 s (1).
  const type = "type.googleapis.com/google.rpc.RetryInfo"
  const any = [10, type.length, ...Buffer.from(type), 18, 4, 10, 2, 8, 1]
  retryInfo.set("grpc-status-details-bin", Buffer.from([26, any.length, ...any]))

  test.each<[string, Answer["grpc"], "again" | "dropped"]>([
    ["CANCELLED", { code: 1 }, "again"],
    ["UNKNOWN", { code: 2 }, "dropped"],
    ["INVALID_ARGUMENT", { code: 3 }, "dropped"],
    ["DEADLINE_EXCEEDED", { code: 4 }, "again"],
    ["RESOURCE_EXHAUSTED without RetryInfo", { code: 8 }, "dropped"],
    ["RESOURCE_EXHAUSTED with RetryInfo", { code: 8, metadata: retryInfo }, "again"],
    ["ABORTED", { code: 10 }, "again"],
    ["OUT_OF_RANGE", { code: 11 }, "again"],
    ["UNIMPLEMENTED", { code: 12 }, "dropped"],
    ["UNAVAILABLE", { code: 14 }, "again"],
    ["DATA_LOSS", { code: 15 }, "again"],
  ])("%s", async (_, failure, expected) => {
    const here = await world("grpc")
    here.collector.answer = () => (here.collector.arrivals.length > 1 ? {} : { grpc: failure! })
    await here.app.ask("spans", 10)
    if (expected === "again") {
      await allArrived(here, 10)
      const [first, second] = here.collector.arrivals
      if (failure!.metadata !== undefined) expect(second!.at - first!.at).toBeGreaterThanOrEqual(990)
    } else {
      const { stats } = await here.app.ask("flush")
      expect(stats.traces[0]).toMatchObject({ dropped: { refused: 10 }, waiting: 0, spooled: 0 })
      expect(here.collector.arrivals).toHaveLength(1)
    }
  })
})
