// ClickStack's tables as data: `ddl.ts` prints them, the row mapping fills the columns that `columnsOf`
// names. Everything is what ClickStack's own collector and UI expect; a name or a type changed here is an
// empty panel there. Each column is compressed with ZSTD(1) unless it says otherwise. Text indexes came with
// ClickHouse 26.2, so what differs between servers is marked: `withText` for 26.2 and later, `withoutText`
// for older ones.

/** The tables that rows are inserted into, by the names that ClickStack knows them by. */
export type TableName =
  | "otel_traces"
  | "otel_logs"
  | "hyperdx_sessions"
  | "otel_metrics_gauge"
  | "otel_metrics_sum"
  | "otel_metrics_histogram"
  | "otel_metrics_exponential_histogram"
  | "otel_metrics_summary"

/** The optional tables that materialized views fill, from which the UI suggests values. */
export type RollupName = "otel_logs_kv_rollup_15m" | "otel_traces_kv_rollup_15m"

/** What a retention is set for. */
export type Signal = "traces" | "logs" | "metrics" | "sessions"

export interface Column {
  readonly name: string
  readonly type: string
  /** What stands in `CODEC(...)`; an alias is not stored and has none. */
  readonly codec: string
  /** Inserts fill `stored` columns, may fill `default` ones, and cannot name the other two. */
  readonly kind: "stored" | "default" | "materialized" | "alias"
  /** How ClickHouse computes it; empty for `stored`. */
  readonly expression: string
  readonly servers: Servers
}

export interface Index {
  readonly name: string
  readonly expression: string
  readonly type: string
  /** In granules; a text index spans its part and has none. */
  readonly granularity: number | undefined
  readonly servers: Servers
}

/** Which servers have a column or an index: all of them, or those with or without text indexes. */
export type Servers = "all" | "withText" | "withoutText"

/** How rows are kept: what a table and a rollup have in common. */
interface Storage {
  readonly signal: Signal
  readonly columns: readonly Column[]
  readonly indexes: readonly Index[]
  readonly engine: "MergeTree" | "SummingMergeTree"
  readonly partitionBy: string
  readonly orderBy: readonly string[]
  /** A prefix of `orderBy`, where it is not all of it. */
  readonly primaryKey: readonly string[] | undefined
  /** The DateTime that a row's age is counted from. */
  readonly ttlFrom: string
  /**
   * On a cluster: which shard a row goes to. Undefined where no insert goes through the Distributed table.
   */
  readonly shardingKey: string | undefined
  readonly settings: Readonly<Record<string, number>>
}

export interface Table extends Storage {
  readonly name: TableName
}

export interface Rollup extends Storage {
  readonly name: RollupName
  /** The table that it sums up. */
  readonly source: TableName
  /** What follows the source table's own name in the names of the rollup and of its view. */
  readonly suffix: string
  readonly viewSuffix: string
  /** The source's columns whose values it counts. */
  readonly counted: readonly string[]
}

// --- How columns and indexes are written -------------------------------------------------------------------

const LC = "LowCardinality(String)"
const M = "Map(LowCardinality(String), String)"
const TIME_CODEC = "Delta(8), ZSTD(1)"

const stored = (name: string, type: string, codec = "ZSTD(1)"): Column => ({
  name,
  type,
  codec,
  kind: "stored",
  expression: "",
  servers: "all",
})

const computed = (
  kind: "default" | "materialized" | "alias",
  name: string,
  type: string,
  expression: string,
  codec = "ZSTD(1)",
): Column => ({ name, type, codec, kind, expression, servers: "all" })

/**
 * A map's entries as `key=value`, there to be indexed. The UI finds it by this very shape of the expression.
 */
const items = (name: string, map: string): Column => ({
  ...computed(
    "alias",
    name,
    "Array(String)",
    `arrayMap((item) -> concat(item.1, '=', item.2), ${map}::Array(Tuple(String, String)))`,
    "",
  ),
  servers: "withText",
})

const index = (name: string, expression: string, type: string, granularity = 1): Index => ({
  name,
  expression,
  type,
  granularity,
  servers: "all",
})

const bloom = (name: string, expression: string, falsePositives: number): Index =>
  index(name, expression, `bloom_filter(${falsePositives})`)

/** Words of a text in lower case. */
const words = (name: string, column: string): Index =>
  index(name, `lower(${column})`, "tokenbf_v1(32768, 3, 0)", 8)

const text = (name: string, expression: string, tokenizer: "array" | "splitByNonAlpha"): Index => ({
  name,
  expression,
  type: `text(tokenizer = '${tokenizer}')`,
  granularity: undefined,
  servers: "withText",
})

