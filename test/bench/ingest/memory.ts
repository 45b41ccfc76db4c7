// The memory of a process that stores very many rows, on a server whose table forgets them.
import { createIngest } from "@clickstack/ingest"
import { startClickHouse } from "@clickstack/testing"
import { table } from "../report.ts"
import { makeSpans } from "./spans.ts"

const perInsert = 5_000

export async function watchMemory(rows: number): Promise<void> {
  await using server = await startClickHouse()
  await using ingest = createIngest(server.url)
  await ingest.ensureSchema()
  await ingest.command("CREATE TABLE forgetful AS otel_traces ENGINE = Null")
  await using forgetful = createIngest({ url: server.url, tableNames: { otel_traces: "forgetful" } })
  const spans = makeSpans(20_000)
  const lines: string[][] = []
  for (let done = 0, peak = 0, start = 0; done < rows; start = (start + perInsert) % spans.length) {
    await new Promise<void>((resolve, reject) => {
      forgetful.spans.export(spans.slice(start, start + perInsert), ({ code, error }) =>
        code === 0 ? resolve() : reject(error ?? new Error("not stored")),
      )
    })
    done += perInsert
    peak = Math.max(peak, process.memoryUsage.rss())
    if (done % (rows / 10) < perInsert) {
      lines.push([done.toLocaleString("en"), (peak / 1e6).toFixed(0)])
      peak = 0
    }
  }
  console.log(table(["rows stored", "peak MB since the line before"], lines))
}
