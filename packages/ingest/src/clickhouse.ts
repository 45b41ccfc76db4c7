// ClickHouse as the destination of an SDK: `init({ destination: clickhouse({ url }) })`, or its parts, `spans`, `logs`
// and `metrics`, as exporters in a plain OpenTelemetry set-up. Tables that are missing are created with the first batch.
import { type Ingest, createIngest } from "./ingest.ts"
import type { IngestOptions } from "./options.ts"

export function clickhouse(options: string | IngestOptions): Ingest {
  return createIngest({ createTables: true, ...(typeof options === "string" ? { url: options } : options) })
}
