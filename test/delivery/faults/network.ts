// What the network and an absent or hanging destination do: D1, D7, D8, D9, D14, D15, and the order in which what
// was kept is sent.
import { expect } from "vitest"
import type { Fault } from "../fault.ts"
import { eventually, type Tally, type World } from "../world.ts"
import { collectors, durable, everywhere, overHttp } from "./everywhere.ts"

const quick = { OTEL_EXPORTER_OTLP_TIMEOUT: "2000", OTEL_EXPORTER_OTLP_COMPRESSION: "none" }
const inOrder = (count: number, from = 0) => Array.from({ length: count }, (_, index) => from + index)
const lines = (stderr: string) => stderr.split("\n").filter((line) => line !== "")
const allowedGrowth = 60_000_000

/** At 200 spans a second; all of it is kept meanwhile, and there when the destination is back. */
const outage = (milliseconds: number) => async (world: World) => {
  await world.proxy.become({ kind: "refuse" })
  const app = world.start()
  const { stats, issued } = await app.ask("rate", 200, milliseconds)
  const { spooled, waiting } = stats.traces[0]!
  expect(spooled + waiting).toBe(issued)
  await eventually(async () => {
    const { waiting: left, lastError } = (await app.ask("stats")).stats.traces[0]!
    expect(left).toBe(0)
    expect(lastError).toBeDefined() // upstream's exporters try for some seconds by themselves
  })
  await world.proxy.become({ kind: "none" })
  const tally = await world.settled(app)
  expect(await world.numbers()).toEqual(inOrder(issued))
  await app.ask("end")
  const { code, signal, stdout, stderr } = await app.ended
  expect({ code, signal, stdout }).toEqual({ code: 0, signal: null, stdout: "" })
  expect(lines(stderr)).toHaveLength(1)
  expect(stderr).toMatch(
    /^clickstack: traces to (http:\/\/)?(\*\*\*@)?127\.0\.0\.1:\d+\S*: .*kept on disk and sent later\n$/,
  )
  return tally
}

/** Spans that get no answer from the trouble, and arrive when it is over; the attempt is over at its deadline. */
const noAnswer =
  (cause: (world: World) => Promise<void>) =>
  async (world: World): Promise<Tally> => {
    const app = world.start()
    await app.ask("spans", 10)
    await world.settled(app)
    const before = (await app.ask("stats")).rss
    await cause(world)
    const began = performance.now()
    await app.ask("spans", 1000, 1000)
    const failed = async () => (await app.ask("stats")).stats.traces[0]!.lastError
    await eventually(async () => expect(await failed()).toMatch(/no answer|deadline|timeout/i))
    // The deadline is 2 s, and the spans wait 0.1 s for others. On a busy machine timers are late, so it is printed.
    const took = performance.now() - began
    console.log(`${world.kind}: the attempt ended after ${Math.round(took)} ms`)
    expect(took).toBeLessThan(20_000)
    expect((await app.ask("stats")).rss - before).toBeLessThan(allowedGrowth)
    await world.proxy.become({ kind: "none" })
    return world.settled(app)
  }

const reset = (after: number | "answer") => async (world: World) => {
  const app = world.start()
  await world.proxy.become({ kind: "reset", after })
  await app.ask("spans", 100, 100)
  await eventually(async () => expect((await app.ask("stats")).stats.traces[0]!.lastError).toBeDefined())
  await world.proxy.become({ kind: "none" })
  const tally = await world.settled(app)
  const ids = await world.arrived()
  console.log(`${world.kind}: ${ids.length - tally.delivered} spans arrived twice`)
  return tally
}

const jump = (milliseconds: number) => async (world: World) => {
  world.collector.answer = () =>
    world.collector.arrivals.length > 1
      ? {}
      : world.kind === "grpc"
        ? { grpc: { code: 14, retryAfter: 2 } }
        : { status: 503, headers: { "retry-after": "2" } }
  const app = world.start()
  await app.ask("spans", 10)
  await eventually(() => expect(world.collector.arrivals.length).toBe(1))
  await app.ask("clock", milliseconds)
  const tally = await world.settled(app)
  const [first, second] = world.collector.arrivals
  expect(second!.at - first!.at).toBeGreaterThanOrEqual(1990)
  // Nowhere near an hour or a day.
  expect(second!.at - first!.at).toBeLessThan(30_000)
  return tally
}