const withoutText = (older: Index): Index => ({ ...older, servers: "withoutText" })

// --- Columns that several tables share ---------------------------------------------------------------------

/** Kubernetes and deployment names, kept as columns of their own because the UI filters by them. */
const resourceColumns = [
  "k8s.cluster.name",
  "k8s.container.name",
  "k8s.deployment.name",
  "k8s.namespace.name",
  "k8s.node.name",
  "k8s.pod.name",
  "k8s.pod.uid",
  "deployment.environment.name",
].map((attribute) =>
  computed("materialized", `__hdx_materialized_${attribute}`, LC, `ResourceAttributes['${attribute}']`),
)

/** What logs and sessions have in common, after their time columns. */
const logColumns = [
  stored("TraceId", "String"),
  stored("SpanId", "String"),
  stored("TraceFlags", "UInt8"),
  stored("SeverityText", LC),
  stored("SeverityNumber", "UInt8"),
  stored("ServiceName", LC),
  stored("Body", "String"),
  stored("ResourceSchemaUrl", LC),
  stored("ResourceAttributes", M),
  stored("ScopeSchemaUrl", LC),
  stored("ScopeName", "String"),
  stored("ScopeVersion", LC),
  stored("ScopeAttributes", M),
  stored("LogAttributes", M),
]

/** How logs are found where there are no text indexes. */
const logIndexes = [
  bloom("idx_trace_id", "TraceId", 0.001),
  bloom("idx_res_attr_key", "mapKeys(ResourceAttributes)", 0.01),
  bloom("idx_res_attr_value", "mapValues(ResourceAttributes)", 0.01),
  bloom("idx_scope_attr_key", "mapKeys(ScopeAttributes)", 0.01),
  bloom("idx_scope_attr_value", "mapValues(ScopeAttributes)", 0.01),
  bloom("idx_log_attr_key", "mapKeys(LogAttributes)", 0.01),
  bloom("idx_log_attr_value", "mapValues(LogAttributes)", 0.01),
  words("idx_lower_body", "Body"),
]

const metricColumns = [
  stored("ResourceAttributes", M),
  stored("ResourceSchemaUrl", "String"),
  stored("ScopeName", "String"),
  stored("ScopeVersion", "String"),
  stored("ScopeAttributes", M),
  stored("ScopeDroppedAttrCount", "UInt32"),
  stored("ScopeSchemaUrl", "String"),
  stored("ServiceName", LC),
  stored("MetricName", LC),
  stored("MetricDescription", "String"),
  stored("MetricUnit", "String"),
  stored("Attributes", M),
  stored("StartTimeUnix", "DateTime"),
  stored("TimeUnix", "DateTime"),
]

const exemplarColumns = [
  stored("Exemplars.FilteredAttributes", `Array(${M})`),
  stored("Exemplars.TimeUnix", "Array(DateTime)"),
  stored("Exemplars.Value", "Array(Float64)"),
  stored("Exemplars.SpanId", "Array(String)"),
  stored("Exemplars.TraceId", "Array(String)"),
]

const gaugeColumns = [
  ...metricColumns,
  stored("Value", "Float64"),
  stored("Flags", "UInt32"),
  ...exemplarColumns,
]

/** How both kinds of histogram begin and end; their buckets stand between. */
const histogramStart = [...metricColumns, stored("Count", "UInt64", TIME_CODEC), stored("Sum", "Float64")]
const histogramEnd = [
  ...exemplarColumns,
  stored("Flags", "UInt32"),
  stored("Min", "Float64"),
  stored("Max", "Float64"),
  stored("AggregationTemporality", "Int32"),
]

// --- The tables --------------------------------------------------------------------------------------------

// A part is deleted when its last row is too old, instead of being rewritten without the old rows: a
// partition is a day, so that costs nothing and keeps data at most a day longer.
const settings = { ttl_only_drop_parts: 1 }

const metricTable = (name: TableName, columns: readonly Column[]): Table => ({
  name,
  signal: "metrics",
  columns,
  indexes: [],
  engine: "MergeTree",
  partitionBy: "toDate(TimeUnix)",
  orderBy: ["ServiceName", "MetricName", "toStartOfHour(TimeUnix)", "cityHash64(Attributes)", "TimeUnix"],
  primaryKey: undefined,
  ttlFrom: "TimeUnix",
  // A series stays on one shard. Its resource is part of it, or all instances of a service would share a
  // shard.
  shardingKey: "cityHash64(ServiceName, MetricName, ResourceAttributes, Attributes)",
  settings,
})

