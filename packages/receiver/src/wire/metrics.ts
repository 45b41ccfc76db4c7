// ExportMetricsServiceRequest: resource metrics > scope metrics > metrics > points, read in one pass.
import type { Attributes } from "@opentelemetry/api"
import {
  type ReceivedMetricData,
  type ReceivedMetrics,
  type ReceivedScopeMetrics,
  SUMMARY,
} from "../currency.ts"
import {
  EXPONENTIAL_HISTOGRAM,
  GAUGE,
  HISTOGRAM,
  MetricBuilder,
  type PointType,
  SUM,
} from "../received-metric.ts"
import { ResourceFromWire, ScopeFromWire } from "../received-resource.ts"
import { readAttribute } from "./attributes.ts"
import {
  readExponentialHistogramPoint,
  readHistogramPoint,
  readNumberPoint,
  readSummaryPoint,
} from "./data-points.ts"
import { fields, ProtobufReader } from "./protobuf-reader.ts"
import { readResource, readScope, setSchemaUrl } from "./resource.ts"

const REQUEST = fields(1)
const GROUP = fields(1, 2, 3)
const METRIC = fields(1, 2, 3, 5, 7, 9, 10, 11, 12)
const DATA = fields(1, 2, 3)

export function metricsFromProtobuf(bytes: Uint8Array): ReceivedMetrics[] {
  const reader = new ProtobufReader(bytes)
  const end = reader.bytes.length
  const received: ReceivedMetrics[] = []
  while (reader.position < end) {
    const tag = reader.uint32()
    if (tag === 0x0a) received.push(readResourceMetrics(reader))
    else reader.skip(tag, REQUEST)
  }
  reader.leave(end)
  return received
}

function readResourceMetrics(reader: ProtobufReader): ReceivedMetrics {
  const end = reader.enter()
  const resource = new ResourceFromWire()
  const scopeMetrics: ReceivedScopeMetrics[] = []
  while (reader.position < end) {
    const tag = reader.uint32()
    if (tag === 0x12) scopeMetrics.push(readScopeMetrics(reader))
    else if (tag === 0x0a) readResource(reader, resource)
    else if (tag === 0x1a) setSchemaUrl(resource, reader.key())
    else reader.skip(tag, GROUP)
  }
  reader.leave(end)
  return { resource, scopeMetrics }
}

function readScopeMetrics(reader: ProtobufReader): ReceivedScopeMetrics {
  const end = reader.enter()
  const scope = new ScopeFromWire()
  const metrics: ReceivedMetricData[] = []
  while (reader.position < end) {
    const tag = reader.uint32()
    if (tag === 0x12) metrics.push(readMetric(reader))
    else if (tag === 0x0a) readScope(reader, scope)
    else if (tag === 0x1a) setSchemaUrl(scope, reader.key())
    else reader.skip(tag, GROUP)
  }
  reader.leave(end)
  // A summary has a type of its own: see ReceivedMetrics.
  return { scope, metrics: metrics as ReceivedScopeMetrics["metrics"] }
}

function readMetric(reader: ProtobufReader): ReceivedMetricData {
  const end = reader.enter()
  const metric = new MetricBuilder()
  while (reader.position < end) {
    const tag = reader.uint32()
    switch (tag) {
      case 0x0a:
        metric.name = reader.key()
        break
      case 0x12:
        metric.description = reader.key()
        break
      case 0x1a:
        metric.unit = reader.key()
        break
      case 0x2a:
        readData(reader, metric, GAUGE)
        break
      case 0x3a:
        readData(reader, metric, SUM)
        break
      case 0x4a:
        readData(reader, metric, HISTOGRAM)
        break
      case 0x52:
        readData(reader, metric, EXPONENTIAL_HISTOGRAM)
        break
      case 0x5a:
        readData(reader, metric, SUMMARY)
        break
      case 0x62:
        readAttribute(reader, (metric.metadata ??= {} as Attributes))
        break
      default:
        reader.skip(tag, METRIC)
    }
  }
  reader.leave(end)
  return metric.build()
}

/** Gauge, Sum, Histogram and so on number their fields alike: points 1, temporality 2, is monotonic 3. */
function readData(reader: ProtobufReader, metric: MetricBuilder, type: PointType): void {
  const end = reader.enter()
  metric.begin(type)
  while (reader.position < end) {
    const tag = reader.uint32()
    if (tag === 0x0a) readPoint(reader, metric, type)
    else if (tag === 0x10 && type !== GAUGE && type !== SUMMARY) metric.temporality = reader.int32() - 1
    else if (tag === 0x18 && type === SUM) metric.isMonotonic = reader.bool()
    else reader.skip(tag, DATA)
  }
  reader.leave(end)
}

function readPoint(reader: ProtobufReader, metric: MetricBuilder, type: PointType): void {
  switch (type) {
    case GAUGE:
    case SUM:
      return readNumberPoint(reader, metric)
    case HISTOGRAM:
      return metric.add(readHistogramPoint(reader))
    case EXPONENTIAL_HISTOGRAM:
      return metric.add(readExponentialHistogramPoint(reader))
    case SUMMARY:
      return metric.add(readSummaryPoint(reader))
  }
}
