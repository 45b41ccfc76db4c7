// `pnpm bench local [spans] [rounds]`: from OTLP bytes to stored rows, through ClickStack and through what one writes
// without it; then as much as can be sent, for the memory (alone: `--overload`). `pnpm bench local --queries [rows]`: how long the API takes
// over very many rows. CPU is that of the receiving process alone, ClickHouse's work included.
import { type ChildProcess, fork } from "node:child_process"
import { once } from "node:events"
import { fileURLToPath } from "node:url"
import { ProtobufTraceSerializer } from "@opentelemetry/otlp-transformer"
import { makeSpans } from "../ingest/spans.ts"
import { median, table } from "../report.ts"
import { measureQueries } from "./queries.ts"
import type { Usage } from "./serve.ts"

const script = fileURLToPath(new URL("./serve.js", import.meta.url))
const ways = ["clickstack", "protobufjs + JSON"] as const
const sizes = [512, 5_000]
const overloadMs = 15_000

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
  const spans = Number(process.argv[2] ?? 200_000)
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
  const body = requestOf(size)
  const requests = Math.ceil(spans / size)
  await sendMany(server.url, body, 5, 1)
  const before = await usageOf(server.child)
  const started = performance.now()
  const { stored } = await sendMany(server.url, body, requests, 8)
  const seconds = (performance.now() - started) / 1000
  const after = await usageOf(server.child)
  await end(server.child)
  if (after.stored - before.stored !== stored * size) throw new Error(`${way}: rows are missing`)
  return {
    cpuUsPerSpan: ((after.cpuMs - before.cpuMs) * 1000) / (stored * size),
    spansPerSecond: (stored * size) / seconds,
    peakRssMb: after.peakRssMb,
  }
}

/** Far more than can be stored, for so long with each size: what is not taken must be refused, not kept. */
async function overload(): Promise<void> {
  const lines: (string | number)[][] = []
  for (const size of [512, 5_000, 20_000]) {
    const server = await start("clickstack")
    const body = requestOf(size)
    const until = performance.now() + overloadMs
    const sent = await sendMany(server.url, body, Infinity, 64, () => performance.now() < until)
    const usage = await usageOf(server.child)
    await end(server.child)
    const missing = sent.stored * size - usage.stored
    const rows = missing === 0 ? "all" : `${missing} MISSING`
    lines.push([size, sent.stored, sent.refused, sent.told, rows, byThree(usage.rssMb)])
  }
  console.log(`\n64 senders at once for ${overloadMs / 1000} s, as fast as they can.\n`)
  const titles = ["spans per request", "stored", "refused with 503", "with Retry-After", "rows there"]
  console.log(table([...titles, "peak MB, every 3 s"], lines))
}

function byThree(rssMb: readonly (number | null)[]): string {
  const peaks = Array.from({ length: Math.ceil(rssMb.length / 3) }, (_, index) =>
    Math.max(...rssMb.slice(index * 3, index * 3 + 3).map((rss) => rss ?? 0)),
  )
  return peaks.map((rss) => (rss === 0 ? "-" : Math.round(rss))).join(" ")
}

function requestOf(spans: number): Uint8Array<ArrayBuffer> {
  const bytes = ProtobufTraceSerializer.serializeRequest(makeSpans(spans))
  if (bytes === undefined) throw new Error("nothing was encoded")
  return new Uint8Array(bytes)
}

async function sendMany(
  url: string,
  body: Uint8Array<ArrayBuffer>,
  requests: number,
  senders: number,
  goOn = () => true,
): Promise<{ stored: number; refused: number; told: number }> {
  let left = requests
  let stored = 0
  let refused = 0
  let told = 0
  const send = async () => {
    while (left-- > 0 && goOn()) {
      const headers = { "content-type": "application/x-protobuf" }
      const response = await fetch(`${url}/v1/traces`, { method: "POST", headers, body })
      await response.arrayBuffer()
      if (response.status === 200) stored++
      else if (response.status === 503) {
        refused++
        if (Number(response.headers.get("retry-after")) > 0) told++
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
