// Our delivery in a plain OpenTelemetry app: durable(exporter) is an exporter that loses nothing. What it needs is
// loaded with the first call, since most apps that load this package use init().
import { createRequire } from "./builtins.ts"
import type { DeliveryStats } from "./delivery/tally.ts"
import type { Redact } from "./delivery/plain-value.ts"
import type { LogLevel } from "./options.ts"

export interface DurableOptions {
  /** Where the exporter sends to: what is on disk is kept for it alone. OpenTelemetry's own exporters tell it. */
  endpoint?: string | undefined
  /** Which service this is; the resource of the first item tells it. */
  service?: string | undefined
  /** false, or the directory; the user's state directory unless told otherwise. */
  spool?: boolean | string | undefined
  spoolBytes?: number | undefined
  /** In seconds. */
  spoolAge?: number | undefined
  queueBytes?: number | undefined
  batchSize?: number | undefined
  /** How long an item waits for others, in ms. */
  delay?: number | undefined
  /** The deadline of one export, in ms. */
  timeout?: number | undefined
  exitBudget?: number | undefined
  /** Whether SIGTERM and SIGINT that the app does not listen to send what is left first; true unless told otherwise. */
  stopOnSignals?: boolean | undefined
  logLevel?: LogLevel | undefined
  /** What it gives is sent in the place of an attribute's value, or of a log's body, which has no key. */
  redact?: Redact | undefined
}

export interface AnyExporter {
  export(items: never, done: (result: never) => void): void
  shutdown(): Promise<void>
  forceFlush?(): Promise<void>
}

export type Durable<E> = E & { stats(): DeliveryStats | undefined }

const require = createRequire(import.meta.url)

/**
 * Give it to SimpleSpanProcessor, SimpleLogRecordProcessor or PeriodicExportingMetricReader: it makes the batches
 * itself, and a batch processor in front of it would drop what its own queue cannot hold.
 */
export function durable<E extends AnyExporter>(exporter: E, options: DurableOptions = {}): Durable<E> {
  const { createDurable } =
    require("./delivery/durable-exporter.js") as typeof import("./delivery/durable-exporter.ts")
  return createDurable(exporter, options)
}
