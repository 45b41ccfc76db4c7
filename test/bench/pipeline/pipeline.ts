// `pnpm bench pipeline [rounds]`: our delivery beside upstream's batch processor and protobuf exporter, each in a
// process of its own, interleaved, against the same receiver in another process. CPU per span from onEnd to the socket,
// throughput when saturated, the longest block of the event loop, memory with the collector away, bytes on the wire;
// and how fast the spool writes.
import { type ChildProcess, fork } from "node:child_process"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"

interface Result {
  readonly cpuPerSpan: number
  readonly spansPerSecond: number
  readonly lost: number
  readonly longestBlock: number
  readonly bytesPerSpan: number
  readonly rssGrowth: number
}

const rounds = Number(process.argv[2] ?? 3)
const part = (name: string) => fileURLToPath(new URL(name, import.meta.url))
const scenarios = ["steady", "saturated", "away"] as const
const pipelines = ["upstream", "ours"] as const

const message = <T>(child: ChildProcess) =>
  new Promise<T>((resolve) => child.once("message", (value) => resolve(value as T)))

async function run(pipeline: string, scenario: string): Promise<Result> {
  const state = mkdtempSync(join(tmpdir(), "clickstack-bench-"))
  const collector = fork(part("collector.js"))
  const { port } = await message<{ port: number }>(collector)
  const sender = fork(part("sender.js"), [pipeline, scenario, String(scenario === "away" ? 9 : port)], {
    execArgv: ["--expose-gc"],
    env: { PATH: process.env["PATH"], XDG_STATE_HOME: state },
  })
  const sent = await message<Omit<Result, "lost" | "bytesPerSpan"> & { produced: number }>(sender)
  collector.send("report")
  const { spans, bytes } = await message<{ spans: number; bytes: number }>(collector)
  collector.kill()
  sender.kill()
  rmSync(state, { recursive: true, force: true })
  return {
    ...sent,
    lost: scenario === "away" ? 0 : sent.produced - spans,
    bytesPerSpan: bytes / Math.max(1, spans),
  }
}

const median = (values: number[]) => values.toSorted((a, b) => a - b)[values.length >> 1]!

for (const scenario of scenarios) {
  const results: Record<string, Result[]> = { upstream: [], ours: [] }
  for (let round = 0; round < rounds; round++) {
    for (const pipeline of pipelines) results[pipeline]!.push(await run(pipeline, scenario))
  }
  const row = (pipeline: string) => {
    const of = (name: keyof Result) => median(results[pipeline]!.map((result) => result[name]))
    return {
      "CPU us/span": of("cpuPerSpan"),
      "spans/s": of("spansPerSecond"),
      lost: of("lost"),
      "longest block ms": of("longestBlock"),
      "bytes/span": of("bytesPerSpan"),
      "memory growth MB": of("rssGrowth") / 1e6,
    }
  }
  const [upstream, ours] = pipelines.map(row)
  const ratio = Object.fromEntries(
    Object.entries(ours!).map(([name, value]) => [name, value / upstream![name as keyof typeof upstream]]),
  )
  console.log(`\n${scenario}, medians of ${rounds}`)
  console.table({ upstream: rounded(upstream!), ours: rounded(ours!), ratio: rounded(ratio) })
}

const { spoolSpeed } = await import("./spool-speed.js")
console.log("\nspool")
console.table(await spoolSpeed())

function rounded(values: Record<string, number>): Record<string, number> {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name, Math.round(value * 100) / 100]),
  )
}
