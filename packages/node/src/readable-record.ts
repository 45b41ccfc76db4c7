// A log record as it can be read: the SDK looks into attributes when a record is emitted, and throws into the app where
// a getter throws or values are nested thousands deep. Only such values are replaced, by a text that says so.
import type { LogRecord } from "@opentelemetry/api-logs"
import { createPlain, define } from "./delivery/plain-value.ts"

const unlimited = 2 ** 40 // what is too large is cut later, by the limits that are set

export function readableRecord(record: LogRecord): LogRecord {
  const plain = createPlain({ valueBytes: unlimited }, undefined)
  const room = { bytes: unlimited }
  const attributes: Record<string, unknown> = {}
  for (const [key, value] of Object.entries(record.attributes ?? {})) {
    define(attributes, key, plain.value(key, value, room))
  }
  const body = plain.value(undefined, record.body, room)
  return { ...record, body, attributes } as LogRecord
}
