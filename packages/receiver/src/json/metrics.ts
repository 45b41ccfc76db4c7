// ExportMetricsServiceRequest of OTLP/JSON, read in one pass.
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
import { setSchemaUrl } from "../wire/resource.ts"
import { readAttributes } from "./attributes.ts"
import { readPoint } from "./data-points.ts"
import type { JsonReader } from "./json-reader.ts"
import { readEnumeration } from "./json-scalars.ts"
import { readJson } from "./read-json.ts"
import { readResource, readScope } from "./resource.ts"

const dataFields = new Map<string, PointType>([
  ["gauge", GAUGE],
  ["sum", SUM],
  ["histogram", HISTOGRAM],
  ["exponentialHistogram", EXPONENTIAL_HISTOGRAM],
  ["summary", SUMMARY],
])

export function metricsFromJson(bytes: Uint8Array): ReceivedMetrics[] {
  const received: ReceivedMetrics[] = []
  readJson(bytes, (reader, field) => {
    if (field !== "resourceMetrics") return reader.skip()
    if (!reader.openList()) return
    do received.push(readResourceMetrics(reader))
    while (reader.moreItems())
  })
  return received
}

function readResourceMetrics(reader: JsonReader): ReceivedMetrics {
  const resource = new ResourceFromWire()
  const scopeMetrics: ReceivedScopeMetrics[] = []
  if (!reader.openObject()) return { resource, scopeMetrics }
  do {
    const field = reader.key()
    if (reader.absent()) continue
    if (field === "scopeMetrics") {
      if (!reader.openList()) continue
      do scopeMetrics.push(readScopeMetrics(reader))
      while (reader.moreItems())
    } else if (field === "resource") readResource(reader, resource)
    else if (field === "schemaUrl") setSchemaUrl(resource, reader.name())
    else reader.skip()
  } while (reader.moreFields())
  return { resource, scopeMetrics }
}

function readScopeMetrics(reader: JsonReader): ReceivedScopeMetrics {
  const scope = new ScopeFromWire()
  const metrics: ReceivedMetricData[] = []
  if (reader.openObject()) {
    do {
      const field = reader.key()
      if (reader.absent()) continue
      if (field === "metrics") {
        if (!reader.openList()) continue
        do metrics.push(readMetric(reader))
        while (reader.moreItems())
      } else if (field === "scope") readScope(reader, scope)
      else if (field === "schemaUrl") setSchemaUrl(scope, reader.name())
      else reader.skip()
    } while (reader.moreFields())
  }
  // A summary has a type of its own: see ReceivedMetrics.
  return { scope, metrics: metrics as ReceivedScopeMetrics["metrics"] }
}

function readMetric(reader: JsonReader): ReceivedMetricData {
  const metric = new MetricBuilder()
  if (!reader.openObject()) return metric.build()
  do {
    const field = reader.key()
    if (reader.absent()) continue
    const type = dataFields.get(field)
    if (type !== undefined) readData(reader, metric, type)
    else if (field === "name") metric.name = reader.name()
    else if (field === "description") metric.description = reader.name()
    else if (field === "unit") metric.unit = reader.name()
    else if (field === "metadata") {
      const metadata: Attributes = {}
      readAttributes(reader, metadata)
      if (Object.keys(metadata).length > 0) metric.metadata = metadata
    } else reader.skip()
  } while (reader.moreFields())
  return metric.build()
}

function readData(reader: JsonReader, metric: MetricBuilder, type: PointType): void {
  metric.begin(type)
  if (!reader.openObject()) return
  do {
    const field = reader.key()
    if (reader.absent()) continue
    if (field === "dataPoints") {
      if (!reader.openList()) continue
      do readPoint(reader, metric, type)
      while (reader.moreItems())
    } else if (field === "aggregationTemporality") metric.temporality = readEnumeration(reader) - 1
    else if (field === "isMonotonic") metric.isMonotonic = reader.bool()
    else reader.skip()
  } while (reader.moreFields())
}
