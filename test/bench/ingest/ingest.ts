// `pnpm bench ingest [rows] [rounds]`: storing spans with @clickstack/ingest against the official client's insert of
// JSONEachRow, through both engines. Each measurement runs in a process of its own, the ways take turns, and the table
// shows medians. `pnpm bench ingest --memory [rows]` shows the memory of one process over very many rows.
import { execFile } from "node:child_process"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { median, table } from "../report.ts"
import { watchMemory } from "./memory.ts"

interface Result {
  readonly cpuUsPerRow: number
  readonly longestBlockMs: number
  readonly bytesPerRow: number
  readonly peakRssMb: number
}

const script = fileURLToPath(new URL("./run.js", import.meta.url))
const engines = ["chdb", "server"]
const ways = ["native", "json"] as const
const sizes = [1_000, 5_000, 20_000]

if (process.argv[2] === "--memory") {
  await watchMemory(Number(process.argv[3] ?? 10_000_000))
} else {
  await compare(Number(process.argv[2] ?? 100_000), Number(process.argv[3] ?? 3))
}

async function compare(rows: number, rounds: number): Promise<void> {
  console.log(
    `${rows.toLocaleString("en")} spans: 10 resource and 8 span attributes, every tenth with an event.`,
  )
  console.log(`Medians of ${rounds} rounds. CPU is ours and ClickHouse's together, without merges.\n`)
  const lines: (string | number)[][] = []
  for (const engine of engines) {
    for (const size of sizes) {
      const results: Record<(typeof ways)[number], Result[]> = { native: [], json: [] }
      for (let round = 0; round < rounds; round++) {
        for (const way of ways) results[way].push(await run(engine, way, size, rows))
      }
      const json = middle(results.json)
      for (const way of ways) lines.push([engine, size, way, ...columns(middle(results[way]), json)])
    }
  }
  console.log(
    table(
      ["engine", "rows per insert", "way", "CPU us/row", "ratio", "longest block ms", "bytes/row", "peak MB"],
      lines,
    ),
  )
}

function columns(result: Result, json: Result): (string | number)[] {
  return [
    result.cpuUsPerRow.toFixed(1),
    (result.cpuUsPerRow / json.cpuUsPerRow).toFixed(2),
    result.longestBlockMs.toFixed(1),
    // Nothing is sent where ClickHouse is in the process.
    result.bytesPerRow === 0 ? "" : result.bytesPerRow.toFixed(0),
    result.peakRssMb.toFixed(0),
  ]
}

function middle(results: readonly Result[]): Result {
  const of = (name: keyof Result) => median(results.map((result) => result[name]))
  return {
    cpuUsPerRow: of("cpuUsPerRow"),
    longestBlockMs: of("longestBlockMs"),
    bytesPerRow: of("bytesPerRow"),
    peakRssMb: of("peakRssMb"),
  }
}

async function run(...args: readonly (string | number)[]): Promise<Result> {
  const { stdout } = await promisify(execFile)(process.execPath, ["--expose-gc", script, ...args.map(String)])
  return JSON.parse(stdout) as Result
}
