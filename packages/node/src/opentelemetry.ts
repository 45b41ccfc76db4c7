// OpenTelemetry's packages, each loaded at the first call. They are CommonJS, so require() is all it takes: an import
// parses them a second time to find their names, and the first span cannot wait for one.
import { createRequire } from "./builtins.ts"

const require = createRequire(import.meta.url)

// Kept, since what is patched for good asks for it for good, in jest also when its own require() has ended.
let loadedApi: typeof import("@opentelemetry/api") | undefined
export const api = (): typeof import("@opentelemetry/api") => (loadedApi ??= require("@opentelemetry/api"))
export const core = (): typeof import("@opentelemetry/core") => require("@opentelemetry/core")
export const contextAsyncHooks = (): typeof import("@opentelemetry/context-async-hooks") =>
  require("@opentelemetry/context-async-hooks")
export const resources = (): typeof import("@opentelemetry/resources") => require("@opentelemetry/resources")
export const sdkTraceBase = (): typeof import("@opentelemetry/sdk-trace-base") =>
  require("@opentelemetry/sdk-trace-base")
export const sdkLogs = (): typeof import("@opentelemetry/sdk-logs") => require("@opentelemetry/sdk-logs")
export const sdkMetrics = (): typeof import("@opentelemetry/sdk-metrics") =>
  require("@opentelemetry/sdk-metrics")
export const otlpTransformer = (): typeof import("@opentelemetry/otlp-transformer") =>
  require("@opentelemetry/otlp-transformer")
export const exporterTraces = (): typeof import("@opentelemetry/exporter-trace-otlp-http") =>
  require("@opentelemetry/exporter-trace-otlp-http")
export const exporterLogs = (): typeof import("@opentelemetry/exporter-logs-otlp-http") =>
  require("@opentelemetry/exporter-logs-otlp-http")
export const exporterMetrics = (): typeof import("@opentelemetry/exporter-metrics-otlp-http") =>
  require("@opentelemetry/exporter-metrics-otlp-http")
