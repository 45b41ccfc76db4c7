// One measurement, in a process of its own: `run.js ENGINE WAY ROWS_PER_INSERT ROWS`. Prints one line of JSON.
//
// ENGINE is "chdb", ClickHouse in this process, or "server", the same ClickHouse in another one behind HTTP.
// WAY is "native", the exporter of @clickstack/ingest, which is handed spans, or "json", the official client's insert
// of JSONEachRow, which is handed rows that were made before the clock ran: what making them costs is not counted.
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { monitorEventLoopDelay } from "node:perf_hooks"
import { type ClickHouseClient, createClient } from "@clickhouse/client"
import { createIngest } from "@clickstack/ingest"
import { startClickHouse } from "@clickstack/testing"
import { makeRows, makeSpans } from "./spans.ts"

const [engineName = "", way = "", perInsertText = "", rowsText = ""] = process.argv.slice(2)
const perInsert = Number(perInsertText)
const total = Number(rowsText)
const spans = makeSpans(20_000)
const rows = way === "json" ? makeRows(spans) : []

// How the kernel counts a process's CPU time in /proc: in hundredths of a second.
const tickMs = 10

const directory = mkdtempSync(join(tmpdir(), "clickstack-bench-"))
const server = engineName === "server" ? await startClickHouse() : undefined
const url = server?.url ?? `chdb:${join(directory, "data")}`
try {
  await using ingest = createIngest(url)
  await ingest.ensureSchema()
  // Merging goes on long after an insert and costs the same whichever way the rows came; how much of it falls into the
  // measured time is chance. So it is kept out, and what is left is the insert.
  await ingest.command("SYSTEM STOP MERGES")
  if (way === "native") {
    await measure(
      (start) =>
        new Promise((resolve, reject) => {
          ingest.spans.export(spans.slice(start, start + perInsert), ({ code, error }) =>
            code === 0 ? resolve() : reject(error ?? new Error("not stored")),
          )
        }),
    )
  } else {
    await ingest.close()
    const client = await openClient()
    await measure(async (start) => {
      await client.insert({
        table: "otel_traces",
        values: rows.slice(start, start + perInsert),
        format: "JSONEachRow",
        clickhouse_settings: { async_insert: 0, date_time_input_format: "best_effort" },
      })
    })
    await client.close()
  }
} finally {
  await server?.close()
  rmSync(directory, { recursive: true, force: true })
}

async function openClient(): Promise<ClickHouseClient> {
  if (server !== undefined) return createClient({ url })
  const { createChdbConnection } = await import("chdb/connection")
  return createClient({ connection: createChdbConnection({ path: join(directory, "data") }) as never })
}

async function measure(insert: (start: number) => Promise<void>): Promise<void> {
  const insertRows = async (count: number) => {
    for (let done = 0, start = 0; done < count; done += perInsert, start += perInsert) {
      if (start + perInsert > spans.length) start = 0
      await insert(start)
    }
  }
  // Until the code is compiled and the connection is open.
  await insertRows(40_000)
  globalThis.gc?.()

  // A timer of libuv's own: a loop of setImmediate would be what the CPU is spent on.
  const delays = monitorEventLoopDelay({ resolution: 1 })
  let peakRss = 0
  const memory = setInterval(() => (peakRss = Math.max(peakRss, process.memoryUsage.rss())), 10)
  const sentBefore = await bytesSent()
  const ownBefore = process.cpuUsage()
  const serverBefore = serverCpuMs()
  delays.enable()
  await insertRows(total)
  delays.disable()
  const own = process.cpuUsage(ownBefore)
  const serverUs = (serverCpuMs() - serverBefore) * 1000
  clearInterval(memory)
  const result = {
    cpuUsPerRow: (own.user + own.system + serverUs) / total,
    longestBlockMs: delays.max / 1e6,
    bytesPerRow: ((await bytesSent()) - sentBefore) / total,
    peakRssMb: peakRss / 1e6,
  }
  console.log(JSON.stringify(result))
}

function serverCpuMs(): number {
  if (server === undefined) return 0
  const fields = readFileSync(`/proc/${server.pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? []
  return (Number(fields[11]) + Number(fields[12])) * tickMs
}

async function bytesSent(): Promise<number> {
  const requests = (await server?.requests()) ?? []
  return requests.reduce((sum, { bytes }) => sum + bytes, 0)
}
