// The span log without any process of ours: a materialized view inside ClickHouse, which turns what is flushed into
// system.opentelemetry_span_log into rows of otel_traces. Limits: it sees only what is flushed after it was made, runs
// on each server for that server's spans, repeats what a server writes twice, and goes with the log when a server's
// upgrade renames it (make it again then).
import { quote, textLiteral } from "../engines/engine.ts"
import { type QueryText, spanLogColumns } from "./select.ts"
import { type SpanLogShape, newestShape } from "./shape.ts"

export interface SpanLogViewOptions {
  /** Where otel_traces is. Default "default". */
  readonly database?: string | undefined
  /** Default "otel_traces". */
  readonly table?: string | undefined
  /** Made on every server of this cluster. */
  readonly cluster?: string | undefined
  /** Default "normalized". */
  readonly queryText?: QueryText | undefined
  /** What the server's log looks like. Default: as on servers of today. */
  readonly shape?: SpanLogShape | undefined
}

/** The statement that makes the view. */
export function spanLogView({
  database = "default",
  table = "otel_traces",
  cluster,
  queryText = "normalized",
  shape = newestShape,
}: SpanLogViewOptions = {}): string {
  const name = (own: string) => `${quote(database)}.${quote(own)}`
  const columns = Object.entries(spanLogColumns(shape, queryText))
  return [
    `CREATE MATERIALIZED VIEW IF NOT EXISTS ${name(`${table}_span_log`)}` +
      (cluster === undefined ? "" : ` ON CLUSTER ${textLiteral(cluster)}`),
    `TO ${name(table)}`,
    "AS SELECT",
    columns.map(([column, sql]) => `    ${sql} AS ${column}`).join(",\n"),
    "FROM system.opentelemetry_span_log",
  ].join("\n")
}
