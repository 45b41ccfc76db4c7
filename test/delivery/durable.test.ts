// durable() in a plain OpenTelemetry app, with upstream's own exporter: FAULTS D1, D2, D5, D12, L1.
import { afterEach, expect, test } from "vitest"
import { balance, startApp, stateDirectory } from "./app.ts"
import { startCollector } from "./collector.ts"
import { startWireProxy } from "@clickstack/testing"

const stack: AsyncDisposable[] = []
afterEach(async () => {
  for (const one of stack.splice(0).toReversed()) await one[Symbol.asyncDispose]()
})

async function world() {
  const state = stateDirectory()
  stack.push({ [Symbol.asyncDispose]: async () => state[Symbol.dispose]() })
  const collector = await startCollector()
  const proxy = await startWireProxy(() => collector.port)
  stack.push(collector, proxy)
  const start = (more: Record<string, string> = {}) => {
    const app = startApp(
      { COLLECTOR: proxy.url, XDG_STATE_HOME: state.path, ...more },
      { file: "durable-app.mjs" },
    )
    stack.push(app)
    return app
  }
  return { collector, proxy, start }
}

const spans = (count: number) => Array.from({ length: count }, (_, index) => `span-${index}`)
const sorted = (ids: readonly string[]) =>
  [...new Set(ids)].toSorted((a, b) => Number(a.split("-")[1]) - Number(b.split("-")[1]))

test("D1: a collector that is away loses nothing", async () => {
  const { collector, proxy, start } = await world()
  await proxy.become({ kind: "refuse" })
  const app = start()
  await app.ask("spans", 1000)
  await expect
    .poll(async () => (await app.ask("stats")).stats.traces[0]!.spooled, { timeout: 20_000 })
    .toBe(1000)
  await proxy.become({ kind: "none" })
  await app.ask("flush")
  await expect.poll(() => sorted(collector.taken), { timeout: 10_000 }).toEqual(spans(1000))
  const { stats } = await app.ask("flush")
  expect(stats.traces[0]).toMatchObject({ produced: 1000, delivered: 1000, spooled: 0, waiting: 0 })
})

test("D2: Retry-After, which upstream's exporter hides, is kept to", async () => {
  const { collector, start } = await world()
  collector.answer = () =>
    collector.arrivals.length > 1 ? {} : { status: 429, headers: { "retry-after": "12" } }
  const app = start()
  await app.ask("spans", 10)
  await expect.poll(() => sorted(collector.taken), { timeout: 25_000 }).toEqual(spans(10))
  expect(collector.arrivals[1]!.at - collector.arrivals[0]!.at).toBeGreaterThanOrEqual(11_900)
})

test("D5: what is too large is split", async () => {
  const { collector, start } = await world()
  collector.answer = ({ bytes }) => ({ status: bytes > 100_000 ? 413 : 200 })
  const app = start()
  await app.ask("spans", 100, 5000)
  await app.ask("spans", 1, 200_000)
  const { stats } = await app.ask("flush")
  expect(sorted(collector.taken)).toEqual(spans(100))
  expect(stats.traces[0]).toMatchObject({ delivered: 100, dropped: { too_large: 1 } })
})

test("D12: 10,000 spans in one tick, 100,000 before a flush", async () => {
  const { collector, start } = await world()
  const app = start()
  await app.ask("spans", 110_000)
  const { stats } = await app.ask("flush")
  expect(sorted(collector.taken)).toHaveLength(110_000)
  expect(balance(stats).in).toBe(balance(stats).out)
})

test("L1: a natural end sends, process.exit leaves on disk, and the next process sends that", async () => {
  const { collector, start } = await world()
  const first = start()
  await first.ask("spans", 100)
  await first.ask("end")
  expect(await first.ended).toMatchObject({ code: 0, stdout: "", stderr: "" })
  expect(sorted(collector.taken)).toEqual(spans(100))
  collector.taken.length = 0
  const second = start()
  await second.ask("spans", 100)
  await second.ask("exit", 3)
  expect(await second.ended).toMatchObject({ code: 3, stdout: "", stderr: "" })
  const third = start()
  await third.ask("spans", 1)
  await expect.poll(() => sorted(collector.taken), { timeout: 10_000 }).toEqual(spans(100))
})

test("redact sees what is sent", async () => {
  const { collector, start } = await world()
  const app = start({ REDACT: "1" })
  await app.ask("spans", 1, 50_000)
  await app.ask("flush")
  expect(collector.arrivals[0]!.bytes).toBeLessThan(2000)
})
