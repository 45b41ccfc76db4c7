// What users import.
export { init } from "./init.ts"
export type { Clickstack, Description } from "./start.ts"
export type { Options, Destination, DestinationOption } from "./options.ts"
export type { AttributeValue, LimitOptions, MetricsOptions, QueuedSignalOptions } from "./options.ts"
export { ClickstackError, type ClickstackErrorCode } from "./clickstack-error.ts"
export type { DescribedSetting } from "./describe.ts"
export type { DeliveryStats, DropReason } from "./delivery.ts"
export type { DestinationStats, Stats } from "./sdk.ts"
