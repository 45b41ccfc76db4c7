// The process under measurement: OTLP over HTTP in, ClickHouse in process behind it, in one of two ways. Its parent
// sends, and asks for the CPU and memory of this process alone.
import { createServer } from "node:http"
import { setTimeout as sleep } from "node:timers/promises"
import { createIngest } from "@clickstack/ingest"
import { startLocal } from "@clickstack/local"
import { requestTypes } from "../../receiver/otlp-schema.ts"
import { jsonRows } from "./json-rows.ts"

export interface Usage {
  cpuMs: number
  peakRssMb: number
  /** The highest of every second since it was asked for last; a second without a turn of the event loop has none. */
  rssMb: (number | null)[]
  stored: number
}

const way = process.argv[2]
let peakRssMb = 0
let rssMb: (number | null)[] = []
let since = performance.now()
const watch = setInterval(() => {
  const now = process.memoryUsage.rss() / 1024 / 1024
  const second = Math.floor((performance.now() - since) / 1000)
  rssMb[second] = Math.max(rssMb[second] ?? 0, now)
  peakRssMb = Math.max(peakRssMb, now)
}, 50)
watch.unref()

const counts = ["otel_traces", "otel_logs", "otel_metrics_gauge"].map(
  (name) => `(SELECT count() FROM ${name})`,
)
const countSql = `SELECT ${counts.join(" + ")} AS n`

type Ask = (sql: string) => Promise<Record<string, unknown>[]>

const { url, ask, close } = way === "clickstack" ? await clickstack() : await plain()

process.on("message", (message) => {
  if (message === "end") void close().then(() => process.exit(0))
  else void usageNow().then((now) => process.send?.(now))
})
process.send?.(url)

/** When ClickHouse has merged what it wants to merge of the rows: that is part of their price. */
async function usageNow(): Promise<Usage> {
  while (Number((await ask("SELECT count() AS n FROM system.merges"))[0]?.["n"]) > 0) await sleep(50)
  const { user, system } = process.cpuUsage()
  const stored = Number((await ask(countSql))[0]?.["n"])
  const usage = { cpuMs: (user + system) / 1000, peakRssMb, rssMb, stored }
  rssMb = []
  since = performance.now()
  return usage
}

async function clickstack() {
  const local = await startLocal({ memory: true, httpPort: 0, grpcPort: false, uiPort: false })
  return {
    url: local.otlp.http,
    ask: ((sql) => local.query(sql)) as Ask,
    close: local.close,
  }
}

/** What one writes without us: a decoder from OpenTelemetry's schema, an object a row, JSON into ClickHouse. */
async function plain() {
  const ingest = createIngest("chdb::memory:")
  await ingest.ensureSchema()
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on("data", (chunk: Buffer) => chunks.push(chunk))
    request.on("end", () => {
      const lines = jsonRows(requestTypes.traces.decode(Buffer.concat(chunks)))
      ingest.command(`INSERT INTO otel_traces FORMAT JSONEachRow\n${lines}`).then(
        () => response.end(),
        () => response.writeHead(503).end(),
      )
    })
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  const { port } = server.address() as { port: number }
  return {
    url: `http://127.0.0.1:${port}`,
    ask: ((sql) => ingest.query(sql)) as Ask,
    close: () => ingest.close(),
  }
}
