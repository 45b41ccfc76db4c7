// The four kinds of data points and their exemplars. Counts are 64 bits wide in OTLP: see currency.ts.
import type { Attributes, HrTime } from "@opentelemetry/api"
import type { Histogram } from "@opentelemetry/sdk-metrics"
import type { Exemplar, ReceivedDataPoint, ReceivedExponentialHistogram, Summary } from "../currency.ts"
import { dataPoint, type MetricBuilder } from "../received-metric.ts"
import { readAttribute } from "./attributes.ts"
import { fields, type ProtobufReader } from "./protobuf-reader.ts"

const NUMBER = fields(2, 3, 4, 5, 6, 7, 8)
const HISTOGRAM = fields(2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12)
const EXPONENTIAL = fields(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14)
const BUCKETS = fields(1, 2)
const SUMMARY = fields(2, 3, 4, 5, 6, 7, 8)
const QUANTILE = fields(1, 2)
const EXEMPLAR = fields(2, 3, 4, 5, 6, 7)

export function readNumberPoint(reader: ProtobufReader, metric: MetricBuilder): void {
  const end = reader.enter()
  const attributes: Attributes = {}
  let start: HrTime = [0, 0]
  let time: HrTime = [0, 0]
  let value: number | bigint = NaN
  let isInteger = false
  let flags: number | undefined
  let exemplars: Exemplar[] | undefined
  while (reader.position < end) {
    const tag = reader.uint32()
    switch (tag) {
      case 0x11:
        start = reader.time()
        break
      case 0x19:
        time = reader.time()
        break
      case 0x21:
        value = reader.double()
        isInteger = false
        break
      case 0x2a:
        ;(exemplars ??= []).push(readExemplar(reader))
        break
      case 0x31:
        value = reader.sfixed64()
        isInteger = true
        break
      case 0x3a:
        readAttribute(reader, attributes)
        break
      case 0x40:
        flags = reader.uint32()
        break
      default:
        reader.skip(tag, NUMBER)
    }
  }
  reader.leave(end)
  metric.add(dataPoint(start, time, attributes, value, flags, exemplars), isInteger)
}

export function readHistogramPoint(reader: ProtobufReader): ReceivedDataPoint<Histogram> {
  const end = reader.enter()
  const attributes: Attributes = {}
  const value: Histogram = { buckets: { boundaries: [], counts: [] }, count: 0 }
  let start: HrTime = [0, 0]
  let time: HrTime = [0, 0]
  let flags: number | undefined
  let exemplars: Exemplar[] | undefined
  while (reader.position < end) {
    const tag = reader.uint32()
    switch (tag) {
      case 0x11:
        start = reader.time()
        break
      case 0x19:
        time = reader.time()
        break
      case 0x21:
        value.count = reader.fixed64() as number
        break
      case 0x29:
        value.sum = reader.double()
        break
      case 0x31:
        value.buckets.counts.push(reader.fixed64() as number)
        break
      case 0x32:
        readPacked(reader, value.buckets.counts, fixed64)
        break
      case 0x39:
        value.buckets.boundaries.push(reader.double())
        break
      case 0x3a:
        readPacked(reader, value.buckets.boundaries, double)
        break
      case 0x42:
        ;(exemplars ??= []).push(readExemplar(reader))
        break
      case 0x4a:
        readAttribute(reader, attributes)
        break
      case 0x50:
        flags = reader.uint32()
        break
      case 0x59:
        value.min = reader.double()
        break
      case 0x61:
        value.max = reader.double()
        break
      default:
        reader.skip(tag, HISTOGRAM)
    }
  }
  reader.leave(end)
  return dataPoint(start, time, attributes, value, flags, exemplars)
}

