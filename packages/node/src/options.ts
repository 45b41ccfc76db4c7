// What init() takes. Every scalar option also has an environment variable: CONFIGURATION.md lists both.
import type { TextMapPropagator } from "@opentelemetry/api"
import type { ResourceDetector } from "@opentelemetry/resources"
import type { LogRecordExporter } from "@opentelemetry/sdk-logs"
import type { PushMetricExporter } from "@opentelemetry/sdk-metrics"
import type { InstrumentationName } from "./instrumentation/row.ts"
import type { SamplingRule } from "./sampling/rules.ts"
import type { Sampler, SpanExporter } from "@opentelemetry/sdk-trace-base"

/** Where telemetry goes. A member left out: that signal does not go there. */
export interface Destination {
  /** What the exporters write to, such as a URL: only then what they do not take can wait on disk. */
  readonly endpoint?: string | undefined
  spans?: SpanExporter | undefined
  logs?: LogRecordExporter | undefined
  metrics?: PushMetricExporter | undefined
}

/** `"otlp"` stands for the collector that the other options describe. */
export type DestinationOption = Destination | "otlp" | readonly (Destination | "otlp")[]

export type AttributeValue = string | number | boolean | string[] | number[] | boolean[]
export type Protocol = "http/protobuf" | "http/json" | "grpc"
export type Compression = "gzip" | "zstd" | "none"
export type LogLevel = "none" | "error" | "warn" | "info" | "debug" | "verbose" | "all"
type SamplerName =
  | "always_on"
  | "always_off"
  | "traceidratio"
  | "parentbased_always_on"
  | "parentbased_always_off"
  | "parentbased_traceidratio"

interface ConnectionOptions {
  headers?: Record<string, string> | undefined
  protocol?: Protocol | undefined
  compression?: Compression | undefined
  timeout?: number | undefined
  certificate?: string | undefined
  clientCertificate?: string | undefined
  clientKey?: string | undefined
  insecure?: boolean | undefined
}

interface SignalOptions extends ConnectionOptions {
  exporter?: "otlp" | "none" | undefined
  destination?: DestinationOption | undefined
  endpoint?: string | URL | undefined
}

export interface QueuedSignalOptions extends SignalOptions {
  queueSize?: number | undefined
  batchSize?: number | undefined
  delay?: number | undefined
  exportTimeout?: number | undefined
}

interface LogsOptions extends QueuedSignalOptions {
  injectTraceIds?: boolean | undefined
}

export interface MetricsOptions extends SignalOptions {
  interval?: number | undefined
  exportTimeout?: number | undefined
  temporality?: "cumulative" | "delta" | "lowmemory" | undefined
  histogram?: "explicit_bucket_histogram" | "base2_exponential_bucket_histogram" | undefined
}

export interface LimitOptions {
  spanAttributes?: number | undefined
  spanAttributeLength?: number | undefined
  spanEvents?: number | undefined
  spanLinks?: number | undefined
  eventAttributes?: number | undefined
  linkAttributes?: number | undefined
  logAttributes?: number | undefined
  logAttributeLength?: number | undefined
  valueBytes?: number | undefined
  recordBytes?: number | undefined
}

/** Switches by name, and what is left out. */
export type InstrumentationOptions = { [Name in InstrumentationName]?: boolean | undefined } & {
  all?: boolean | undefined
  ignorePaths?: readonly string[] | undefined
  ignoreRoutes?: readonly string[] | undefined
  clickhouseQueryText?: boolean | undefined
  clickhouseLogComment?: boolean | undefined
}

interface CaptureOptions {
  requestHeaders?: readonly string[] | undefined
  responseHeaders?: readonly string[] | undefined
  queryStrings?: boolean | undefined
  sqlLiterals?: boolean | undefined
  clientAddress?: boolean | undefined
  userAgent?: boolean | undefined
  bodies?: "none" | "request" | "response" | "both" | undefined
  bodyBytes?: number | undefined
  bodyTypes?: readonly string[] | undefined
  network?: boolean | undefined
  exceptions?: boolean | undefined
  sourceLines?: boolean | undefined
  localVariables?: boolean | undefined
}

/**
 * Gets every attribute, nested ones too, and a log's body without a key. What it returns is sent; undefined leaves the
 * value to the rules.
 */
export type RedactFunction = (key: string | undefined, value: unknown) => unknown

interface RedactOptions {
  enabled?: boolean | undefined
  keys?: readonly string[] | undefined
  patterns?: readonly (RegExp | string)[] | undefined
  decide?: RedactFunction | undefined
}

export interface SamplingOptions {
  ratio?: number | undefined
  perSecond?: number | undefined
  rules?: readonly SamplingRule[] | undefined
  keep?: { errors?: boolean | undefined; slowerThan?: number | undefined } | undefined
}

export interface Options extends ConnectionOptions {
  service?: string | undefined
  serviceVersion?: string | undefined
  environment?: string | undefined
  resourceAttributes?: Record<string, AttributeValue | undefined> | undefined
  detectors?: readonly ResourceDetector[] | undefined
  endpoint?: string | URL | undefined
  apiKey?: string | (() => string | Promise<string>) | undefined
  apiKeyScheme?: "raw" | "bearer" | undefined
  destination?: DestinationOption | undefined
  clickhouseUrl?: string | undefined
  delivery?: boolean | undefined
  spool?: boolean | string | undefined
  spoolBytes?: number | undefined
  spoolAge?: number | undefined
  queueBytes?: number | undefined
  propagators?: readonly ("tracecontext" | "baggage" | "none" | TextMapPropagator)[] | undefined
  propagateTo?: readonly string[] | undefined
  traceparentTo?: readonly string[] | undefined
  trustIncoming?: boolean | undefined
  sessionHeader?: string | undefined
  baggageAttributes?: readonly string[] | undefined
  serverTiming?: boolean | undefined
  sampler?: SamplerName | Sampler | undefined
  samplerRatio?: number | undefined
  exitBudget?: number | undefined
  stopOnSignals?: boolean | undefined
  logLevel?: LogLevel | undefined
  startupLine?: boolean | undefined
  disabled?: boolean | undefined
  traces?: boolean | QueuedSignalOptions | undefined
  logs?: boolean | LogsOptions | undefined
  metrics?: boolean | MetricsOptions | undefined
  limits?: LimitOptions | undefined
  instrumentation?: boolean | InstrumentationOptions | undefined
  capture?: CaptureOptions | undefined
  redact?: boolean | RedactFunction | RedactOptions | undefined
  sampling?: SamplingOptions | undefined
}
