// system.opentelemetry_span_log as servers of several ages have it, and random trees of spans to fill it with.
import type { Ingest } from "@clickstack/ingest"
import * as fc from "fast-check"

export interface LoggedSpan {
  readonly traceId: string
  readonly spanId: string
  /** "" for a root. */
  readonly parentSpanId: string
  readonly name: string
  readonly kind: string
  readonly startUs: number
  readonly finishUs: number
  readonly host: string
  readonly status: string
  readonly message: string
  readonly attributes: Readonly<Record<string, string>>
}

/** From the oldest to the newest. */
export type Shape = "arrays" | "map" | "map with host" | "newest"

const kinds = ["INTERNAL", "SERVER", "CLIENT", "PRODUCER", "CONSUMER"]

export async function createSpanLogTable(server: Ingest, shape: Shape): Promise<void> {
  const kind = `kind Enum8(${kinds.map((name, number) => `'${name}' = ${number}`).join(", ")})`
  const attribute = [
    "attribute Map(LowCardinality(String), String)",
    "`attribute.names` Array(LowCardinality(String)) ALIAS mapKeys(attribute)",
    "`attribute.values` Array(String) ALIAS mapValues(attribute)",
  ]
  const more = {
    arrays: ["`attribute.names` Array(LowCardinality(String))", "`attribute.values` Array(String)"],
    map: [kind, ...attribute],
    "map with host": ["hostname LowCardinality(String)", kind, ...attribute],
    newest: [
      "hostname LowCardinality(String)",
      kind,
      "status_code Enum8('UNSET' = 0, 'OK' = 1, 'ERROR' = 2)",
      "status_message LowCardinality(String)",
      ...attribute,
    ],
  }[shape]
  await server.command(
    `CREATE TABLE system.opentelemetry_span_log (
      trace_id UUID, span_id UInt64, parent_span_id UInt64, operation_name LowCardinality(String),
      start_time_us UInt64, finish_time_us UInt64, finish_date Date, ${more.join(", ")}
    ) ENGINE = MergeTree PARTITION BY toYYYYMM(finish_date) ORDER BY (finish_date, finish_time_us, trace_id)`,
  )
}

type Field = readonly [name: string, type: string, valueOf: (span: LoggedSpan) => unknown]

const always: readonly Field[] = [
  ["trace_id", "UUID", (span) => uuid(span.traceId)],
  ["span_id", "UInt64", (span) => number(span.spanId)],
  ["parent_span_id", "UInt64", (span) => number(span.parentSpanId || "0")],
  ["operation_name", "String", (span) => span.name],
  ["start_time_us", "UInt64", (span) => span.startUs],
  ["finish_time_us", "UInt64", (span) => span.finishUs],
  ["finish_date", "Date", (span) => new Date(span.finishUs / 1000).toISOString().slice(0, 10)],
]
const arrays: readonly Field[] = [
  ["attribute.names", "Array(String)", (span) => Object.keys(span.attributes)],
  ["attribute.values", "Array(String)", (span) => Object.values(span.attributes)],
]
const map: readonly Field[] = [
  ["attribute", "Map(String, String)", (span) => span.attributes],
  ["kind", "String", (span) => span.kind],
]
const host: Field = ["hostname", "String", (span) => span.host]
const status: readonly Field[] = [
  ["status_code", "String", (span) => span.status],
  ["status_message", "String", (span) => span.message],
]
const columnsOf: Readonly<Record<Shape, readonly Field[]>> = {
  arrays,
  map,
  "map with host": [...map, host],
  newest: [...map, host, ...status],
}

/** Writes spans as one flush of a server's. */
export async function insertSpans(server: Ingest, shape: Shape, spans: readonly LoggedSpan[]): Promise<void> {
  if (spans.length === 0) return
  const columns = [...always, ...columnsOf[shape]]
  const names = columns.map(([name]) => `\`${name}\``)
  const values = columns.map(([, type], index) => `{c${index}:Array(${type})}`)
  const params = Object.fromEntries(columns.map(([, , valueOf], index) => [`c${index}`, spans.map(valueOf)]))
  const picked = names.map((_, index) => `row.${index + 1}`)
  await server.command(
    `INSERT INTO system.opentelemetry_span_log (${names.join(", ")})
     SELECT ${picked.join(", ")} FROM (SELECT arrayJoin(arrayZip(${values.join(", ")})) AS row)`,
    params,
  )
}

