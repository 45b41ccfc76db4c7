// What a destination answers: D2 to D6, D10, D11.
import { expect } from "vitest"
import type { Answer } from "../collector.ts"
import type { Fault } from "../fault.ts"
import { eventually, type Tally, type World } from "../world.ts"
import { collectors, durable, everywhere } from "./everywhere.ts"

const inOrder = (count: number, from = 0) => Array.from({ length: count }, (_, index) => from + index)

/** As HTTP and as gRPC say it. */
const says = (world: World, status: number, code: number, details = ""): Answer =>
  world.kind.includes("grpc") ? { grpc: { code, details } } : { status }

const waits =
  (seconds: number) =>
  async (world: World): Promise<Tally> => {
    const { collector } = world
    collector.answer = () => {
      if (collector.arrivals.length > 1) return {}
      return world.kind.includes("grpc")
        ? { grpc: { code: 8, retryAfter: seconds } }
        : { status: 429, headers: { "retry-after": String(seconds) } }
    }
    const app = world.start()
    await app.ask("spans", 10)
    await eventually(() => expect(collector.arrivals.length).toBe(1))
    await app.ask("spans", 10)
    await app.ask("flush")
    const tally = await world.settled(app)
    const [first, second] = collector.arrivals
    expect(second!.at - first!.at).toBeGreaterThanOrEqual(seconds * 1000 - 100)
    return tally
  }

const tooLarge = (limit: number) => (world: World) => {
  world.collector.answer = ({ bytes }) =>
    bytes <= limit
      ? {}
      : says(
          world,
          413,
          8,
          `grpc: received message after decompression larger than max (${bytes} vs. ${limit})`,
        )
}

/** A table that refuses some names, as a constraint does. */
const refuseNames = (world: World, pattern: string) =>
  world.command(`ALTER TABLE otel_traces ADD CONSTRAINT names CHECK NOT match(SpanName, '${pattern}')`)

const grpcCodes: readonly [name: string, answer: NonNullable<Answer["grpc"]>, isTriedAgain: boolean][] = [
  ["CANCELLED", { code: 1 }, true],
  ["DEADLINE_EXCEEDED", { code: 4 }, true],
  ["RESOURCE_EXHAUSTED with RetryInfo", { code: 8, retryAfter: 1 }, true],
  ["ABORTED", { code: 10 }, true],
  ["OUT_OF_RANGE", { code: 11 }, true],
  ["UNAVAILABLE", { code: 14 }, true],
  ["DATA_LOSS", { code: 15 }, true],
  ["UNKNOWN", { code: 2 }, false],
  ["INVALID_ARGUMENT", { code: 3 }, false],
  ["NOT_FOUND", { code: 5 }, false],
  ["ALREADY_EXISTS", { code: 6 }, false],
  ["RESOURCE_EXHAUSTED without RetryInfo", { code: 8 }, false],
  ["FAILED_PRECONDITION", { code: 9 }, false],
  ["UNIMPLEMENTED", { code: 12 }, false],
  ["INTERNAL", { code: 13 }, false],
]

const grpcFaults = grpcCodes.map(([name, answer, isTriedAgain]): Fault => ({
  id: "D11",
  when: `gRPC status ${name}`,
  happens: isTriedAgain
    ? "Tried again."
    : "One attempt; the batch is dropped and counted, the next one flows.",
  on: ["grpc"],
  run: async (world) => {
    const { collector } = world
    collector.answer = () => (collector.arrivals.length > 1 ? {} : { grpc: answer })
    const app = world.start()
    await app.ask("spans", 10)
    await eventually(() => expect(collector.arrivals.length).toBeGreaterThan(0))
    const first = collector.arrivals[0]!
    const tally = await world.settled(app)
    expect(collector.arrivals).toHaveLength(isTriedAgain ? 2 : 1)
    if (answer.retryAfter !== undefined) {
      expect(collector.arrivals[1]!.at - first.at).toBeGreaterThanOrEqual(answer.retryAfter * 1000 - 10)
    }
    return tally
  },
}))

