// The four kinds of data points of OTLP/JSON and their exemplars. What all kinds share is read in one place; the rest
// of a point goes to the kind's own reader, field by field.
import type { Attributes, HrTime } from "@opentelemetry/api"
import type { Histogram } from "@opentelemetry/sdk-metrics"
import { type Exemplar, type ReceivedExponentialHistogram, SUMMARY, type Summary } from "../currency.ts"
import {
  dataPoint,
  EXPONENTIAL_HISTOGRAM,
  HISTOGRAM,
  type MetricBuilder,
  type PointType,
} from "../received-metric.ts"
import { readAttributes } from "./attributes.ts"
import type { JsonReader } from "./json-reader.ts"
import { readDouble, readId, readInt32, readInt64, readTime, readUint64 } from "./json-scalars.ts"

type Mutable<T> = { -readonly [K in keyof T]: T[K] }

interface NumberValue {
  number: number | bigint
  isInteger: boolean
}

export function readPoint(reader: JsonReader, metric: MetricBuilder, type: PointType): void {
  switch (type) {
    case HISTOGRAM: {
      const value: Histogram = { buckets: { boundaries: [], counts: [] }, count: 0 }
      return readPointOf(reader, metric, value, value, readHistogramField)
    }
    case EXPONENTIAL_HISTOGRAM: {
      const value: Mutable<ReceivedExponentialHistogram> = {
        count: 0,
        scale: 0,
        zeroCount: 0,
        positive: { offset: 0, bucketCounts: [] },
        negative: { offset: 0, bucketCounts: [] },
      }
      return readPointOf(reader, metric, value, value, readExponentialField)
    }
    case SUMMARY: {
      const value: Summary = { count: 0, sum: 0, quantiles: [] }
      return readPointOf(reader, metric, value, value, readSummaryField)
    }
    default: {
      // A point without a value is one that OTLP's "no recorded value" flag speaks of.
      const value: NumberValue = { number: NaN, isInteger: false }
      return readPointOf(reader, metric, value, undefined, readNumberField)
    }
  }
}

/** `content` is what the point will hold; for a number, which is no object, it is undefined. */
function readPointOf<T extends object>(
  reader: JsonReader,
  metric: MetricBuilder,
  value: T,
  content: T | undefined,
  readField: (reader: JsonReader, field: string, into: T) => void,
): void {
  const attributes: Attributes = {}
  let start: HrTime = [0, 0]
  let time: HrTime = [0, 0]
  let flags: number | undefined
  let exemplars: Exemplar[] | undefined
  if (reader.openObject()) {
    do {
      const field = reader.key()
      if (reader.absent()) continue
      switch (field) {
        case "attributes":
          readAttributes(reader, attributes)
          break
        case "startTimeUnixNano":
          start = readTime(reader)
          break
        case "timeUnixNano":
          time = readTime(reader)
          break
        case "flags":
          flags = readInt32(reader)
          break
        case "exemplars":
          if (!reader.openList()) break
          do (exemplars ??= []).push(readExemplar(reader))
          while (reader.moreItems())
          break
        default:
          readField(reader, field, value)
      }
    } while (reader.moreFields())
  }
  if (content !== undefined) {
    metric.add(dataPoint(start, time, attributes, content, flags, exemplars))
  } else {
    const { number, isInteger } = value as unknown as NumberValue
    metric.add(dataPoint(start, time, attributes, number, flags, exemplars), isInteger)
  }
}

function readNumberField(reader: JsonReader, field: string, into: NumberValue): void {
  if (field === "asInt") {
    into.number = readInt64(reader)
    into.isInteger = true
  } else if (field === "asDouble") {
    into.number = readDouble(reader)
    into.isInteger = false
  } else reader.skip()
}

function readHistogramField(reader: JsonReader, field: string, into: Histogram): void {
  if (field === "count") into.count = readCount(reader)
  else if (field === "sum") into.sum = readDouble(reader)
  else if (field === "min") into.min = readDouble(reader)
  else if (field === "max") into.max = readDouble(reader)
  else if (field === "bucketCounts") readCounts(reader, into.buckets.counts)
  else if (field === "explicitBounds") {
    if (!reader.openList()) return
    do into.buckets.boundaries.push(readDouble(reader))
    while (reader.moreItems())
  } else reader.skip()
}

function readExponentialField(
  reader: JsonReader,
  field: string,
  into: Mutable<ReceivedExponentialHistogram>,
): void {
  if (field === "count") into.count = readCount(reader)
  else if (field === "sum") into.sum = readDouble(reader)
  else if (field === "min") into.min = readDouble(reader)
  else if (field === "max") into.max = readDouble(reader)
  else if (field === "scale") into.scale = readSigned(reader)
  else if (field === "zeroCount") into.zeroCount = readCount(reader)
  else if (field === "positive") readBuckets(reader, into.positive)
  else if (field === "negative") readBuckets(reader, into.negative)
  else if (field === "zeroThreshold") {
    const zeroThreshold = readDouble(reader)
    if (zeroThreshold !== 0) into.zeroThreshold = zeroThreshold
  } else reader.skip()
}

function readBuckets(reader: JsonReader, into: { offset: number; bucketCounts: number[] }): void {
  if (!reader.openObject()) return
  do {
    const field = reader.key()
    if (reader.absent()) continue
    if (field === "offset") into.offset = readSigned(reader)
    else if (field === "bucketCounts") readCounts(reader, into.bucketCounts)
    else reader.skip()
  } while (reader.moreFields())
}

function readSummaryField(reader: JsonReader, field: string, into: Summary): void {
  if (field === "count") into.count = readCount(reader)
  else if (field === "sum") into.sum = readDouble(reader)
  else if (field === "quantileValues") {
    if (!reader.openList()) return
    do into.quantiles.push(readQuantile(reader))
    while (reader.moreItems())
  } else reader.skip()
}

function readQuantile(reader: JsonReader): Summary["quantiles"][number] {
  let quantile = 0
  let value = 0
  if (reader.openObject()) {
    do {
      const field = reader.key()
      if (reader.absent()) continue
      if (field === "quantile") quantile = readDouble(reader)
      else if (field === "value") value = readDouble(reader)
      else reader.skip()
    } while (reader.moreFields())
  }
  return { quantile, value }
}

function readExemplar(reader: JsonReader): Exemplar {
  const exemplar: Mutable<Exemplar> = { value: NaN, time: [0, 0], filteredAttributes: {} }
  let spanId = ""
  let traceId = ""
  if (reader.openObject()) {
    do {
      const field = reader.key()
      if (reader.absent()) continue
      if (field === "timeUnixNano") exemplar.time = readTime(reader)
      else if (field === "asInt") exemplar.value = readInt64(reader)
      else if (field === "asDouble") exemplar.value = readDouble(reader)
      else if (field === "spanId") spanId = readId(reader, 8)
      else if (field === "traceId") traceId = readId(reader, 16)
      else if (field === "filteredAttributes") readAttributes(reader, exemplar.filteredAttributes)
      else reader.skip()
    } while (reader.moreFields())
  }
  if (spanId !== "") exemplar.spanId = spanId
  if (traceId !== "") exemplar.traceId = traceId
  return exemplar
}

function readCounts(reader: JsonReader, into: number[]): void {
  if (!reader.openList()) return
  do into.push(readCount(reader))
  while (reader.moreItems())
}

// A count beyond 2^53 is a bigint: see currency.ts.
const readCount = (reader: JsonReader): number => readUint64(reader) as number
const readSigned = (reader: JsonReader): number => readInt32(reader, -0x80000000, 0x7fffffff)
