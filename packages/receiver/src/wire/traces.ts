// ExportTraceServiceRequest: resource spans > scope spans > spans, read in one pass.
import type { Attributes, HrTime, SpanStatus } from "@opentelemetry/api"
import type { ReceivedLink, ReceivedResource, ReceivedScope, ReceivedSpan } from "../currency.ts"
import { ResourceFromWire, ScopeFromWire } from "../received-resource.ts"
import { contextOf, SpanFromWire } from "../received-span.ts"
import { readAttribute } from "./attributes.ts"
import { fields, ProtobufReader } from "./protobuf-reader.ts"
import { readResource, readScope, setSchemaUrl } from "./resource.ts"

const REQUEST = fields(1)
const GROUP = fields(1, 2, 3)
const SPAN = fields(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16)
const EVENT = fields(1, 2, 3, 4)
const LINK = fields(1, 2, 3, 4, 5, 6)
const STATUS = fields(2, 3)

export function tracesFromProtobuf(bytes: Uint8Array): ReceivedSpan[] {
  const reader = new ProtobufReader(bytes)
  const end = reader.bytes.length
  const spans: ReceivedSpan[] = []
  while (reader.position < end) {
    const tag = reader.uint32()
    if (tag === 0x0a) readResourceSpans(reader, spans)
    else reader.skip(tag, REQUEST)
  }
  reader.leave(end)
  return spans
}

function readResourceSpans(reader: ProtobufReader, spans: ReceivedSpan[]): void {
  const end = reader.enter()
  const resource = new ResourceFromWire()
  while (reader.position < end) {
    const tag = reader.uint32()
    if (tag === 0x12) readScopeSpans(reader, resource, spans)
    else if (tag === 0x0a) readResource(reader, resource)
    else if (tag === 0x1a) setSchemaUrl(resource, reader.key())
    else reader.skip(tag, GROUP)
  }
  reader.leave(end)
}

function readScopeSpans(reader: ProtobufReader, resource: ReceivedResource, spans: ReceivedSpan[]): void {
  const end = reader.enter()
  const scope = new ScopeFromWire()
  while (reader.position < end) {
    const tag = reader.uint32()
    if (tag === 0x12) spans.push(readSpan(reader, resource, scope))
    else if (tag === 0x0a) readScope(reader, scope)
    else if (tag === 0x1a) setSchemaUrl(scope, reader.key())
    else reader.skip(tag, GROUP)
  }
  reader.leave(end)
}

function readSpan(reader: ProtobufReader, resource: ReceivedResource, scope: ReceivedScope): ReceivedSpan {
  const end = reader.enter()
  const span = new SpanFromWire(resource, scope)
  let parentSpanId = ""
  while (reader.position < end) {
    const tag = reader.uint32()
    switch (tag) {
      case 0x0a:
        span.traceId = reader.id(16)
        break
      case 0x12:
        span.spanId = reader.id(8)
        break
      case 0x1a:
        span.traceState = reader.text()
        break
      case 0x22:
        parentSpanId = reader.id(8)
        break
      case 0x2a:
        span.name = reader.key()
        break
      case 0x30:
        // OTLP counts kinds from 1, OpenTelemetry's API from 0.
        span.kind = reader.int32() - 1
        break
      case 0x39:
        span.startTime = reader.time()
        break
      case 0x41:
        span.endTime = reader.time()
        break
      case 0x4a:
        readAttribute(reader, span.attributes)
        break
      case 0x50:
        span.droppedAttributesCount = reader.uint32()
        break
      case 0x5a:
        span.events.push(readEvent(reader))
        break
      case 0x60:
        span.droppedEventsCount = reader.uint32()
        break
      case 0x6a:
        span.links.push(readLink(reader))
        break
      case 0x70:
        span.droppedLinksCount = reader.uint32()
        break
      case 0x7a:
        readStatus(reader, span.status)
        break
      case 0x85:
        span.flags = reader.fixed32()
        break
      default:
        reader.skip(tag, SPAN)
    }
  }
  reader.leave(end)
  span.setParent(parentSpanId)
  return span
}

function readStatus(reader: ProtobufReader, into: SpanStatus): void {
  const end = reader.enter()
  while (reader.position < end) {
    const tag = reader.uint32()
    if (tag === 0x18) into.code = reader.int32()
    else if (tag === 0x12) into.message = reader.text()
    else reader.skip(tag, STATUS)
  }
  reader.leave(end)
}

function readEvent(reader: ProtobufReader): ReceivedSpan["events"][number] {
  const end = reader.enter()
  const attributes: Attributes = {}
  let time: HrTime = [0, 0]
  let name = ""
  let droppedAttributesCount = 0
  while (reader.position < end) {
    const tag = reader.uint32()
    if (tag === 0x09) time = reader.time()
    else if (tag === 0x12) name = reader.key()
    else if (tag === 0x1a) readAttribute(reader, attributes)
    else if (tag === 0x20) droppedAttributesCount = reader.uint32()
    else reader.skip(tag, EVENT)
  }
  reader.leave(end)
  return { name, time, attributes, droppedAttributesCount }
}

function readLink(reader: ProtobufReader): ReceivedLink {
  const end = reader.enter()
  const attributes: Attributes = {}
  let traceId = ""
  let spanId = ""
  let traceState = ""
  let droppedAttributesCount = 0
  let flags: number | undefined
  while (reader.position < end) {
    const tag = reader.uint32()
    switch (tag) {
      case 0x0a:
        traceId = reader.id(16)
        break
      case 0x12:
        spanId = reader.id(8)
        break
      case 0x1a:
        traceState = reader.text()
        break
      case 0x22:
        readAttribute(reader, attributes)
        break
      case 0x28:
        droppedAttributesCount = reader.uint32()
        break
      case 0x35:
        flags = reader.fixed32()
        break
      default:
        reader.skip(tag, LINK)
    }
  }
  reader.leave(end)
  return {
    context: contextOf(traceId, spanId, flags ?? 0, traceState),
    attributes,
    droppedAttributesCount,
    flags,
  }
}
