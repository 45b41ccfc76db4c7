// What users import.
export { init } from "./init.ts"
export { carryTrace, continueTrace, type CarriedTrace } from "./context/carry-trace.ts"
export { setSession, withSession } from "./context/session.ts"
export { setTraceAttributes } from "./context/trace-attributes.ts"
export { withSpan } from "./context/with-span.ts"
export { recordException } from "./exceptions/record-exception.ts"
export type { Clickstack, Description } from "./start.ts"
export type { Options, Destination, DestinationOption } from "./options.ts"
export type {
  AttributeValue,
  InstrumentationOptions,
  LimitOptions,
  MetricsOptions,
  QueuedSignalOptions,
  SamplingOptions,
} from "./options.ts"
export { ClickstackError, type ClickstackErrorCode } from "./clickstack-error.ts"
export { durable, type Durable, type DurableOptions } from "./durable.ts"
export type { Redact } from "./delivery/plain-value.ts"
export type { DescribedSetting } from "./describe.ts"
export type { DeliveryStats } from "./delivery/tally.ts"
export type { DropReason } from "./delivery/drop-reason.ts"
export type { SamplingRule } from "./sampling/rules.ts"
export type { SamplingStats } from "./sampling/holder.ts"
export type { DestinationStats, Stats } from "./sdk.ts"
