// `pnpm bench local [spans] [rounds]`: from OTLP bytes to stored rows, through ClickStack and through what one writes
// without it; then as much as can be sent, for the memory (alone: `--overload`). `pnpm bench local --queries [rows]`: how long the API takes
// over very many rows. CPU is that of the receiving process alone, ClickHouse's work included.
import { type ChildProcess, fork } from "node:child_process"
import { once } from "node:events"
import { setTimeout as sleep } from "node:timers/promises"
import { fileURLToPath } from "node:url"
import { median, table } from "../report.ts"
import { measureQueries } from "./queries.ts"
import { type OtlpRequest, longLogs, requestOf } from "./requests.ts"
import type { Usage } from "./serve.ts"

const script = fileURLToPath(new URL("./serve.js", import.meta.url))
const ways = ["clickstack", "protobufjs + JSON"] as const
const sizes = [512, 5_000]
const fewSenders = 8
const warmUpSpans = 50_000
const overloadMs = 30_000
const fewSeconds = 6

/** What is sent by turns, far more of it than can be stored. */
const overloads: readonly (readonly [name: string, requests: () => OtlpRequest[]])[] = [
  ["512 spans", () => [requestOf("traces", 512)]],
  ["5000 spans", () => [requestOf("traces", 5_000)]],
  ["20000 spans", () => [requestOf("traces", 20_000)]],
  ["512 logs", () => [requestOf("logs", 512)]],
  ["20000 logs", () => [requestOf("logs", 20_000)]],
  ["2000 long logs", () => longLogs(2_000, 8)],
  ["20000 points", () => [requestOf("metrics", 20_000)]],
  [
    "all of them",
    () => [
      requestOf("traces", 512),
      requestOf("logs", 5_000),
      requestOf("metrics", 5_000),
      requestOf("traces", 20_000),
    ],
  ],
]

// What the README promises of any input rate, in MB as the table has them.
const promisedMb = 900

interface Result {
  cpuUsPerSpan: number
  spansPerSecond: number
  peakRssMb: number
}

if (process.argv[2] === "--queries") {
  await measureQueries(Number(process.argv[3] ?? 10_000_000))
} else if (process.argv[2] === "--overload") {
  await overload()
} else {
  const spans = Number(process.argv[2] ?? 400_000)
  await compare(spans, Number(process.argv[3] ?? 3))
  await overload()
}

async function compare(spans: number, rounds: number): Promise<void> {
  console.log(
    `${spans.toLocaleString("en")} spans, 10 resource and 8 span attributes; medians of ${rounds} rounds.\n`,
  )
  const lines: (string | number)[][] = []
  for (const size of sizes) {
    const results = new Map<string, Result[]>(ways.map((way) => [way, []]))
    for (let round = 0; round < rounds; round++) {
      for (const way of ways) results.get(way)?.push(await measure(way, size, spans))
    }
    const plain = middle(results.get("protobufjs + JSON") ?? [])
    for (const way of ways) {
      const one = middle(results.get(way) ?? [])
      lines.push([
        size,
        way,
        one.cpuUsPerSpan.toFixed(1),
        (one.cpuUsPerSpan / plain.cpuUsPerSpan).toFixed(2),
        Math.round(1e6 / one.cpuUsPerSpan),
        Math.round(one.spansPerSecond),
        Math.round(one.peakRssMb),
      ])
    }
  }
  console.log(
    table(
      ["spans per request", "way", "CPU us/span", "ratio", "spans/s per core", "spans/s", "peak MB"],
      lines,
    ),
  )
}

function middle(results: readonly Result[]): Result {
  const of = (name: keyof Result) => median(results.map((result) => result[name]))
  return {
    cpuUsPerSpan: of("cpuUsPerSpan"),
    spansPerSecond: of("spansPerSecond"),
    peakRssMb: of("peakRssMb"),
  }
}