export const tables: Readonly<Record<TableName, Table>> = {
  otel_traces: {
    name: "otel_traces",
    signal: "traces",
    columns: [
      stored("Timestamp", "DateTime64(9)", TIME_CODEC),
      stored("TraceId", "String"),
      stored("SpanId", "String"),
      stored("ParentSpanId", "String"),
      stored("TraceState", "String"),
      stored("SpanName", LC),
      stored("SpanKind", LC),
      stored("ServiceName", LC),
      stored("ResourceAttributes", M),
      stored("ScopeName", "String"),
      stored("ScopeVersion", "String"),
      stored("SpanAttributes", M),
      stored("Duration", "UInt64"),
      stored("StatusCode", LC),
      stored("StatusMessage", "String"),
      stored("Events.Timestamp", "Array(DateTime64(9))"),
      stored("Events.Name", `Array(${LC})`),
      stored("Events.Attributes", `Array(${M})`),
      stored("Links.TraceId", "Array(String)"),
      stored("Links.SpanId", "Array(String)"),
      stored("Links.TraceState", "Array(String)"),
      stored("Links.Attributes", `Array(${M})`),
      computed(
        "materialized",
        "__hdx_materialized_rum.sessionId",
        "String",
        "ResourceAttributes['rum.sessionId']",
      ),
      computed(
        "materialized",
        "SampleRate",
        "UInt64",
        "greatest(toUInt64OrZero(SpanAttributes['SampleRate']), 1)",
        "T64, ZSTD(1)",
      ),
      items("ResourceAttributeItems", "ResourceAttributes"),
      items("SpanAttributeItems", "SpanAttributes"),
    ],
    indexes: [
      bloom("idx_trace_id", "TraceId", 0.001),
      bloom("idx_rum_session_id", "`__hdx_materialized_rum.sessionId`", 0.001),
      bloom("idx_res_attr_key", "mapKeys(ResourceAttributes)", 0.01),
      text("idx_res_attr_items", "ResourceAttributeItems", "array"),
      withoutText(bloom("idx_res_attr_value", "mapValues(ResourceAttributes)", 0.01)),
      bloom("idx_span_attr_key", "mapKeys(SpanAttributes)", 0.01),
      text("idx_span_attr_items", "SpanAttributeItems", "array"),
      withoutText(bloom("idx_span_attr_value", "mapValues(SpanAttributes)", 0.01)),
      index("idx_duration", "Duration", "minmax"),
      words("idx_lower_span_name", "SpanName"),
    ],
    engine: "MergeTree",
    partitionBy: "toDate(Timestamp)",
    orderBy: ["ServiceName", "SpanName", "toDateTime(Timestamp)"],
    primaryKey: undefined,
    ttlFrom: "toDateTime(Timestamp)",
    // A trace stays on one shard, so its tree is read from one, and `optimize_skip_unused_shards` asks only
    // that one. No span is without a trace id.
    shardingKey: "cityHash64(TraceId)",
    settings,
  },

  otel_logs: {
    name: "otel_logs",
    signal: "logs",
    columns: [
      stored("Timestamp", "DateTime64(9)", TIME_CODEC),
      ...logColumns,
      stored("EventName", "String"),
      ...resourceColumns,
      items("ResourceAttributeItems", "ResourceAttributes"),
      items("ScopeAttributeItems", "ScopeAttributes"),
      items("LogAttributeItems", "LogAttributes"),
    ],
    indexes: [
      text("idx_trace_id", "TraceId", "array"),
      text("idx_res_attr_key", "mapKeys(ResourceAttributes)", "array"),
      text("idx_res_attr_items", "ResourceAttributeItems", "array"),
      text("idx_scope_attr_key", "mapKeys(ScopeAttributes)", "array"),
      text("idx_scope_attr_items", "ScopeAttributeItems", "array"),
      text("idx_log_attr_key", "mapKeys(LogAttributes)", "array"),
      text("idx_log_attr_items", "LogAttributeItems", "array"),
      text("idx_lower_body", "lower(Body)", "splitByNonAlpha"),
      ...logIndexes.map(withoutText),
    ],
    engine: "MergeTree",
    partitionBy: "toDate(Timestamp)",
    orderBy: ["toStartOfFiveMinutes(Timestamp)", "ServiceName", "Timestamp"],
    primaryKey: undefined,
    ttlFrom: "toDateTime(Timestamp)",
    // With its trace; a log without one goes by its time. Never by rand(): a repeated insert would deal its
    // rows to other shards, and the shards that know its deduplication token would drop rows that they never
    // had.
    shardingKey: "if(empty(TraceId), cityHash64(Timestamp), cityHash64(TraceId))",
    settings,
  },

  hyperdx_sessions: {
    name: "hyperdx_sessions",
    signal: "sessions",
    columns: [
      stored("Timestamp", "DateTime64(9)", TIME_CODEC),
      computed("default", "TimestampTime", "DateTime", "toDateTime(Timestamp)"),
      ...logColumns,
      ...resourceColumns,
    ],
    indexes: logIndexes,
    engine: "MergeTree",
    partitionBy: "toDate(TimestampTime)",
    orderBy: ["ServiceName", "TimestampTime", "Timestamp"],
    primaryKey: ["ServiceName", "TimestampTime"],
    ttlFrom: "TimestampTime",
    // A session is replayed as a whole, so it stays on one shard.
    shardingKey:
      "if(empty(ResourceAttributes['rum.sessionId']), cityHash64(Timestamp), " +
      "cityHash64(ResourceAttributes['rum.sessionId']))",
    settings,
  },

  otel_metrics_gauge: metricTable("otel_metrics_gauge", gaugeColumns),

  otel_metrics_sum: metricTable("otel_metrics_sum", [
    ...gaugeColumns,
    stored("AggregationTemporality", "Int32"),
    stored("IsMonotonic", "Bool"),
  ]),

  otel_metrics_histogram: metricTable("otel_metrics_histogram", [
    ...histogramStart,
    stored("BucketCounts", "Array(UInt64)"),
    stored("ExplicitBounds", "Array(Float64)"),
    ...histogramEnd,
  ]),

  otel_metrics_exponential_histogram: metricTable("otel_metrics_exponential_histogram", [
    ...histogramStart,
    stored("Scale", "Int32"),
    stored("ZeroCount", "UInt64"),
    stored("PositiveOffset", "Int32"),
    stored("PositiveBucketCounts", "Array(UInt64)"),
    stored("NegativeOffset", "Int32"),
    stored("NegativeBucketCounts", "Array(UInt64)"),
    ...histogramEnd,
  ]),

  otel_metrics_summary: metricTable("otel_metrics_summary", [
    ...metricColumns,
    stored("Count", "UInt64"),
    stored("Sum", "Float64"),
    stored("ValueAtQuantiles.Quantile", "Array(Float64)"),
    stored("ValueAtQuantiles.Value", "Array(Float64)"),
    stored("Flags", "UInt32"),
  ]),
}

