// ClickHouse's side: whether the canary arrived, and whether the tables have the shape that ClickStack expects.
import { setTimeout as delay } from "node:timers/promises"
import { type Ingest, type IngestOptions, createIngest, tables } from "@clickstack/ingest"
import type { Canary } from "./canary.ts"
import { checkSpanLog } from "./check-span-log.ts"
import { type Check, failed, ok, skipped, warning } from "./check.ts"

// The collector's batches wait for some seconds, and so may the server's.
const arrivesWithinMs = 20_000

export async function checkClickHouse(options: IngestOptions, canary: Canary | undefined): Promise<Check[]> {
  const ingest = createIngest({ ...options, timeoutMs: 5_000, retryForMs: 0 })
  try {
    const [row] = await ingest.query<{ version: string }>("SELECT version() AS version")
    const shapes = await checkTables(ingest)
    return [
      ok("clickhouse", `ClickHouse ${row?.version}`),
      ...shapes,
      ...(canary === undefined || shapes.length === 1
        ? [skipped("found again", canary === undefined ? "nothing was sent" : "there are no tables")]
        : await findCanary(ingest, canary)),
      ...(await checkSpanLog(ingest, options)),
    ]
  } catch (error) {
    return [
      failed(
        "clickhouse",
        (error as Error).message,
        "check the URL, user and password given with --clickhouse",
      ),
    ]
  } finally {
    await ingest.close().catch(() => {})
  }
}

async function checkTables(ingest: Ingest): Promise<Check[]> {
  const found = await ingest.query<{ table: string; name: string }>(
    "SELECT table, name FROM system.columns WHERE database = currentDatabase() AND table IN {tables:Array(String)}",
    { tables: Object.keys(tables) },
  )
  if (found.length === 0) {
    return [
      failed(
        "tables",
        "none of ClickStack's tables is in this database",
        'is it the right one? they are made by the collector, by "clickstack --clickhouse URL", or by ensureSchema() of @clickstack/ingest',
      ),
    ]
  }
  return Object.values(tables).map((table) => {
    const there = new Set(found.filter((column) => column.table === table.name).map(({ name }) => name))
    const name = `table ${table.name}`
    if (there.size === 0) {
      return failed(
        name,
        "is not there",
        "let the collector create it, or run ensureSchema() of @clickstack/ingest",
      )
    }
    const missing = table.columns.filter((column) => column.kind === "stored" && !there.has(column.name))
    if (missing.length === 0) return ok(name, "has all columns")
    const names = missing.map((column) => column.name).join(", ")
    return warning(
      name,
      `lacks ${names}`,
      "what would be in them is not stored; compare with schemaSql() of @clickstack/ingest",
    )
  })
}

async function findCanary(ingest: Ingest, { traceId, sentAtMs }: Canary): Promise<Check[]> {
  const params = { id: traceId, since: String(BigInt(sentAtMs - 86_400_000) * 1_000_000n) }
  const since = "fromUnixTimestamp64Nano({since:Int64})"
  const queries: [string, string][] = [
    ["span", `SELECT count() AS n FROM otel_traces WHERE TraceId = {id:String} AND Timestamp > ${since}`],
    ["log", `SELECT count() AS n FROM otel_logs WHERE TraceId = {id:String} AND Timestamp > ${since}`],
    [
      "metric",
      `SELECT count() AS n FROM otel_metrics_gauge WHERE Attributes['canary'] = {id:String} AND TimeUnix > ${since}`,
    ],
  ]
  const until = performance.now() + arrivesWithinMs
  return Promise.all(
    queries.map(async ([name, sql]): Promise<Check> => {
      for (;;) {
        const [row] = await ingest.query<{ n: number }>(sql, params).catch(() => [])
        if ((row?.n ?? 0) > 0) return ok(`${name} found again`, "in its table")
        if (performance.now() > until) break
        await delay(250)
      }
      const message = `not in its table after ${arrivesWithinMs / 1000} s`
      return failed(
        `${name} found again`,
        message,
        "does the collector write to this ClickHouse and database? see its log",
      )
    }),
  )
}
