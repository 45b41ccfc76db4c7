// Logs through sdk-logs; the package is loaded when the first log record is emitted.
import type {
  LoggerProvider,
  LogRecordExporter,
  LogRecordProcessor,
  ReadableLogRecord,
} from "@opentelemetry/sdk-logs"
import { enrichLogs } from "./context/enrich.ts"
import { createRequire } from "./builtins.ts"
import type { Delivery } from "./delivery/delivery.ts"
import { exportWith } from "./destinations.ts"
import { logKind } from "./delivery/pack.ts"
import { snapshotLogs } from "./delivery/snapshot.ts"
import { sdkLogs } from "./opentelemetry.ts"
import { encodeLogs } from "./otlp/encode-logs.ts"
import { openDelivery, type Parts, type SignalDelivery } from "./pipeline.ts"

const require = createRequire(import.meta.url)
const upstream = (): typeof import("./upstream.ts") => require("./upstream.js")

export function createLoggerProvider(parts: Parts<LogRecordExporter>): LoggerProvider {
  const { config, resource, targets } = parts
  const processors = config.delivery
    ? targets.map((target) =>
        logProcessor(openDelivery<ReadableLogRecord, LogRecordExporter>("logs", parts, target, logDelivery)),
      )
    : targets.map((target) => upstream().upstreamLogProcessor(parts, target))
  return new (sdkLogs().LoggerProvider)({
    resource,
    processors: [enrichLogs(config), ...processors],
    logRecordLimits: {
      attributeCountLimit: config.limits.logAttributes,
      attributeValueLengthLimit: config.limits.logAttributeLength ?? Infinity,
    },
  })
}

const logDelivery: SignalDelivery<ReadableLogRecord, LogRecordExporter> = {
  kind: logKind,
  snapshot: snapshotLogs,
  encoder: encodeLogs,
  send: exportWith,
}

export function logProcessor(delivery: Pick<Delivery<ReadableLogRecord>, "push">): LogRecordProcessor {
  return {
    onEmit: (record) => delivery.push(record),
    forceFlush: () => Promise.resolve(),
    shutdown: () => Promise.resolve(),
  }
}