export const networkFaults: readonly Fault[] = [
  {
    id: "D1",
    when: "the destination refuses connections",
    happens:
      "Nothing is lost. What is recorded goes to disk and is sent, oldest first, when the destination is back. One line on stderr says where it was tried, why it failed and what becomes of the data.",
    on: [...everywhere, ...durable],
    run: outage(3000),
  },
  {
    id: "D1",
    when: "it does so for a minute, at 200 spans a second",
    happens: "The same.",
    on: ["http/protobuf"],
    long: true,
    run: outage(60_000),
  },
  {
    id: "D1",
    when: "it goes, comes back, and then refuses the key",
    happens: "One line for each change, none for each attempt.",
    on: collectors,
    env: { CLICKSTACK_LOG_LEVEL: "info" },
    run: async (world) => {
      await world.proxy.become({ kind: "refuse" })
      const app = world.start()
      await app.ask("rate", 50, 2000) // some attempts
      await world.proxy.become({ kind: "none" })
      await world.settled(app)
      world.collector.answer = () => (world.kind === "grpc" ? { grpc: { code: 16 } } : { status: 401 })
      await app.ask("spans", 10)
      await app.ask("flush")
      await app.ask("end")
      const { stderr } = await app.ended
      const said = lines(stderr).filter((line) => !line.includes("the SDK is on"))
      expect(said).toEqual([
        expect.stringMatching(/^clickstack: traces to .*ECONNREFUSED.*kept on disk and sent later$/),
        expect.stringMatching(/^clickstack: .*delivering again$/),
        expect.stringMatching(/^clickstack: traces to .*kept on disk and sent later$/),
      ])
      return world.tally(10)
    },
  },
  {
    id: "D7",
    when: "it takes the connection and never answers",
    happens: "The attempt ends at its deadline (`traces.timeout`, 10 s); nothing is lost, memory stays flat.",
    on: everywhere,
    env: quick,
    run: noAnswer((world) => world.proxy.become({ kind: "stall" })),
  },
  {
    id: "D7",
    when: "it swallows even the connection's first packet",
    happens: "The same.",
    on: everywhere,
    env: quick,
    run: noAnswer((world) => world.proxy.become({ kind: "black hole" })),
  },
  {
    id: "D7",
    when: "it answers at 1 byte/s",
    happens: "The same; a batch whose answer did not come in time may be stored twice.",
    on: everywhere,
    env: quick,
    run: noAnswer((world) => world.proxy.become({ kind: "drip", bytesPerSecond: 1 })),
  },
  {
    id: "D9",
    when: "it reads at 1 KB/s",
    happens: "The same.",
    on: everywhere,
    env: quick,
    run: noAnswer((world) => world.proxy.become({ kind: "slow", bytesPerSecond: 1000 })),
  },
  {
    id: "D8",
    when: "connections are reset before the body",
    happens: "Nothing is lost.",
    on: everywhere,
    run: reset(0),
  },
  {
    id: "D8",
    when: "connections are reset inside the body",
    happens: "Nothing is lost.",
    on: everywhere,
    env: { OTEL_EXPORTER_OTLP_COMPRESSION: "none" },
    run: reset(2000),
  },
  {
    id: "D8",
    when: "connections are reset after the body",
    happens: "Nothing is lost; at most the batch that was under way arrives again with each attempt.",
    on: everywhere,
    run: reset("answer"),
  },
  {
    id: "D14",
    when: "kept-alive connections are closed by the other side",
    happens: "Nothing is lost, and nothing is said.",
    on: everywhere,
    run: async (world) => {
      const app = world.start()
      for (let round = 0; round < 10; round++) {
        await app.ask("spans", 10)
        await app.ask("flush")
        await world.proxy.become({ kind: "none" }) // cuts what is open
      }
      const tally = await world.settled(app)
      await app.ask("end")
      expect((await app.ended).stderr).toBe("")
      return tally
    },
  },
  {
    id: "D15",
    when: "the clock jumps a day forward while it waits",
    happens: "Waits stay as they are.",
    on: collectors,
    run: jump(86_400_000),
  },
  {
    id: "D15",
    when: "the clock jumps an hour back while it waits",
    happens: "Waits stay as they are.",
    on: collectors,
    run: jump(-3_600_000),
  },
  {
    id: "D1",
    when: "the next process speaks the other protocol (http/protobuf, http/json) to the same endpoint",
    happens: "It sends what is on disk, as it was written.",
    on: overHttp,
    run: async (world) => {
      await world.proxy.become({ kind: "refuse" })
      const app = world.start()
      await app.ask("spans", 1000)
      await eventually(async () => expect((await app.ask("stats")).stats.traces[0]!.spooled).toBe(1000))
      await app.ask("exit", 0)
      await app.ended
      const other = overHttp.find((kind) => kind !== world.kind)
      const next = world.start({ OTEL_EXPORTER_OTLP_PROTOCOL: other! })
      await next.ask("spans", 10) // which it has not sent either when it ends
      await next.ask("exit", 0)
      await next.ended
      await world.proxy.become({ kind: "none" })
      return world.settled(world.start()) // both forms lie there now
    },
  },
  {
    id: "D1",
    when: "it is back, slow, and there is much on disk",
    happens:
      "Disk and memory take turns: the oldest goes out first, and what is recorded now does not wait for all of it.",
    on: collectors,
    run: async (world) => {
      await world.proxy.become({ kind: "refuse" })
      const before = world.start({ CLICKSTACK_TRACES_BATCH_SIZE: "10" })
      await before.ask("spans", 400)
      await before.ask("exit", 0)
      await before.ended
      await world.proxy.become({ kind: "none" })
      world.collector.answer = () => ({ delay: 20 })
      const app = world.start({ CLICKSTACK_TRACES_BATCH_SIZE: "10", CLICKSTACK_TRACES_DELAY: "50" })
      await app.ask("rate", 200, 500)
      const tally = await world.settled(app)
      const ids = (await world.arrived()).map((id) => Number(id.split("-")[1]))
      const old = ids.filter((id) => id < 400)
      expect(old).toEqual(old.toSorted((a, b) => a - b))
      const firstFresh = ids.findIndex((id) => id >= 400)
      expect(firstFresh).toBeLessThan(ids.lastIndexOf(old.at(-1)!))
      return tally
    },
  },
]