const uuid = (hex: string) => hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-")
const number = (hex: string) => BigInt(`0x${hex}`)

// Ids whose hex begins with zeros, above 2^63, and in between.
const idOf = (bytes: number) =>
  fc.oneof(
    fc.integer({ min: 1, max: 255 }).map((low) => low.toString(16).padStart(bytes * 2, "0")),
    fc
      .uint8Array({ minLength: bytes, maxLength: bytes })
      .map((all) => `f${Buffer.from(all).toString("hex").slice(1)}`),
    fc
      .uint8Array({ minLength: bytes, maxLength: bytes })
      .map((all) => Buffer.from(all).toString("hex"))
      .filter((hex) => /[1-9a-f]/.test(hex)),
  )

const text = fc.string({ unit: "grapheme", maxLength: 12 })

const attributes = fc.dictionary(
  fc.constantFrom(
    "clickhouse.query_id",
    "clickhouse.exception_code",
    "clickhouse.uri",
    "db.statement",
    "clickhouse.tracestate",
    "x y",
    "",
  ),
  fc.oneof(text, fc.constantFrom("0", "60", "SELECT 1 -- 'x'", "/?query=1#2", "a=1,b=2")),
  { maxKeys: 5, noNullPrototype: true },
)

// The last midnight, with some seconds on both sides.
const midnightUs = Math.floor(Date.now() / 86_400_000) * 86_400_000_000

const tree = fc
  .record({
    traceId: idOf(16),
    spans: fc.uniqueArray(
      fc.record({
        spanId: idOf(8),
        parent: fc.nat({ max: 5 }),
        name: fc.oneof(text, fc.constantFrom("query", "ExpressionTransform", "TCPHandler")),
        kind: fc.constantFrom(...kinds),
        startUs: fc.integer({ min: midnightUs - 5_000_000, max: midnightUs + 5_000_000 }),
        tookUs: fc.integer({ min: -1, max: 3_000_000 }),
        host: fc.constantFrom("ch-1", "ch-2"),
        status: fc.constantFrom("UNSET", "OK", "ERROR"),
        message: text,
        attributes,
      }),
      { minLength: 1, maxLength: 6, selector: ({ spanId }) => spanId },
    ),
  })
  .map(({ traceId, spans }) =>
    spans.map(({ parent, tookUs, ...span }, index): LoggedSpan => {
      const above = index === 0 ? undefined : spans[parent % index]
      return { traceId, ...span, parentSpanId: above?.spanId ?? "", finishUs: span.startUs + tookUs }
    }),
  )

/** Trees whose spans are flushed in any order and some of them twice, a page size, and when the reader is restarted. */
export const spanTrees = fc
  .record({
    trees: fc.uniqueArray(tree, { minLength: 1, maxLength: 6, selector: ([root]) => root?.traceId }),
    order: fc.infiniteStream(fc.nat()),
    flushCount: fc.integer({ min: 1, max: 4 }),
    pageSize: fc.integer({ min: 1, max: 7 }),
    restarts: fc.array(fc.boolean(), { minLength: 1, maxLength: 4 }),
  })
  .map(({ trees, order, flushCount, pageSize, restarts }) => {
    const flushes: LoggedSpan[][] = Array.from({ length: flushCount }, () => [])
    for (const span of trees.flat()) {
      const [first = 0, again = 0] = [...take(order, 2)]
      flushes[first % flushCount]?.push(span)
      if (again % 4 === 0) flushes[again % flushCount]?.push(span)
    }
    return { flushes, pageSize, restarts }
  })

function* take<Item>(items: Iterator<Item>, count: number): Generator<Item> {
  for (let index = 0; index < count; index++) yield items.next().value as Item
}
