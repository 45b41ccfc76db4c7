// What a server's system.opentelemetry_span_log looks like: it has grown over the years, and a cluster may hold servers
// of several ages. Attributes were two arrays before they were a map; kind, host name and status came later.
import { IngestError } from "../errors.ts"

export interface SpanLogShape {
  readonly attributes: "map" | "arrays"
  readonly kind: boolean
  readonly hostname: boolean
  readonly status: boolean
}

/** The shape that servers of today have. */
export const newestShape: SpanLogShape = { attributes: "map", kind: true, hostname: true, status: true }

const required = [
  "trace_id",
  "span_id",
  "parent_span_id",
  "operation_name",
  "start_time_us",
  "finish_time_us",
]

/** @throws IngestError SCHEMA_MISMATCH when these are not the columns of a span log. */
export function shapeOf(columns: readonly string[], where: string): SpanLogShape {
  const has = new Set(columns)
  const arrays = has.has("attribute.names") && has.has("attribute.values")
  const missing = [
    ...required.filter((name) => !has.has(name)),
    ...(has.has("attribute") || arrays ? [] : ["attribute"]),
  ]
  if (missing.length > 0) {
    throw new IngestError(
      "SCHEMA_MISMATCH",
      `${where}: has no column ${missing.join(", ")}, so it is not ClickHouse's log of spans; name the server's own table`,
    )
  }
  return {
    attributes: has.has("attribute") ? "map" : "arrays",
    kind: has.has("kind"),
    hostname: has.has("hostname"),
    status: has.has("status_code") && has.has("status_message"),
  }
}
