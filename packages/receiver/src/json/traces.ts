// ExportTraceServiceRequest of OTLP/JSON, read in one pass.
import type { Attributes, HrTime, SpanStatus } from "@opentelemetry/api"
import type { ReceivedLink, ReceivedResource, ReceivedScope, ReceivedSpan } from "../currency.ts"
import { ResourceFromWire, ScopeFromWire } from "../received-resource.ts"
import { contextOf, SpanFromWire } from "../received-span.ts"
import { setSchemaUrl } from "../wire/resource.ts"
import { readAttributes } from "./attributes.ts"
import type { JsonReader } from "./json-reader.ts"
import { readEnumeration, readId, readInt32, readTime } from "./json-scalars.ts"
import { readJson } from "./read-json.ts"
import { readResource, readScope } from "./resource.ts"

export function tracesFromJson(bytes: Uint8Array): ReceivedSpan[] {
  const spans: ReceivedSpan[] = []
  readJson(bytes, (reader, field) => {
    if (field !== "resourceSpans") return reader.skip()
    if (!reader.openList()) return
    do readResourceSpans(reader, spans)
    while (reader.moreItems())
  })
  return spans
}

function readResourceSpans(reader: JsonReader, spans: ReceivedSpan[]): void {
  if (!reader.openObject()) return
  const resource = new ResourceFromWire()
  do {
    const field = reader.key()
    if (reader.absent()) continue
    if (field === "scopeSpans") {
      if (!reader.openList()) continue
      do readScopeSpans(reader, resource, spans)
      while (reader.moreItems())
    } else if (field === "resource") readResource(reader, resource)
    else if (field === "schemaUrl") setSchemaUrl(resource, reader.name())
    else reader.skip()
  } while (reader.moreFields())
}

function readScopeSpans(reader: JsonReader, resource: ReceivedResource, spans: ReceivedSpan[]): void {
  if (!reader.openObject()) return
  const scope = new ScopeFromWire()
  do {
    const field = reader.key()
    if (reader.absent()) continue
    if (field === "spans") {
      if (!reader.openList()) continue
      do spans.push(readSpan(reader, resource, scope))
      while (reader.moreItems())
    } else if (field === "scope") readScope(reader, scope)
    else if (field === "schemaUrl") setSchemaUrl(scope, reader.name())
    else reader.skip()
  } while (reader.moreFields())
}

function readSpan(reader: JsonReader, resource: ReceivedResource, scope: ReceivedScope): ReceivedSpan {
  const span = new SpanFromWire(resource, scope)
  if (!reader.openObject()) return span
  let parentSpanId = ""
  do {
    const field = reader.key()
    if (reader.absent()) continue
    switch (field) {
      case "traceId":
        span.traceId = readId(reader, 16)
        break
      case "spanId":
        span.spanId = readId(reader, 8)
        break
      case "traceState":
        span.traceState = reader.text()
        break
      case "parentSpanId":
        parentSpanId = readId(reader, 8)
        break
      case "name":
        span.name = reader.name()
        break
      case "kind":
        // OTLP counts kinds from 1, OpenTelemetry's API from 0.
        span.kind = readEnumeration(reader) - 1
        break
      case "startTimeUnixNano":
        span.startTime = readTime(reader)
        break
      case "endTimeUnixNano":
        span.endTime = readTime(reader)
        break
      case "attributes":
        readAttributes(reader, span.attributes)
        break
      case "droppedAttributesCount":
        span.droppedAttributesCount = readInt32(reader)
        break
      case "events":
        readEvents(reader, span.events)
        break
      case "droppedEventsCount":
        span.droppedEventsCount = readInt32(reader)
        break
      case "links":
        readLinks(reader, span.links)
        break
      case "droppedLinksCount":
        span.droppedLinksCount = readInt32(reader)
        break
      case "status":
        readStatus(reader, span.status)
        break
      case "flags":
        span.flags = readInt32(reader)
        break
      default:
        reader.skip()
    }
  } while (reader.moreFields())
  span.setParent(parentSpanId)
  return span
}

function readStatus(reader: JsonReader, into: SpanStatus): void {
  if (!reader.openObject()) return
  do {
    const field = reader.key()
    if (reader.absent()) continue
    if (field === "code") into.code = readEnumeration(reader)
    else if (field === "message") into.message = reader.text()
    else reader.skip()
  } while (reader.moreFields())
}

function readEvents(reader: JsonReader, events: ReceivedSpan["events"]): void {
  if (!reader.openList()) return
  do events.push(readEvent(reader))
  while (reader.moreItems())
}

function readEvent(reader: JsonReader): ReceivedSpan["events"][number] {
  const attributes: Attributes = {}
  let time: HrTime = [0, 0]
  let name = ""
  let droppedAttributesCount = 0
  if (reader.openObject()) {
    do {
      const field = reader.key()
      if (reader.absent()) continue
      if (field === "timeUnixNano") time = readTime(reader)
      else if (field === "name") name = reader.name()
      else if (field === "attributes") readAttributes(reader, attributes)
      else if (field === "droppedAttributesCount") droppedAttributesCount = readInt32(reader)
      else reader.skip()
    } while (reader.moreFields())
  }
  return { name, time, attributes, droppedAttributesCount }
}

function readLinks(reader: JsonReader, links: ReceivedLink[]): void {
  if (!reader.openList()) return
  do links.push(readLink(reader))
  while (reader.moreItems())
}

function readLink(reader: JsonReader): ReceivedLink {
  const attributes: Attributes = {}
  let traceId = ""
  let spanId = ""
  let traceState = ""
  let droppedAttributesCount = 0
  let flags: number | undefined
  if (reader.openObject()) {
    do {
      const field = reader.key()
      if (reader.absent()) continue
      if (field === "traceId") traceId = readId(reader, 16)
      else if (field === "spanId") spanId = readId(reader, 8)
      else if (field === "traceState") traceState = reader.text()
      else if (field === "attributes") readAttributes(reader, attributes)
      else if (field === "droppedAttributesCount") droppedAttributesCount = readInt32(reader)
      else if (field === "flags") flags = readInt32(reader)
      else reader.skip()
    } while (reader.moreFields())
  }
  return {
    context: contextOf(traceId, spanId, flags ?? 0, traceState),
    attributes,
    droppedAttributesCount,
    flags,
  }
}
