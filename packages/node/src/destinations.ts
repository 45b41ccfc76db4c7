// From configuration to exporters: OTLP, ClickHouse, or the user's own; what is loaded for them is loaded at the first
// batch.
import type { ExportResult } from "@opentelemetry/core"
import type { LogRecordExporter, ReadableLogRecord } from "@opentelemetry/sdk-logs"
import type { PushMetricExporter, ResourceMetrics } from "@opentelemetry/sdk-metrics"
import type { ReadableSpan, SpanExporter } from "@opentelemetry/sdk-trace-base"
import { authorizationFor } from "./api-key.ts"
import { createRequire } from "./builtins.ts"
import { ClickstackError } from "./clickstack-error.ts"
import type { Config, DestinationConfig } from "./config.ts"
import { endpointOf } from "./delivery/endpoint-of.ts"
import type { Destination } from "./options.ts"
import type { Exporter } from "./otlp-exporter.ts"
import { members, type Signal } from "./signals.ts"
import type { Say } from "./stderr.ts"
import { printableUrl } from "./endpoints.ts"

const require = createRequire(import.meta.url)

export interface Exporters {
  traces: SpanExporter
  logs: LogRecordExporter
  metrics: PushMetricExporter
}

export interface Target<E> {
  /** For messages: "http://localhost:4318". */
  readonly place: string
  /** What data on disk is kept for; undefined when the exporter does not say where it sends. */
  readonly endpoint: string | undefined
  readonly exporter: E
  /** How it wants OTLP, if it is an exporter of ours. */
  readonly otlp: "protobuf" | "json" | undefined
}

export interface Destinations {
  /** Where the signal goes; none when no destination takes it. */
  targets<S extends Signal>(signal: S): Target<Exporters[S]>[]
}

// ExportResultCode is an enum of @opentelemetry/core, which need not be loaded for two numbers.
// oxlint-disable-next-line typescript/no-unsafe-enum-assignment
export const success = 0 as ExportResult["code"]
// oxlint-disable-next-line typescript/no-unsafe-enum-assignment
export const failed = 1 as ExportResult["code"]

export function createDestinations(config: Config, say: Say): Destinations {
  const authorization = authorizationFor(config)
  let clickhouse: Promise<Destination> | undefined

  function otlp(signal: Signal): Exporter<never> {
    const load = async () => {
      const { createOtlpExporter } = require("./otlp-exporter.js") as typeof import("./otlp-exporter.ts")
      return createOtlpExporter<never>(signal, config[signal], authorization, say)
    }
    return lateExporter(load)
  }

  function toClickHouse(signal: Signal): Exporter<never> {
    const load = async () => {
      clickhouse ??= loadClickHouse(config.clickhouseUrl!)
      const exporter = (await clickhouse)[members[signal]]
      if (exporter !== undefined) return exporter as unknown as Exporter<never>
      throw new ClickstackError("DESTINATION_MISSING", `@clickstack/ingest takes no ${signal}`)
    }
    return lateExporter(load)
  }

  function target<S extends Signal>(signal: S, one: DestinationConfig): Target<Exporters[S]> | undefined {
    if (one === "otlp") {
      const { endpoint, protocol } = config[signal]
      const encoding = protocol === "http/json" ? "json" : "protobuf"
      return { place: new URL(endpoint).origin, endpoint, exporter: otlp(signal), otlp: encoding }
    }
    if (one === "clickhouse") {
      return {
        place: printableUrl(config.clickhouseUrl!),
        endpoint: config.clickhouseUrl!,
        exporter: toClickHouse(signal),
        otlp: undefined,
      }
    }
    const exporter = one[members[signal]] as Exporters[S] | undefined
    if (exporter === undefined) return undefined
    const endpoint = one.endpoint ?? endpointOf(exporter)
    const place = endpoint === undefined ? nameOf(exporter) : printableUrl(endpoint)
    return { place, endpoint, exporter, otlp: undefined }
  }

  return {
    targets: (signal) => {
      if (config[signal].exporter === "none" || config.disabled) return []
      return config[signal].destination.map((one) => target(signal, one)).filter((one) => one !== undefined)
    },
  }
}

/** Its class, for messages; a plain object has none of its own. */
function nameOf(exporter: object): string {
  const { name } = exporter.constructor
  return name === "Object" ? "an exporter of the app" : name
}

async function loadClickHouse(url: string): Promise<Destination> {
  let ingest: { clickhouse?: (options: { url: string }) => Destination }
  const name = "@clickstack/ingest" // not a literal in import(): it is optional, and types must not need it
  try {
    ingest = (await import(name)) as typeof ingest
  } catch (cause) {
    throw new ClickstackError(
      "DESTINATION_MISSING",
      `writing to ClickHouse needs the package ${name}: npm install ${name}`,
      { cause },
    )
  }
  if (ingest.clickhouse !== undefined) return ingest.clickhouse({ url })
  throw new ClickstackError(
    "DESTINATION_MISSING",
    `this version of ${name} is too old, it has no clickhouse(): npm install ${name}@latest`,
  )
}

/** An exporter that is made at its first export. */
function lateExporter(load: () => Promise<Exporter<never>>): Exporter<never> {
  let loaded: Promise<Exporter<never>> | undefined
  return {
    export: (items, done) => {
      loaded ??= load()
      loaded.then(
        (exporter) => exporter.export(items, done),
        (error: Error) => done({ code: failed, error }),
      )
    },
    abort: () => void loaded?.then((exporter) => exporter.abort?.()).catch(() => undefined),
    forceFlush: async () => (await loaded?.catch(() => undefined))?.forceFlush(),
    shutdown: async () => (await loaded?.catch(() => undefined))?.shutdown(),
  }
}

/** OpenTelemetry's result, and what ClickHouse's exporters and ours add: how many were taken out of a batch for good. */
type Result = ExportResult & { readonly rejected?: number }

/** One export as a promise: rejects with what the exporter reports or throws. */
export function exportWith<Items extends ReadableSpan[] | ReadableLogRecord[] | ResourceMetrics>(
  exporter: { export(items: Items, done: (result: ExportResult) => void): void },
  items: Items,
): Promise<{ rejected: number }> {
  return new Promise((resolve, reject) => {
    exporter.export(items, ({ code, error, rejected = 0 }: Result) => {
      if (code === success) resolve({ rejected })
      else reject(error ?? new Error("the exporter gave no reason"))
    })
  })
}
