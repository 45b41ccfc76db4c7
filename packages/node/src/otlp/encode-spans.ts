// An ended span as the bytes that OTLP has for it: redacted, capped, and unchanged by whatever the app does to its
// objects later. The same bytes are sent, and written to disk.
//   Span    1 trace id   2 span id   3 trace state   4 parent's id   5 name   6 kind   7 start   8 end   9 attributes
//           10 dropped attributes   11 events   12 dropped events   13 links   14 dropped links   15 status   16 flags
//   Event   1 time   2 name   3 attributes   4 dropped attributes
//   Link    1 trace id   2 span id   3 trace state   4 attributes   5 dropped attributes   6 flags
//   Status  2 message   3 code
import type { HrTime, SpanContext } from "@opentelemetry/api"
import type { ReadableSpan } from "@opentelemetry/sdk-trace-base"
import {
  asText,
  asTime,
  count,
  isTime,
  isUpTo,
  now,
  spanKinds,
  statusCodes,
  writtenState,
} from "../delivery/plain-fields.ts"
import type { Room } from "../delivery/plain-value.ts"
import type { SnapshotOptions } from "../delivery/snapshot.ts"
import { createItemEncoder, type ItemEncoder } from "./encoded-item.ts"
import { ProtobufWriter } from "./protobuf-writer.ts"
import { createAttributeWriter } from "./write-attributes.ts"

const fixedParts = 256 // at most, of a span, without what has a length of its own
const eventBytes = 150 // of the record's cap, besides what it holds
const remoteIsKnown = 0x100
const isRemote = 0x200

export function encodeSpans(options: SnapshotOptions): ItemEncoder<ReadableSpan> {
  const writer = new ProtobufWriter()
  const { attributes, name } = createAttributeWriter(writer, options)
  const { caps } = options
  const room: Room = { bytes: 0 }

  function write(span: ReadableSpan): void {
    room.bytes = caps.recordBytes
    writer.reserve(fixedParts)
    const context = span.spanContext()
    const parent = span.parentSpanContext
    const hasParent = isContext(parent) && parent.spanId !== ""
    ids(context)
    if (hasParent) {
      writer.reserve(parent.spanId.length)
      writer.byte(0x22)
      writer.hex(parent.spanId)
    }
    writer.byte(0x2a)
    name(asText(span.name), room)
    writer.reserve(fixedParts)
    writer.byte(0x30)
    writer.byte(isUpTo(spanKinds, span.kind) ? span.kind + 1 : 1)
    const start = isTime(span.startTime) ? span.startTime : asTime(span.endTime, now())
    writer.byte(0x39)
    time(start)
    writer.byte(0x41)
    time(isTime(span.endTime) ? span.endTime : start)
    const left = attributes(0x4a, span.attributes, room)
    writer.reserve(fixedParts)
    writer.byte(0x50)
    writer.varint(count(span.droppedAttributesCount) + left)
    const events = eventsOf(span, start)
    writer.byte(0x60)
    writer.varint(count(span.droppedEventsCount) + span.events.length - events)
    const links = linksOf(span)
    writer.byte(0x70)
    writer.varint(count(span.droppedLinksCount) + span.links.length - links)
    status(span.status)
    writer.byte(0x85)
    writer.byte(0x01)
    writer.fixed32(flags(context, hasParent && parent.isRemote === true))
  }

  /** @returns How many were written. */
  function eventsOf({ events }: ReadableSpan, start: HrTime): number {
    let written = 0
    for (const event of events) {
      if (room.bytes <= 0) break
      room.bytes -= eventBytes
      written++
      writer.byte(0x5a)
      const content = writer.open()
      writer.byte(0x09)
      time(isTime(event.time) ? event.time : start)
      writer.byte(0x12)
      name(asText(event.name), room)
      const left = attributes(0x1a, event.attributes, room)
      writer.reserve(fixedParts)
      writer.byte(0x20)
      writer.varint(count(event.droppedAttributesCount) + left)
      writer.close(content)
    }
    return written
  }

  /** @returns How many were written. */
  function linksOf({ links }: ReadableSpan): number {
    let written = 0
    for (const link of links) {
      if (room.bytes <= 0) break
      room.bytes -= eventBytes
      if (!isContext(link.context)) continue
      written++
      writer.byte(0x6a)
      const content = writer.open()
      ids(link.context)
      const left = attributes(0x22, link.attributes, room)
      writer.reserve(fixedParts)
      writer.byte(0x28)
      writer.varint(count(link.droppedAttributesCount) + left)
      writer.byte(0x35)
      writer.fixed32(flags(link.context, link.context.isRemote === true))
      writer.close(content)
    }
    return written
  }

  function status(given: ReadableSpan["status"] | undefined): void {
    writer.byte(0x7a)
    const content = writer.open()
    const message = given?.message
    if (message !== undefined && message !== "") {
      writer.byte(0x12)
      name(asText(message), room)
      writer.reserve(fixedParts)
    }
    writer.byte(0x18)
    const code = given?.code
    writer.byte(isUpTo(statusCodes, code) ? code : 0)
    writer.close(content)
  }

  function ids(context: SpanContext | undefined): void {
    const { traceId, spanId, traceState } = isContext(context) ? context : noContext
    writer.reserve(traceId.length + spanId.length + fixedParts)
    writer.byte(0x0a)
    writer.hex(traceId)
    writer.byte(0x12)
    writer.hex(spanId)
    const state = traceState && writtenState(traceState)
    if (!state) return
    writer.byte(0x1a)
    writer.text(state)
    writer.reserve(fixedParts)
  }

  const time = ([seconds, nanos]: HrTime) => writer.time(Math.floor(seconds), Math.floor(nanos))

  return createItemEncoder(writer, write)
}

const noContext: SpanContext = { traceId: "0".repeat(32), spanId: "0".repeat(16), traceFlags: 0 }

const isContext = (context: SpanContext | undefined): context is SpanContext =>
  typeof context?.traceId === "string" && typeof context.spanId === "string"

const flags = (context: SpanContext | undefined, remote: boolean) =>
  (count(context?.traceFlags) & 0xff) | remoteIsKnown | (remote ? isRemote : 0)
