// A log record as the bytes that OTLP has for it; see encode-spans.ts.
//   LogRecord   1 time   2 severity   3 severity text   5 body   6 attributes   7 dropped attributes   8 flags
//               9 trace id   10 span id   11 observed time   12 event name
import type { HrTime } from "@opentelemetry/api"
import type { ReadableLogRecord } from "@opentelemetry/sdk-logs"
import { asText, asTime, count, isSeverity, isTime, now } from "../delivery/plain-fields.ts"
import type { Room } from "../delivery/plain-value.ts"
import type { SnapshotOptions } from "../delivery/snapshot.ts"
import { createItemEncoder, type ItemEncoder } from "./encoded-item.ts"
import { ProtobufWriter } from "./protobuf-writer.ts"
import { createAttributeWriter } from "./write-attributes.ts"

const fixedParts = 128 // at most, without what has a length of its own

export function encodeLogs(options: SnapshotOptions): ItemEncoder<ReadableLogRecord> {
  const writer = new ProtobufWriter()
  const { attributes, name, value } = createAttributeWriter(writer, options)
  const { caps } = options
  const room: Room = { bytes: 0 }

  function write(record: ReadableLogRecord): void {
    room.bytes = caps.recordBytes
    const { severityNumber, spanContext: context } = record
    const observed = isTime(record.hrTimeObserved) ? record.hrTimeObserved : asTime(record.hrTime, now())
    writer.reserve(fixedParts)
    writer.byte(0x09)
    time(isTime(record.hrTime) ? record.hrTime : observed)
    if (severityNumber && isSeverity(severityNumber)) {
      writer.byte(0x10)
      writer.byte(severityNumber)
    }
    texts(0x1a, record.severityText)
    if (record.body !== undefined) {
      writer.byte(0x2a)
      const body = writer.open()
      value(undefined, record.body, room)
      writer.close(body)
    }
    // The event's name takes its share of the record's cap before the attributes do.
    const eventName = record.eventName === undefined ? "" : asText(record.eventName)
    room.bytes -= eventName.length
    const left = attributes(0x32, record.attributes, room)
    room.bytes += eventName.length
    writer.reserve(fixedParts)
    writer.byte(0x38)
    writer.varint(count(record.droppedAttributesCount) + left)
    if (typeof context?.traceId === "string" && typeof context.spanId === "string") {
      const { traceId, spanId } = context
      writer.reserve(traceId.length + spanId.length + fixedParts)
      const flags = count(context.traceFlags)
      if (flags !== 0) {
        writer.byte(0x45)
        writer.fixed32(flags)
      }
      if (traceId !== "") {
        writer.byte(0x4a)
        writer.hex(traceId)
      }
      if (spanId !== "") {
        writer.byte(0x52)
        writer.hex(spanId)
      }
    }
    writer.byte(0x59)
    time(observed)
    texts(0x62, eventName)
  }

  function texts(tag: number, given: unknown): void {
    if (given === undefined || given === "") return
    writer.byte(tag)
    name(asText(given), room)
    writer.reserve(fixedParts)
  }

  const time = ([seconds, nanos]: HrTime) => writer.time(Math.floor(seconds), Math.floor(nanos))

  return createItemEncoder(writer, write)
}
