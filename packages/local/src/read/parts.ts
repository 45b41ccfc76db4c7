// The parts that ClickHouse keeps a table's rows in, each with its time: what it knows without reading any row.
import type { Ask } from "./filter.ts"

export interface Part {
  readonly name: string
  /** Nanoseconds since 1970. */
  readonly oldest: bigint
  readonly newest: bigint
  readonly rows: number
}

export async function readParts(ask: Ask, table: "otel_logs" | "otel_traces"): Promise<Part[]> {
  const rows = await ask<{ name: string; oldest: string; newest: string; count: number }>(
    `SELECT _part AS name, toString(toUnixTimestamp64Nano(min(Timestamp))) AS oldest,
       toString(toUnixTimestamp64Nano(max(Timestamp))) AS newest, toFloat64(count()) AS count
     FROM ${table} GROUP BY _part`,
    {},
  )
  return rows.map(({ name, oldest, newest, count }) => ({
    name,
    oldest: BigInt(oldest),
    newest: BigInt(newest),
    rows: count,
  }))
}