async function measure(way: string, size: number, spans: number): Promise<Result> {
  const server = await start(way)
  const body = [requestOf("traces", size)]
  // Neither side is compiled to its end before some ten thousand spans.
  await sendMany(server.url, body, { rows: warmUpSpans, senders: fewSenders })
  const before = await usageOf(server.child)
  const started = performance.now()
  const { stored } = await sendMany(server.url, body, { rows: spans, senders: fewSenders, pauseMs: 50 })
  const seconds = (performance.now() - started) / 1000
  const after = await usageOf(server.child)
  await end(server.child)
  if (after.stored - before.stored !== stored) throw new Error(`${way}: rows are missing`)
  return {
    cpuUsPerSpan: ((after.cpuMs - before.cpuMs) * 1000) / stored,
    spansPerSecond: stored / seconds,
    peakRssMb: after.peakRssMb,
  }
}

/** Far more than can be stored, for so long with each: what is not taken must be refused, not kept. */
async function overload(): Promise<void> {
  const lines: (string | number)[][] = []
  for (const [name, make] of overloads) {
    const server = await start("clickstack")
    const requests = make()
    const until = performance.now() + overloadMs
    const goOn = () => performance.now() < until
    const sent = await sendMany(server.url, requests, { rows: Infinity, senders: 64, goOn })
    const usage = await usageOf(server.child)
    await end(server.child)
    const missing = sent.stored - usage.stored
    const rows = missing === 0 ? "all" : `${missing} MISSING`
    const peak = Math.round(usage.peakRssMb)
    const kept = peak <= promisedMb ? "" : `, MORE than ${promisedMb}`
    lines.push([name, sent.stored, sent.refused, sent.told, rows, everyFew(usage.rssMb), `${peak}${kept}`])
  }
  console.log(`\n64 senders at once for ${overloadMs / 1000} s, as fast as they can.\n`)
  const titles = ["a request has", "rows stored", "refused with 503", "with Retry-After", "rows there"]
  console.log(table([...titles, `MB, every ${fewSeconds} s`, "peak MB"], lines))
}

function everyFew(rssMb: readonly (number | null)[]): string {
  const peaks = Array.from({ length: Math.ceil(rssMb.length / fewSeconds) }, (_, index) =>
    Math.max(...rssMb.slice(index * fewSeconds, (index + 1) * fewSeconds).map((rss) => rss ?? 0)),
  )
  return peaks.map((rss) => (rss === 0 ? "-" : Math.round(rss))).join(" ")
}

interface Load {
  /** How many are to be stored. */
  readonly rows: number
  readonly senders: number
  readonly goOn?: () => boolean
  /** How long a sender waits when it was refused. */
  readonly pauseMs?: number
}

/** Counts rows that were stored, and requests that were not. */
async function sendMany(
  url: string,
  bodies: readonly OtlpRequest[],
  { rows, senders, goOn = () => true, pauseMs = 0 }: Load,
): Promise<{ stored: number; refused: number; told: number }> {
  let sent = 0
  let stored = 0
  let refused = 0
  let told = 0
  const send = async () => {
    while (stored < rows && goOn()) {
      const { signal, items, body } = bodies[sent++ % bodies.length] as OtlpRequest
      const headers = { "content-type": "application/x-protobuf" }
      const response = await fetch(`${url}/v1/${signal}`, { method: "POST", headers, body })
      await response.arrayBuffer()
      if (response.status === 200) stored += items
      else if (response.status === 503) {
        refused++
        if (Number(response.headers.get("retry-after")) > 0) told++
        if (pauseMs > 0) await sleep(pauseMs)
      } else throw new Error(`the answer was ${response.status}`)
    }
  }
  await Promise.all(Array.from({ length: senders }, send))
  return { stored, refused, told }
}

async function start(way: string): Promise<{ child: ChildProcess; url: string }> {
  const child = fork(script, [way])
  const [url] = (await once(child, "message")) as [string]
  return { child, url }
}

async function usageOf(child: ChildProcess): Promise<Usage> {
  child.send("usage")
  const [usage] = (await once(child, "message")) as [Usage]
  return usage
}

async function end(child: ChildProcess): Promise<void> {
  child.send("end")
  await once(child, "exit")
}