// --- The rollups -------------------------------------------------------------------------------------------

const rollupTable = {
  suffix: "_kv_rollup_15m",
  columns: [
    stored("Timestamp", "DateTime"),
    stored("ColumnIdentifier", LC),
    stored("Key", LC),
    stored("Value", "String"),
    stored("count", "UInt64"),
  ],
  indexes: [
    index("idx_count_minmax", "count", "minmax"),
    index("idx_timestamp_minmax", "Timestamp", "minmax"),
  ],
  engine: "SummingMergeTree" as const,
  partitionBy: "toDate(Timestamp)",
  orderBy: ["ColumnIdentifier", "Key", "Timestamp", "Value"],
  primaryKey: undefined,
  ttlFrom: "Timestamp",
  // The views write to the local tables of their own shard.
  shardingKey: undefined,
  settings,
}

export const rollups: Readonly<Record<RollupName, Rollup>> = {
  otel_logs_kv_rollup_15m: {
    ...rollupTable,
    name: "otel_logs_kv_rollup_15m",
    signal: "logs",
    source: "otel_logs",
    // The collector's name for it: a second view under another name would count everything twice.
    viewSuffix: "_attr_kv_rollup_15m_mv",
    counted: [
      "SeverityText",
      "ServiceName",
      "ScopeName",
      "ScopeVersion",
      "ResourceSchemaUrl",
      "ScopeSchemaUrl",
      ...resourceColumns.map(({ name }) => name),
    ],
  },

  otel_traces_kv_rollup_15m: {
    ...rollupTable,
    name: "otel_traces_kv_rollup_15m",
    signal: "traces",
    source: "otel_traces",
    viewSuffix: "_kv_rollup_15m_mv",
    counted: ["ServiceName", "SpanName", "SpanKind", "StatusCode", "ScopeName", "ScopeVersion"],
  },
}

/**
 * The columns that an insert into a table may fill, in the table's order: its stored ones and those with a
 * default.
 */
export function columnsOf(table: TableName): readonly Column[] {
  return tables[table].columns.filter(({ kind }) => kind === "stored" || kind === "default")
}
