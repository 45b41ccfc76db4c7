export { testTelemetry, type TestTelemetry, type TestTelemetryOptions } from "./test-telemetry.ts"
export { memory, type Memory, type MemoryOptions } from "./memory.ts"
export {
  captureProcess,
  type Captured,
  type CaptureOptions,
  type Running,
} from "./process/capture-process.ts"
export { connect, type Connection, type ConnectOptions } from "./process/connect.ts"
export { faulty, type Faulty, type FaultyTarget } from "./faults/faulty.ts"
export { startWireProxy, type Trouble, type WireProxy } from "./faults/wire-proxy.ts"
export type { OpenSpan, SpanFilter, Telemetry, WaitOptions } from "./recorded/telemetry.ts"
export type { RecordedSpan, Scope, SpanEvent, SpanKind } from "./recorded/span.ts"
export type { RecordedLog, Severity } from "./recorded/log.ts"
export type { RecordedMetric, RecordedPoint } from "./recorded/metric.ts"
export type { Trace, TraceSpan } from "./recorded/trace.ts"
export type { DrawOptions } from "./tree/draw.ts"
export type { AttributeName, Attributes } from "./conventions/attributes.ts"
export type { LogFilter } from "./matchers/have-log.ts"
export type { MetricFilter } from "./matchers/have-metric.ts"
export type { TraceOptions } from "./matchers/have-trace.ts"
export type { MatchTraceOptions } from "./matchers/match-trace.ts"
export {
  type Convention,
  type ConventionOptions,
  type Finding,
  review,
} from "./matchers/follow-conventions.ts"
export { startClickHouse } from "./start-clickhouse.ts"
export type { ArmedClickHouseFault, ClickHouse } from "./start-clickhouse.ts"
export type { ClickHouseOptions } from "./clickhouse/options.ts"
export type { Fault as ClickHouseFault } from "./clickhouse/faults.ts"
export type { RecordedRequest } from "./clickhouse/request-log.ts"
export { TestingError } from "./errors.ts"
export type { TestingErrorCode } from "./errors.ts"
