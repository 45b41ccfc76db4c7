// One row for each table, with every column that an insert may fill.
import type { TableName } from "@clickstack/ingest"
import type { Row } from "./embedded-clickhouse.ts"

/**
 * Two hours ago, at the start of a quarter of an hour: recent, or the TTL would delete what a test inserts.
 */
export const START: number = Math.floor(Date.now() / 900_000) * 900 - 7200

/** Seconds since 1970 as ClickHouse writes them. */
export const time = (seconds: number): string =>
  new Date(seconds * 1000).toISOString().slice(0, 19).replace("T", " ")

export const TRACE = "0af7651916cd43dd8448eb211c80319c"
const SPAN = "b7ad6b7169203331"
const resource = { "k8s.pod.name": "shop-1", "rum.sessionId": "s1", "service.name": "shop" }

const log = {
  Timestamp: `${time(START)}.123456789`,
  TraceId: TRACE,
  SpanId: SPAN,
  TraceFlags: 1,
  SeverityText: "info",
  SeverityNumber: 9,
  ServiceName: "shop",
  Body: "Order placed",
  ResourceSchemaUrl: "https://opentelemetry.io/schemas/1.37.0",
  ResourceAttributes: resource,
  ScopeSchemaUrl: "",
  ScopeName: "orders",
  ScopeVersion: "1.0",
  ScopeAttributes: { team: "checkout" },
  LogAttributes: { "order.id": "42", total: "9.5" },
}

const metric = {
  ResourceAttributes: resource,
  ResourceSchemaUrl: "",
  ScopeName: "orders",
  ScopeVersion: "1.0",
  ScopeAttributes: {},
  ScopeDroppedAttrCount: 0,
  ScopeSchemaUrl: "",
  ServiceName: "shop",
  MetricName: "orders",
  MetricDescription: "Orders placed",
  MetricUnit: "1",
  Attributes: { route: "/orders" },
  StartTimeUnix: time(START - 60),
  TimeUnix: time(START),
}

const exemplars = {
  "Exemplars.FilteredAttributes": [{ user: "7" }],
  "Exemplars.TimeUnix": [time(START)],
  "Exemplars.Value": [1.5],
  "Exemplars.SpanId": [SPAN],
  "Exemplars.TraceId": [TRACE],
}

const gauge = { ...metric, Value: 3, Flags: 0, ...exemplars }
const histogram = {
  ...metric,
  Count: "3",
  Sum: 12,
  ...exemplars,
  Flags: 0,
  Min: 0.5,
  Max: 9.5,
  AggregationTemporality: 2,
}

export const sampleRows: Readonly<Record<TableName, Row>> = {
  otel_traces: {
    Timestamp: `${time(START)}.123456789`,
    TraceId: TRACE,
    SpanId: SPAN,
    ParentSpanId: "",
    TraceState: "a=b",
    SpanName: "POST /orders",
    SpanKind: "Server",
    ServiceName: "shop",
    ResourceAttributes: resource,
    ScopeName: "http",
    ScopeVersion: "1.0",
    SpanAttributes: { SampleRate: "10", "http.route": "/orders" },
    Duration: "18446744073709551615",
    StatusCode: "Error",
    StatusMessage: `it's "broken"`,
    "Events.Timestamp": [`${time(START)}.000000001`, `${time(START)}.000000002`],
    "Events.Name": ["exception", "retry"],
    "Events.Attributes": [{ "exception.type": "Error" }, {}],
    "Links.TraceId": ["1af7651916cd43dd8448eb211c80319c"],
    "Links.SpanId": ["c7ad6b7169203331"],
    "Links.TraceState": [""],
    "Links.Attributes": [{ why: "batch" }],
  },
  otel_logs: { ...log, EventName: "order.placed" },
  hyperdx_sessions: { ...log, TimestampTime: time(START) },
  otel_metrics_gauge: gauge,
  otel_metrics_sum: { ...gauge, AggregationTemporality: 2, IsMonotonic: true },
  otel_metrics_histogram: {
    ...histogram,
    BucketCounts: ["1", "2", "0"],
    ExplicitBounds: [1, 10],
  },
  otel_metrics_exponential_histogram: {
    ...histogram,
    Scale: 4,
    ZeroCount: "1",
    PositiveOffset: -2,
    PositiveBucketCounts: ["1", "1"],
    NegativeOffset: 0,
    NegativeBucketCounts: [],
  },
  otel_metrics_summary: {
    ...metric,
    Count: "3",
    Sum: 12,
    "ValueAtQuantiles.Quantile": [0.5, 0.99],
    "ValueAtQuantiles.Value": [4, 9],
    Flags: 0,
  },
}
