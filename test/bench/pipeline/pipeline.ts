// `pnpm bench pipeline [rounds] [grpc]`: our delivery beside upstream's batch processor and its exporter for protobuf over
// HTTP or over gRPC, each in a process of its own, interleaved, against the same receiver in another process. A third process makes the same spans
// and drops them: what it needs is taken off the others, so that CPU and time are those from onEnd to the socket. All is
// per delivered span, since upstream drops what its queue cannot hold. Then how fast the spool writes.
import { type ChildProcess, fork } from "node:child_process"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { spoolSpeed } from "./spool-speed.js"

/** Of one run: CPU in microseconds. */
interface Run {
  readonly produced: number
  readonly delivered: number
  readonly cpu: number
  readonly ms: number
  readonly longestBlock: number
  readonly rssGrowth: number
  readonly lost: number
  readonly bytesPerSpan: number
  readonly ownBlock?: { readonly ms: number; readonly in: string }
}

const rounds = Number(process.argv[2] ?? 3)
const protocol = process.argv[3] === "grpc" ? "grpc" : "http/protobuf"
const part = (name: string) => fileURLToPath(new URL(name, import.meta.url))
const scenarios = ["steady", "saturated", "away"] as const
const pipelines = ["none", "upstream", "ours"] as const
type Pipeline = (typeof pipelines)[number]

const message = <T>(child: ChildProcess) =>
  new Promise<T>((resolve) => child.once("message", (value) => resolve(value as T)))

async function run(pipeline: Pipeline, scenario: string, profiled = false): Promise<Run> {
  const state = mkdtempSync(join(tmpdir(), "clickstack-bench-"))
  const collector = fork(part("collector.js"), [protocol])
  const { port } = await message<{ port: number }>(collector)
  const sender = fork(
    part("sender.js"),
    [pipeline, scenario, String(scenario === "away" ? 9 : port), protocol, ...(profiled ? ["profiled"] : [])],
    {
      execArgv: ["--expose-gc"],
      env: { PATH: process.env["PATH"], XDG_STATE_HOME: state },
    },
  )
  const sent = await message<Omit<Run, "lost" | "bytesPerSpan"> & { made: number }>(sender)
  collector.send("report")
  const { spans, bytes } = await message<{ spans: number; bytes: number }>(collector)
  collector.kill()
  sender.kill()
  rmSync(state, { recursive: true, force: true })
  const lost = scenario === "away" ? 0 : sent.made - spans
  return { ...sent, lost, bytesPerSpan: bytes / Math.max(1, spans) }
}

const median = (values: number[]) => values.toSorted((a, b) => a - b)[values.length >> 1]!

for (const scenario of scenarios) {
  const runs: Record<Pipeline, Run[]> = { none: [], upstream: [], ours: [] }
  for (let round = 0; round < rounds; round++) {
    for (const pipeline of pipelines) runs[pipeline].push(await run(pipeline, scenario))
  }
  // When it is saturated each span of the load takes its time; at a fixed rate the time is given.
  const loadCpu = median(runs.none.map(({ cpu, produced }) => cpu / produced))
  const loadMs = scenario === "saturated" ? median(runs.none.map(({ ms, produced }) => ms / produced)) : 0
  const row = (pipeline: Pipeline) => {
    const of = (value: (one: Run) => number) => median(runs[pipeline].map(value))
    return {
      "CPU us/span": of(({ cpu, produced, delivered }) => (cpu - loadCpu * produced) / delivered),
      "spans/s": of(({ ms, produced, delivered }) => (1000 * delivered) / (ms - loadMs * produced)),
      lost: of(({ lost }) => lost),
      "longest block ms": of(({ longestBlock }) => longestBlock),
      "bytes/span": of(({ bytesPerSpan }) => bytesPerSpan),
      "memory growth MB": of(({ rssGrowth }) => rssGrowth / 1e6),
    }
  }
  const [upstream, ours] = [row("upstream"), row("ours")]
  const ratio = Object.fromEntries(
    Object.entries(ours).map(([name, value]) => [name, value / upstream[name as keyof typeof upstream]]),
  )
  const { ownBlock } = await run("ours", scenario, true)
  const none = { "longest block ms": median(runs.none.map(({ longestBlock }) => longestBlock)) }
  console.log(
    `\n${scenario}, medians of ${rounds}; the load alone: ${Math.round(loadCpu * 100) / 100} us/span`,
  )
  console.table({
    "the load alone": rounded(none),
    upstream: rounded(upstream),
    ours: rounded(ours),
    ratio: rounded(ratio),
  })
  console.log(`code of ours at a stretch: ${ownBlock!.ms.toFixed(1)} ms at the most, in ${ownBlock!.in}`)
}

console.log("\nspool")
console.table(await spoolSpeed(rounds))

function rounded(values: Record<string, number>): Record<string, number> {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name, Math.round(value * 100) / 100]),
  )
}
