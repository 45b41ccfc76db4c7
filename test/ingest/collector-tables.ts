// Tables as the ClickHouse exporter of the upstream OpenTelemetry Collector makes them, in three shapes: as it made them
// for years (`old`), as it makes them now (`new`), and in its JSON mode (`json`). Without its indexes and codecs, which
// an insert does not meet.
export type Shape = "old" | "new" | "json"

const LC = "LowCardinality(String)"

export function collectorTables(shape: Shape): string[] {
  const isJson = shape === "json"
  const attributes = isJson ? "JSON" : `Map(${LC}, String)`
  const time = shape === "old" ? "DateTime" : "DateTime64(9)"
  /** An attribute column, with the keys that the JSON mode keeps beside it. */
  const map = (name: string) => `${name} ${attributes}${isJson ? `, ${name}Keys Array(${LC})` : ""}`

  const logs = `CREATE TABLE otel_logs (
    Timestamp DateTime64(9),
    ${shape === "old" ? "TimestampTime DateTime DEFAULT toDateTime(Timestamp)," : ""}
    TraceId String, SpanId String, TraceFlags UInt8, SeverityText ${LC}, SeverityNumber UInt8, ServiceName ${LC},
    Body String, ResourceSchemaUrl ${LC}, ${map("ResourceAttributes")}, ScopeSchemaUrl ${LC}, ScopeName String,
    ScopeVersion ${LC}, ${map("ScopeAttributes")}, ${map("LogAttributes")}
    ${shape === "old" ? "" : ", EventName String"}
  ) ENGINE = MergeTree PARTITION BY toDate(${shape === "old" ? "TimestampTime" : "Timestamp"})
  ORDER BY (ServiceName, ${shape === "old" ? "TimestampTime, " : ""}Timestamp)`

  const traces = `CREATE TABLE otel_traces (
    Timestamp DateTime64(9), TraceId String, SpanId String, ParentSpanId String, TraceState String, SpanName ${LC},
    SpanKind ${LC}, ServiceName ${LC}, ${map("ResourceAttributes")}, ScopeName String, ScopeVersion String,
    ${map("SpanAttributes")}, Duration UInt64, StatusCode ${LC}, StatusMessage String,
    Events Nested (Timestamp DateTime64(9), Name ${LC}, Attributes ${attributes}),
    Links Nested (TraceId String, SpanId String, TraceState String, Attributes ${attributes})
  ) ENGINE = MergeTree PARTITION BY toDate(Timestamp) ORDER BY (ServiceName, SpanName, toDateTime(Timestamp))`

  const exemplars = `Exemplars Nested (FilteredAttributes ${attributes}, TimeUnix ${time}, Value Float64, SpanId String,
    TraceId String)`
  const distribution = (buckets: string) =>
    `Count UInt64, Sum Float64, ${buckets}, ${exemplars}, Flags UInt32, Min Float64, Max Float64,
    AggregationTemporality Int32`
  const metrics = {
    gauge: `Value Float64, Flags UInt32, ${exemplars}`,
    sum: `Value Float64, Flags UInt32, ${exemplars}, AggregationTemporality Int32, IsMonotonic Boolean`,
    histogram: distribution("BucketCounts Array(UInt64), ExplicitBounds Array(Float64)"),
    exponential_histogram: distribution(
      `Scale Int32, ZeroCount UInt64, PositiveOffset Int32, PositiveBucketCounts Array(UInt64), NegativeOffset Int32,
      NegativeBucketCounts Array(UInt64)`,
    ),
    summary: `Count UInt64, Sum Float64, ValueAtQuantiles Nested (Quantile Float64, Value Float64), Flags UInt32`,
  }
  const points = Object.entries(metrics).map(
    ([kind, columns]) => `CREATE TABLE otel_metrics_${kind} (
      ${map("ResourceAttributes")}, ResourceSchemaUrl String, ScopeName String, ScopeVersion String,
      ${map("ScopeAttributes")}, ScopeDroppedAttrCount UInt32, ScopeSchemaUrl String, ServiceName ${LC},
      MetricName ${LC}, MetricDescription String, MetricUnit String, ${map("Attributes")}, StartTimeUnix ${time},
      TimeUnix ${time}, ${columns}
    ) ENGINE = MergeTree PARTITION BY toDate(TimeUnix)
    ORDER BY (ServiceName, MetricName, ${time === "DateTime" ? "TimeUnix" : "toUnixTimestamp64Nano(TimeUnix)"})`,
  )
  return [logs, traces, ...points]
}
