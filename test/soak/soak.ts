// `node test/dist/soak/soak.js [SECONDS]`: 1,000 spans a second (30 minutes unless told otherwise) to a collector that
// goes and comes. Prints what became of them and how much memory it took, and fails when one is lost or memory grows.
import { startApp, stateDirectory } from "../delivery/app.ts"
import { startCollector } from "../delivery/collector.ts"
import { startWireProxy, type Trouble } from "@clickstack/testing"

const seconds = Number(process.argv[2] ?? 1800)
const perSecond = 1000
const phase = Math.max(5, Math.min(30, seconds / 12))
const phases: Trouble[] = [
  { kind: "none" },
  { kind: "refuse" },
  { kind: "none" },
  { kind: "stall" },
  { kind: "none" },
  { kind: "reset", after: 20_000 },
]
const allowedGrowth = 60_000_000

using state = stateDirectory()
await using collector = await startCollector()
await using proxy = await startWireProxy(() => collector.port)
await using app = startApp({
  OTEL_EXPORTER_OTLP_ENDPOINT: proxy.url,
  OTEL_EXPORTER_OTLP_TIMEOUT: "2000",
  CLICKSTACK_TRACES_DELAY: "500",
  XDG_STATE_HOME: state.path,
})
// Ids are counted and not kept, or this process would grow instead.
const counts = new Map<number, number>()
collector.answer = ({ ids }) => {
  for (const id of ids) {
    const number = Number(id.split("-")[1])
    counts.set(number, (counts.get(number) ?? 0) + 1)
  }
  collector.arrivals.length = 0
  collector.taken.length = 0
  return {}
}

const memory: number[] = []
const began = performance.now()
for (let round = 0; performance.now() - began < seconds * 1000; round++) {
  await proxy.become(phases[round % phases.length]!)
  const { rss } = await app.ask(
    "rate",
    perSecond,
    Math.min(phase * 1000, seconds * 1000 - (performance.now() - began)),
  )
  memory.push(rss)
}
await proxy.become({ kind: "none" })
await app.ask("flush")
const { stats } = await app.ask("flush")
const { produced, delivered, spooled, waiting, dropped } = stats.traces[0]!
const lost = produced - counts.size
const doubled = [...counts.values()].filter((count) => count > 1).length
const growth = memory.at(-1)! - memory[Math.floor(memory.length / 3)]!
console.log(
  JSON.stringify({
    seconds,
    produced,
    delivered,
    spooled,
    waiting,
    dropped,
    arrived: counts.size,
    lost,
    doubled,
  }),
)
console.log(`memory in MB, by phase: ${memory.map((rss) => Math.round(rss / 1e6)).join(" ")}`)
process.exitCode = lost === 0 && growth < allowedGrowth ? 0 : 1
