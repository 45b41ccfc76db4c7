// `pnpm bench testing [rounds]`: what the testing kit adds to a test, and how long startClickHouse() takes when it is not
// the first time.
import { trace } from "@opentelemetry/api"
import { startClickHouse, testTelemetry } from "@clickstack/testing"
import { assertTrace } from "@clickstack/testing/node"
import { median, table } from "../report.ts"

const rounds = Number(process.argv[2] ?? 200)
const tracer = trace.getTracer("bench")
const tree = "request  server\n  query  x3"

async function time(work: () => unknown): Promise<number> {
  const began = performance.now()
  await work()
  return performance.now() - began
}

const parts: Record<string, number[]> = {
  "testTelemetry()": [],
  "the code under test": [],
  "trace()": [],
  toHaveTrace: [],
  "close()": [],
}
const warmUp = 20 // until all is loaded and compiled
let cpu = process.cpuUsage()
for (let round = 0; round < rounds + warmUp; round++) {
  if (round === warmUp) cpu = process.cpuUsage()
  let telemetry!: ReturnType<typeof testTelemetry>
  const took = [
    await time(() => (telemetry = testTelemetry())),
    await time(() =>
      tracer.startActiveSpan("request", { kind: 1 }, (span) => {
        for (let query = 0; query < 3; query++) tracer.startSpan("query").end()
        span.end()
      }),
    ),
    await time(() => telemetry.trace()),
    await time(() => assertTrace(telemetry, tree)),
    await time(() => telemetry.close()),
  ]
  if (round < warmUp) continue
  for (const [index, list] of Object.values(parts).entries()) list.push(took[index]!)
}
const added = parts["testTelemetry()"]!.map(
  (first, index) =>
    first + parts["trace()"]![index]! + parts["toHaveTrace"]![index]! + parts["close()"]![index]!,
)
const digits = (value: number) => value.toFixed(2)
const rows = [...Object.entries(parts), ["added to a test", added] as const].map(([name, values]) => [
  name,
  digits(median(values)),
  digits(values.toSorted((a, b) => a - b)[Math.floor(values.length * 0.95)]!),
])
const { user, system } = process.cpuUsage(cpu)
console.log(`${rounds} tests in a row, milliseconds\n`)
console.log(table(["part", "median", "95th percentile"], rows))
console.log(
  `\nCPU time of a test, the garbage collector's included: ${digits((user + system) / 1000 / rounds)} ms`,
)

const starts: number[] = []
for (let round = 0; round < 6; round++) {
  starts.push(await time(async () => (await startClickHouse()).close()))
}
const [first, ...others] = starts
console.log(
  `\nstartClickHouse() and close(): first ${Math.round(first!)} ms, then ${Math.round(median(others))} ms (median of ${others.length})`,
)