export const answerFaults: readonly Fault[] = [
  {
    id: "D2",
    when: "429 with Retry-After, RESOURCE_EXHAUSTED with RetryInfo",
    happens: "Nothing is sent sooner, not even by `flush()`; nothing is lost.",
    on: collectors,
    run: waits(2),
  },
  {
    id: "D2",
    when: "429 with a Retry-After of 12 s, which upstream's exporters keep to themselves",
    happens: "It is read from Node's diagnostics channel: nothing is sent sooner, nothing is lost.",
    on: durable.filter((kind) => !kind.includes("grpc")),
    run: waits(12),
  },
  {
    id: "D2",
    when: "ClickHouse has too many parts, too many queries",
    happens: "Nothing is lost.",
    on: ["clickhouse"],
    run: async (world) => {
      for (const exception of [252, 202]) await world.failInserts(exception)
      const app = world.start()
      await app.ask("spans", 100)
      return world.settled(app)
    },
  },
  {
    id: "D3",
    when: "503, many clients",
    happens: "Each waits 0.25 to 0.5 s, then twice as long each time up to 30 s, at times of its own.",
    on: collectors,
    run: async (world) => {
      const { collector } = world
      const clientOf = (ids: readonly string[]) => Math.floor(Number(ids[0]!.split("-")[1]) / 1_000_000)
      collector.answer = ({ ids }) => {
        const tries = collector.arrivals.filter((one) => clientOf(one.ids) === clientOf(ids)).length
        return tries > 3 ? {} : says(world, 503, 14)
      }
      const apps = Array.from({ length: 8 }, (_, index) =>
        world.start({ OTEL_SERVICE_NAME: `client-${index}` }),
      )
      await Promise.all(apps.map((app) => app.ask("spans", 10)))
      await Promise.all(apps.map((app) => world.settled(app)))
      const waitsOf = apps.map((_, index) => {
        const at = collector.arrivals.filter(({ ids }) => clientOf(ids) === index).map((one) => one.at)
        return at.slice(1).map((time, attempt) => time - at[attempt]!)
      })
      for (const [first, second, third] of waitsOf as [number, number, number][]) {
        expect(first).toBeGreaterThanOrEqual(245)
        expect(second).toBeGreaterThanOrEqual(495)
        expect(third).toBeGreaterThanOrEqual(995)
      }
      const seconds = waitsOf.map(([, second]) => second!)
      expect(Math.max(...seconds) - Math.min(...seconds)).toBeGreaterThan(50)
      return world.tally(apps[0]!)
    },
  },
  {
    id: "D4",
    when: "400, INVALID_ARGUMENT",
    happens: "One attempt; the batch is dropped and counted as `refused`, the next one flows.",
    on: [...collectors, ...durable],
    run: async (world) => {
      const { collector } = world
      collector.answer = () => (collector.arrivals.length === 1 ? says(world, 400, 3) : {})
      const app = world.start()
      await app.ask("spans", 10)
      await app.ask("flush")
      await app.ask("spans", 10)
      await app.ask("flush")
      const tally = await world.settled(app)
      expect(collector.arrivals).toHaveLength(2)
      expect(await world.numbers()).toEqual(inOrder(10, 10))
      return tally
    },
  },
  {
    id: "D4",
    when: "ClickHouse refuses every row of a batch",
    happens: "They are dropped and counted as `rejected`, the next batch flows.",
    on: ["clickhouse"],
    run: async (world) => {
      await refuseNames(world, "^span-[0-9]$")
      const app = world.start()
      await app.ask("spans", 10)
      await app.ask("flush")
      await app.ask("spans", 10)
      const tally = await world.settled(app)
      expect(await world.numbers()).toEqual(inOrder(10, 10))
      return tally
    },
  },
  {
    id: "D5",
    when: "413, RESOURCE_EXHAUSTED for a message that is larger than max",
    happens:
      "The batch is split until it fits. What alone is too large is dropped and counted as `too_large`.",
    on: [...collectors, ...durable],
    run: async (world) => {
      tooLarge(100_000)(world)
      const app = world.start()
      await app.ask("spans", 100, 5000)
      await app.ask("flush")
      await app.ask("spans", 2, 60_000) // two fit, one by one
      await app.ask("flush")
      tooLarge(30_000)(world)
      await app.ask("spans", 1, 50_000)
      await app.ask("spans", 5)
      await app.ask("flush")
      return world.settled(app)
    },
  },
  {
    id: "D5",
    when: "an insert is too large for ClickHouse's memory",
    happens: "It is cut until it fits.",
    on: ["clickhouse"],
    run: async (world) => {
      await world.failInserts(241, 3)
      const app = world.start()
      await app.ask("spans", 100)
      return world.settled(app)
    },
  },
  {
    id: "D6",
    when: "partial success: 7 of 10 rejected",
    happens:
      "Nothing is sent again. The rejected are counted as `rejected`, one line repeats the server's message.",
    on: collectors,
    run: async (world) => {
      // ExportTraceServiceResponse: partial_success (1) of rejected_spans (1) = 7, error_message (2) = "too old".
      const binary = Uint8Array.from([10, 11, 8, 7, 18, 7, ...Buffer.from("too old")])
      const json = JSON.stringify({ partialSuccess: { rejectedSpans: "7", errorMessage: "too old" } })
      world.collector.answer = () => ({ body: world.kind === "http/json" ? json : binary, rejected: 7 })
      const app = world.start()
      await app.ask("spans", 10)
      await app.ask("flush")
      const tally = await world.settled(app)
      expect(world.collector.arrivals).toHaveLength(1)
      await app.ask("end")
      expect((await app.ended).stderr).toMatch(/^clickstack: .*rejected 7 of the traces: too old\n$/)
      return tally
    },
  },
  {
    id: "D6",
    when: "ClickHouse refuses 7 rows of 10",
    happens:
      "The others are stored. The refused are counted as `rejected`, one line repeats the server's message.",
    on: ["clickhouse"],
    env: { OTEL_EXPORTER_OTLP_TIMEOUT: "60000" },
    run: async (world) => {
      await refuseNames(world, "^span-[0-6]$")
      const app = world.start()
      await app.ask("spans", 10)
      await app.ask("flush")
      const tally = await world.settled(app)
      await app.ask("end")
      expect((await app.ended).stderr).toMatch(
        /^clickstack: http.* 7 rows for otel_traces cannot be stored: .*$/m,
      )
      return tally
    },
  },
  {
    id: "D10",
    when: "a wrong key or password, then the right one",
    happens:
      "The data is kept and tried once a minute, since a corrected key saves it. One line says what to look at.",
    on: everywhere,
    run: async (world) => {
      const { kind } = world
      const wrong = new URL(world.env["CLICKSTACK_CLICKHOUSE_URL"] ?? "http://localhost")
      wrong.password = "wrong"
      if (kind !== "clickhouse") world.collector.answer = () => says(world, 401, 16)
      const app = world.start(kind === "clickhouse" ? { CLICKSTACK_CLICKHOUSE_URL: wrong.href } : {})
      await app.ask("spans", 10)
      await app.ask("flush")
      await app.ask("spans", 10)
      await app.ask("flush")
      if (kind !== "clickhouse") expect(world.collector.arrivals).toHaveLength(1) // once a minute
      await app.ask("end")
      expect((await app.ended).stderr).toMatch(
        /^clickstack: .*(API key is refused|headers are missing|check the user name and the password).*\n$/,
      )
      expect(await world.tally(20)).toMatchObject({ delivered: 0, spooled: 20 })
      if (kind !== "clickhouse") world.collector.answer = () => ({})
      return world.settled(world.start())
    },
  },
  {
    id: "D10",
    when: "an expired certificate, then a good one",
    happens: "The data is kept. One line says that the certificate is not trusted.",
    on: everywhere,
    run: async (world) => {
      const front = await world.tlsFront()
      const app = world.start(front.env)
      await app.ask("spans", 10)
      await eventually(async () =>
        expect((await app.ask("stats")).stats.traces[0]!.lastError).toMatch(/certificate/),
      )
      await app.ask("spans", 10)
      await app.ask("end")
      const { stderr, code } = await app.ended
      expect(code).toBe(0)
      expect(stderr).toMatch(/^clickstack: .*certificate.*kept on disk and sent later\n$/)
      expect(await world.tally(20)).toMatchObject({ delivered: 0, spooled: 20 })
      front.renew()
      return world.settled(world.start(front.env))
    },
  },
  ...grpcFaults,
]
