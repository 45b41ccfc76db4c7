// The one place that says how a row of system.opentelemetry_span_log becomes a row of otel_traces: as SQL, so that the
// reader and the view inside ClickHouse cannot differ.
import { textLiteral } from "../engines/engine.ts"
import type { SpanLogShape } from "./shape.ts"

/**
 * What is told of a query's text: with `?` for its literals, as it is, or nothing. Exceptions and URIs repeat literals,
 * so the exception's own words and the URI's parameters go with "raw" only.
 */
export type QueryText = "normalized" | "raw" | "none"

/** The service that ClickHouse's spans belong to. */
export const spanLogService = "clickhouse"

/** In otel_traces' order, without those that stay empty. */
export interface SpanLogColumns {
  readonly Timestamp: string
  readonly TraceId: string
  readonly SpanId: string
  readonly ParentSpanId: string
  readonly TraceState: string
  readonly SpanName: string
  readonly SpanKind: string
  readonly ServiceName: string
  readonly ResourceAttributes: string
  readonly ScopeName: string
  readonly SpanAttributes: string
  readonly Duration: string
  readonly StatusCode: string
  readonly StatusMessage: string
}

/** An expression for each column. */
export function spanLogColumns(shape: SpanLogShape, text: QueryText): SpanLogColumns {
  const attributes = attributesOf(shape)
  const code = `${attributes}['clickhouse.exception_code']`
  const host = shape.hostname ? "toString(hostname)" : "hostName()"
  return {
    Timestamp: "toDateTime64(fromUnixTimestamp64Micro(toInt64(start_time_us)), 9)",
    TraceId: "lower(replaceAll(toString(trace_id), '-', ''))",
    SpanId: idText("span_id"),
    ParentSpanId: `if(parent_span_id = 0, '', ${idText("parent_span_id")})`,
    TraceState: `${attributes}['clickhouse.tracestate']`,
    SpanName: "toString(operation_name)",
    SpanKind: shape.kind ? kindText : "'Internal'",
    ServiceName: textLiteral(spanLogService),
    ResourceAttributes: `map('host.name', ${host}, 'service.name', ${textLiteral(spanLogService)})`,
    ScopeName: "'system.opentelemetry_span_log'",
    SpanAttributes: spanAttributes(attributes, text),
    Duration: "if(finish_time_us > start_time_us, (finish_time_us - start_time_us) * 1000, 0)",
    StatusCode: shape.status
      ? `multiIf(${failed(code)} OR status_code = 'ERROR', 'Error', status_code = 'OK', 'Ok', 'Unset')`
      : `if(${failed(code)}, 'Error', 'Unset')`,
    StatusMessage: statusMessage(shape, code, text),
  }
}

const attributesOf = ({ attributes }: SpanLogShape): string =>
  attributes === "map"
    ? "CAST(attribute, 'Map(String, String)')"
    : "CAST((`attribute.names`, `attribute.values`), 'Map(String, String)')"

// hex() of a number leaves leading zeros out.
const idText = (column: string): string => `leftPad(lower(hex(${column})), 16, '0')`

// By name: the numbers are one less than OTLP's.
const kindText =
  "transform(toString(kind), ['INTERNAL', 'SERVER', 'CLIENT', 'PRODUCER', 'CONSUMER'], " +
  "['Internal', 'Server', 'Client', 'Producer', 'Consumer'], 'Unspecified')"

const failed = (code: string): string => `${code} NOT IN ('', '0')`

/** The exception's name says what is wrong; its text repeats what was asked for. */
function statusMessage({ status }: SpanLogShape, code: string, text: QueryText): string {
  const name = `errorCodeToName(toInt32OrZero(${code}))`
  if (!status) return `if(${failed(code)}, ${name}, '')`
  if (text === "raw") return `if(status_message = '' AND ${failed(code)}, ${name}, toString(status_message))`
  return `if(${failed(code)}, ${name}, extract(toString(status_message), '[(]([A-Z][A-Z0-9_]+)[)]'))`
}

function spanAttributes(attributes: string, text: QueryText): string {
  const left = ["db.statement", "clickhouse.tracestate"]
  const statement = `${attributes}['db.statement']`
  if (text === "raw") return withQuery(without(left, attributes), statement, statement)
  left.push("clickhouse.exception", ...(text === "none" ? ["clickhouse.query"] : []))
  const value =
    "multiIf(name = 'clickhouse.uri', cutQueryString(value), name = 'clickhouse.query', normalizeQuery(value), value)"
  const cleaned = `mapApply((name, value) -> (name, ${value}), ${without(left, attributes)})`
  return text === "none"
    ? `mapSort(${cleaned})`
    : withQuery(cleaned, statement, `normalizeQuery(${statement})`)
}

const without = (names: readonly string[], map: string): string =>
  `mapFilter((name, value) -> name NOT IN (${names.map(textLiteral).join(", ")}), ${map})`

/** Where there is a statement: the database conventions' attributes, which the UI's panel reads. */
const withQuery = (map: string, statement: string, shown: string): string =>
  `mapSort(mapUpdate(${map}, if(${statement} = '', CAST(map(), 'Map(String, String)'), ` +
  `map('db.query.text', ${shown}, 'db.system.name', 'clickhouse'))))`
