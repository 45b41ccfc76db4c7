export { startReceiver, type Receiver } from "./start-receiver.ts"
export { forward, type Destination, type DestinationSinks } from "./forward.ts"
export { defaultLimits, type Limits, type ReceiverOptions, type TlsOptions } from "./options.ts"
export type { PartialSuccess, RequestContext, Sink, SinkResult } from "./sink.ts"
export type { Signal } from "./signals.ts"
export type { SignalStats } from "./stats.ts"
export { ReceiverError, type ReceiverErrorCode, type ReceiverErrorOptions } from "./receiver-error.ts"
export {
  type Exemplar,
  type ReceivedDataPoint,
  type ReceivedExponentialHistogram,
  type ReceivedLink,
  type ReceivedLogRecord,
  type ReceivedMetricData,
  type ReceivedMetrics,
  type ReceivedResource,
  type ReceivedScope,
  type ReceivedScopeMetrics,
  type ReceivedSpan,
  SUMMARY,
  type Summary,
  type SummaryMetricData,
  UNSPECIFIED,
} from "./currency.ts"
export { tracesFromProtobuf } from "./wire/traces.ts"
export { logsFromProtobuf } from "./wire/logs.ts"
export { metricsFromProtobuf } from "./wire/metrics.ts"
export { tracesFromJson } from "./json/traces.ts"
export { logsFromJson } from "./json/logs.ts"
export { metricsFromJson } from "./json/metrics.ts"
