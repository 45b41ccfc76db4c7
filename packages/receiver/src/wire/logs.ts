// ExportLogsServiceRequest: resource logs > scope logs > log records, read in one pass.
import type { AnyValue } from "@opentelemetry/api-logs"
import type { ReceivedLogRecord, ReceivedResource, ReceivedScope } from "../currency.ts"
import { LogRecordFromWire } from "../received-log-record.ts"
import { ResourceFromWire, ScopeFromWire } from "../received-resource.ts"
import { readAnyValue, readAttribute } from "./attributes.ts"
import { fields, ProtobufReader } from "./protobuf-reader.ts"
import { readResource, readScope, setSchemaUrl } from "./resource.ts"

const REQUEST = fields(1)
const GROUP = fields(1, 2, 3)
const LOG_RECORD = fields(1, 2, 3, 5, 6, 7, 8, 9, 10, 11, 12)

export function logsFromProtobuf(bytes: Uint8Array): ReceivedLogRecord[] {
  const reader = new ProtobufReader(bytes)
  const end = reader.bytes.length
  const records: ReceivedLogRecord[] = []
  while (reader.position < end) {
    const tag = reader.uint32()
    if (tag === 0x0a) readResourceLogs(reader, records)
    else reader.skip(tag, REQUEST)
  }
  reader.leave(end)
  return records
}

function readResourceLogs(reader: ProtobufReader, records: ReceivedLogRecord[]): void {
  const end = reader.enter()
  const resource = new ResourceFromWire()
  while (reader.position < end) {
    const tag = reader.uint32()
    if (tag === 0x12) readScopeLogs(reader, resource, records)
    else if (tag === 0x0a) readResource(reader, resource)
    else if (tag === 0x1a) setSchemaUrl(resource, reader.key())
    else reader.skip(tag, GROUP)
  }
  reader.leave(end)
}

function readScopeLogs(
  reader: ProtobufReader,
  resource: ReceivedResource,
  records: ReceivedLogRecord[],
): void {
  const end = reader.enter()
  const scope = new ScopeFromWire()
  while (reader.position < end) {
    const tag = reader.uint32()
    if (tag === 0x12) records.push(readLogRecord(reader, resource, scope))
    else if (tag === 0x0a) readScope(reader, scope)
    else if (tag === 0x1a) setSchemaUrl(scope, reader.key())
    else reader.skip(tag, GROUP)
  }
  reader.leave(end)
}

function readLogRecord(
  reader: ProtobufReader,
  resource: ReceivedResource,
  scope: ReceivedScope,
): ReceivedLogRecord {
  const end = reader.enter()
  const record = new LogRecordFromWire(resource, scope)
  let severityNumber = 0
  let severityText = ""
  let eventName = ""
  let traceId = ""
  let spanId = ""
  while (reader.position < end) {
    const tag = reader.uint32()
    switch (tag) {
      case 0x09:
        record.hrTime = reader.time()
        break
      case 0x10:
        severityNumber = reader.int32()
        break
      case 0x1a:
        severityText = reader.key()
        break
      case 0x2a:
        record.body = readAnyValue(reader) as AnyValue
        break
      case 0x32:
        readAttribute(reader, record.attributes)
        break
      case 0x38:
        record.droppedAttributesCount = reader.uint32()
        break
      case 0x45:
        record.flags = reader.fixed32()
        break
      case 0x4a:
        traceId = reader.id(16)
        break
      case 0x52:
        spanId = reader.id(8)
        break
      case 0x59:
        record.hrTimeObserved = reader.time()
        break
      case 0x62:
        eventName = reader.key()
        break
      default:
        reader.skip(tag, LOG_RECORD)
    }
  }
  reader.leave(end)
  // A default that was sent is as if it was left out: the two mean the same in protobuf.
  if (severityNumber !== 0) record.severityNumber = severityNumber
  if (severityText !== "") record.severityText = severityText
  if (eventName !== "") record.eventName = eventName
  record.setSpan(traceId, spanId)
  return record
}
