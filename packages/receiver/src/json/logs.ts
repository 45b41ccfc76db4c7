// ExportLogsServiceRequest of OTLP/JSON, read in one pass.
import type { AnyValue } from "@opentelemetry/api-logs"
import type { ReceivedLogRecord, ReceivedResource, ReceivedScope } from "../currency.ts"
import { LogRecordFromWire } from "../received-log-record.ts"
import { ResourceFromWire, ScopeFromWire } from "../received-resource.ts"
import { setSchemaUrl } from "../wire/resource.ts"
import { readAnyValue, readAttributes } from "./attributes.ts"
import type { JsonReader } from "./json-reader.ts"
import { readEnumeration, readId, readInt32, readTime } from "./json-scalars.ts"
import { readJson } from "./read-json.ts"
import { readResource, readScope } from "./resource.ts"

export function logsFromJson(bytes: Uint8Array): ReceivedLogRecord[] {
  const records: ReceivedLogRecord[] = []
  readJson(bytes, (reader, field) => {
    if (field !== "resourceLogs") return reader.skip()
    if (!reader.openList()) return
    do readResourceLogs(reader, records)
    while (reader.moreItems())
  })
  return records
}

function readResourceLogs(reader: JsonReader, records: ReceivedLogRecord[]): void {
  if (!reader.openObject()) return
  const resource = new ResourceFromWire()
  do {
    const field = reader.key()
    if (reader.absent()) continue
    if (field === "scopeLogs") {
      if (!reader.openList()) continue
      do readScopeLogs(reader, resource, records)
      while (reader.moreItems())
    } else if (field === "resource") readResource(reader, resource)
    else if (field === "schemaUrl") setSchemaUrl(resource, reader.name())
    else reader.skip()
  } while (reader.moreFields())
}

function readScopeLogs(reader: JsonReader, resource: ReceivedResource, records: ReceivedLogRecord[]): void {
  if (!reader.openObject()) return
  const scope = new ScopeFromWire()
  do {
    const field = reader.key()
    if (reader.absent()) continue
    if (field === "logRecords") {
      if (!reader.openList()) continue
      do records.push(readLogRecord(reader, resource, scope))
      while (reader.moreItems())
    } else if (field === "scope") readScope(reader, scope)
    else if (field === "schemaUrl") setSchemaUrl(scope, reader.name())
    else reader.skip()
  } while (reader.moreFields())
}

function readLogRecord(
  reader: JsonReader,
  resource: ReceivedResource,
  scope: ReceivedScope,
): ReceivedLogRecord {
  const record = new LogRecordFromWire(resource, scope)
  if (!reader.openObject()) return record
  let severityNumber = 0
  let severityText = ""
  let eventName = ""
  let traceId = ""
  let spanId = ""
  do {
    const field = reader.key()
    if (reader.absent()) continue
    switch (field) {
      case "timeUnixNano":
        record.hrTime = readTime(reader)
        break
      case "observedTimeUnixNano":
        record.hrTimeObserved = readTime(reader)
        break
      case "severityNumber":
        severityNumber = readEnumeration(reader)
        break
      case "severityText":
        severityText = reader.name()
        break
      case "body": {
        const body = readAnyValue(reader) as AnyValue
        if (body !== undefined) record.body = body
        break
      }
      case "attributes":
        readAttributes(reader, record.attributes)
        break
      case "droppedAttributesCount":
        record.droppedAttributesCount = readInt32(reader)
        break
      case "flags":
        record.flags = readInt32(reader)
        break
      case "traceId":
        traceId = readId(reader, 16)
        break
      case "spanId":
        spanId = readId(reader, 8)
        break
      case "eventName":
        eventName = reader.name()
        break
      default:
        reader.skip()
    }
  } while (reader.moreFields())
  // A default that was sent is as if it was left out: the two mean the same in protobuf.
  if (severityNumber !== 0) record.severityNumber = severityNumber
  if (severityText !== "") record.severityText = severityText
  if (eventName !== "") record.eventName = eventName
  record.setSpan(traceId, spanId)
  return record
}
