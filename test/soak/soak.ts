// 1,000 spans a second to a collector that goes and comes, and what became of each span and of the memory.
// `node test/dist/soak/soak.js [SECONDS]` does so for 30 minutes unless told otherwise, prints the figures, and exits
// with 1 when a span is lost or memory grows; on CI a test does it for a minute.
import { realpathSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { balance, startApp, stateDirectory } from "../delivery/app.ts"
import { startCollector } from "../delivery/collector.ts"
import { startWireProxy, type Trouble } from "@clickstack/testing"

export interface Soaked {
  readonly seconds: number
  readonly produced: number
  readonly arrived: number
  readonly lost: number
  /** Batches whose answer was lost are sent again. */
  readonly doubled: number
  readonly dropped: number
  readonly spooled: number
  /** What is counted on one side and not on the other. */
  readonly unaccounted: number
  /** Medians of the resident memory of the app in the second and in the last third of the time, in MB. */
  readonly memory: { readonly middle: number; readonly end: number; readonly highest: number }
  /** Every tenth sample or so, in MB. */
  readonly course: readonly number[]
}

const perSecond = 1000
const phases: Trouble[] = [
  { kind: "none" },
  { kind: "refuse" },
  { kind: "none" },
  { kind: "stall" },
  { kind: "none" },
  { kind: "reset", after: 20_000 },
]

export async function soak(seconds: number): Promise<Soaked> {
  const phase = Math.max(5, Math.min(30, seconds / 12)) * 1000
  using state = stateDirectory()
  await using collector = await startCollector()
  await using proxy = await startWireProxy(() => collector.port)
  await using app = startApp({
    OTEL_EXPORTER_OTLP_ENDPOINT: proxy.url,
    OTEL_EXPORTER_OTLP_TIMEOUT: "2000",
    CLICKSTACK_TRACES_DELAY: "500",
    XDG_STATE_HOME: state.path,
  })
  // Ids are counted and not kept.
  const counts = new Uint8Array((seconds + 60) * perSecond)
  let arrived = 0
  let doubled = 0
  collector.answer = ({ ids }) => {
    for (const id of ids) {
      const count = counts[Number(id.split("-")[1])]!++
      if (count === 0) arrived++
      if (count === 1) doubled++
    }
    collector.arrivals.length = 0
    collector.taken.length = 0
    return {}
  }

  const memory: number[] = []
  const began = performance.now()
  const left = () => seconds * 1000 - (performance.now() - began)
  for (let round = 0; left() > 0; round++) {
    await proxy.become(phases[round % phases.length]!)
    const until = Math.max(0, left() - phase)
    while (left() > until) memory.push((await app.ask("rate", perSecond, Math.min(1000, left() - until))).rss)
  }
  await proxy.become({ kind: "none" })
  await app.ask("flush")
  const { stats } = await app.ask("flush")
  const { produced, spooled, dropped } = stats.traces[0]!
  const sums = balance(stats)
  const third = Math.floor(memory.length / 3)
  const every = Math.max(1, Math.floor(memory.length / 60))
  return {
    seconds,
    produced,
    arrived,
    lost: produced - arrived,
    doubled,
    dropped: Object.values(dropped).reduce((sum, count) => sum + count, 0),
    spooled,
    unaccounted: sums.in - sums.out,
    memory: {
      middle: megabytes(median(memory.slice(third, 2 * third))),
      end: megabytes(median(memory.slice(2 * third))),
      highest: megabytes(Math.max(...memory)),
    },
    course: memory.filter((_, index) => index % every === 0).map(megabytes),
  }
}

/** Flat: the last third of the time needs no more than the one before; a leak of 30 bytes a span would show in 30 minutes. */
export const isFlat = ({ memory }: Soaked): boolean => memory.end <= memory.middle * 1.1 + 8

const megabytes = (bytes: number) => Math.round(bytes / 1e6)
const median = (values: readonly number[]) => values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0

if (process.argv[1] !== undefined && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const soaked = await soak(Number(process.argv[2] ?? 1800))
  console.log(JSON.stringify(soaked))
  process.exitCode = soaked.lost === 0 && soaked.unaccounted === 0 && isFlat(soaked) ? 0 : 1
}