export function readExponentialHistogramPoint(
  reader: ProtobufReader,
): ReceivedDataPoint<ReceivedExponentialHistogram> {
  const end = reader.enter()
  const attributes: Attributes = {}
  const value: Mutable<ReceivedExponentialHistogram> = {
    count: 0,
    scale: 0,
    zeroCount: 0,
    positive: { offset: 0, bucketCounts: [] },
    negative: { offset: 0, bucketCounts: [] },
  }
  let zeroThreshold = 0
  let start: HrTime = [0, 0]
  let time: HrTime = [0, 0]
  let flags: number | undefined
  let exemplars: Exemplar[] | undefined
  while (reader.position < end) {
    const tag = reader.uint32()
    switch (tag) {
      case 0x0a:
        readAttribute(reader, attributes)
        break
      case 0x11:
        start = reader.time()
        break
      case 0x19:
        time = reader.time()
        break
      case 0x21:
        value.count = reader.fixed64() as number
        break
      case 0x29:
        value.sum = reader.double()
        break
      case 0x30:
        value.scale = reader.sint32()
        break
      case 0x39:
        value.zeroCount = reader.fixed64() as number
        break
      case 0x42:
        readBuckets(reader, value.positive)
        break
      case 0x4a:
        readBuckets(reader, value.negative)
        break
      case 0x50:
        flags = reader.uint32()
        break
      case 0x5a:
        ;(exemplars ??= []).push(readExemplar(reader))
        break
      case 0x61:
        value.min = reader.double()
        break
      case 0x69:
        value.max = reader.double()
        break
      case 0x71:
        zeroThreshold = reader.double()
        break
      default:
        reader.skip(tag, EXPONENTIAL)
    }
  }
  reader.leave(end)
  if (zeroThreshold !== 0) value.zeroThreshold = zeroThreshold
  return dataPoint(start, time, attributes, value, flags, exemplars)
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] }

function readBuckets(reader: ProtobufReader, into: { offset: number; bucketCounts: number[] }): void {
  const end = reader.enter()
  while (reader.position < end) {
    const tag = reader.uint32()
    if (tag === 0x08) into.offset = reader.sint32()
    else if (tag === 0x12) readPacked(reader, into.bucketCounts, uint64)
    else if (tag === 0x10) into.bucketCounts.push(reader.uint64() as number)
    else reader.skip(tag, BUCKETS)
  }
  reader.leave(end)
}

export function readSummaryPoint(reader: ProtobufReader): ReceivedDataPoint<Summary> {
  const end = reader.enter()
  const attributes: Attributes = {}
  const value: Summary = { count: 0, sum: 0, quantiles: [] }
  let start: HrTime = [0, 0]
  let time: HrTime = [0, 0]
  let flags: number | undefined
  while (reader.position < end) {
    const tag = reader.uint32()
    switch (tag) {
      case 0x11:
        start = reader.time()
        break
      case 0x19:
        time = reader.time()
        break
      case 0x21:
        value.count = reader.fixed64() as number
        break
      case 0x29:
        value.sum = reader.double()
        break
      case 0x32:
        value.quantiles.push(readQuantile(reader))
        break
      case 0x3a:
        readAttribute(reader, attributes)
        break
      case 0x40:
        flags = reader.uint32()
        break
      default:
        reader.skip(tag, SUMMARY)
    }
  }
  reader.leave(end)
  return dataPoint(start, time, attributes, value, flags, undefined)
}

function readQuantile(reader: ProtobufReader): Summary["quantiles"][number] {
  const end = reader.enter()
  let quantile = 0
  let value = 0
  while (reader.position < end) {
    const tag = reader.uint32()
    if (tag === 0x09) quantile = reader.double()
    else if (tag === 0x11) value = reader.double()
    else reader.skip(tag, QUANTILE)
  }
  reader.leave(end)
  return { quantile, value }
}

function readExemplar(reader: ProtobufReader): Exemplar {
  const end = reader.enter()
  const exemplar: Mutable<Exemplar> = { value: NaN, time: [0, 0], filteredAttributes: {} }
  let spanId = ""
  let traceId = ""
  while (reader.position < end) {
    const tag = reader.uint32()
    switch (tag) {
      case 0x11:
        exemplar.time = reader.time()
        break
      case 0x19:
        exemplar.value = reader.double()
        break
      case 0x22:
        spanId = reader.id(8)
        break
      case 0x2a:
        traceId = reader.id(16)
        break
      case 0x31:
        exemplar.value = reader.sfixed64()
        break
      case 0x3a:
        readAttribute(reader, exemplar.filteredAttributes)
        break
      default:
        reader.skip(tag, EXEMPLAR)
    }
  }
  reader.leave(end)
  if (spanId !== "") exemplar.spanId = spanId
  if (traceId !== "") exemplar.traceId = traceId
  return exemplar
}

const fixed64 = (reader: ProtobufReader): number => reader.fixed64() as number
const uint64 = (reader: ProtobufReader): number => reader.uint64() as number
const double = (reader: ProtobufReader): number => reader.double()

/** Numbers sent in one packed field; a sender may also send them one field each. */
function readPacked(reader: ProtobufReader, into: number[], read: (reader: ProtobufReader) => number): void {
  const end = reader.enter()
  while (reader.position < end) into.push(read(reader))
  reader.leave(end)
}
