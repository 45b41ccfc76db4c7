// Telemetry as an app's SDK makes it: realistic spans, log records and metrics of OpenTelemetry's types.
import { ValueType, type Attributes, type SpanContext } from "@opentelemetry/api"
import { createTraceState } from "@opentelemetry/api"
import { type Resource, resourceFromAttributes } from "@opentelemetry/resources"
import type { ReadableLogRecord } from "@opentelemetry/sdk-logs"
import {
  AggregationTemporality,
  DataPointType,
  type MetricData,
  type ResourceMetrics,
} from "@opentelemetry/sdk-metrics"
import type { ReadableSpan } from "@opentelemetry/sdk-trace-base"

const resource: Resource = resourceFromAttributes(
  {
    "service.name": "checkout",
    "service.version": "1.2.3",
    "host.name": "web-1",
    "telemetry.sdk.language": "nodejs",
    "telemetry.sdk.name": "opentelemetry",
    "telemetry.sdk.version": "2.12.0",
  },
  { schemaUrl: "https://opentelemetry.io/schemas/1.37.0" },
)

const scope = {
  name: "@opentelemetry/instrumentation-http",
  version: "0.223.0",
  schemaUrl: "https://opentelemetry.io/schemas/1.37.0",
}

const SECOND = 1_763_600_000

/** An id that differs for every `n`, in as many hex digits as asked. */
const idOf = (n: number, digits: number) =>
  (BigInt(n + 1) * 0x9e3779b97f4a7c15f39cc0605cedc835n).toString(16).padStart(digits, "0").slice(-digits)

const browsers = ["Chrome/141.0.0.0", "Firefox/144.0", "Safari/605.1.15"]

/** Server spans of a shop: twelve attributes, one in ten with an exception, one in twenty with a link. */
export const spans = (count: number): ReadableSpan[] =>
  Array.from({ length: count }, (_, i): ReadableSpan => {
    const traceId = idOf(i >> 2, 32)
    const context: SpanContext = { traceId, spanId: idOf(i, 16), traceFlags: 1 }
    if (i % 7 === 0) context.traceState = createTraceState("vendor=abc,other=1")
    const failed = i % 10 === 0
    return {
      name: "GET /orders/:id",
      kind: i % 5,
      spanContext: () => context,
      ...(i % 4 !== 0 && {
        parentSpanContext: { traceId, spanId: idOf(i + 1_000_000, 16), traceFlags: 1, isRemote: i % 3 === 0 },
      }),
      startTime: [SECOND + i, 123_456_789],
      endTime: [SECOND + i, 987_654_321],
      duration: [0, 864_197_532],
      ended: true,
      status: failed ? { code: 2, message: "boom" } : { code: 0 },
      attributes: {
        "http.request.method": "GET",
        "http.route": "/orders/:id",
        "http.response.status_code": failed ? 500 : 200,
        "url.scheme": "https",
        "url.path": `/orders/${i}`,
        "server.address": "shop.example.com",
        "server.port": 443,
        "network.peer.address": `10.0.${i % 4}.${i % 250}`,
        "network.peer.port": 40_000 + (i % 20_000),
        "network.protocol.version": "1.1",
        "user_agent.original": `Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 ${browsers[i % 3]}`,
        "session.id": traceId,
      },
      events: failed
        ? [
            {
              name: "exception",
              time: [SECOND + i, 500_000_000],
              attributes: {
                "exception.type": "Error",
                "exception.message": `order ${i} not found`,
                "exception.stacktrace": "Error: not found\n    at handler (/app/orders.js:10:5)\n".repeat(8),
              },
              droppedAttributesCount: 0,
            },
          ]
        : [],
      links:
        i % 20 === 0
          ? [
              {
                context: { traceId: idOf(i + 7, 32), spanId: idOf(i + 7, 16), traceFlags: 1 },
                attributes: { reason: "retry" },
                droppedAttributesCount: 0,
              },
            ]
          : [],
      resource,
      instrumentationScope: scope,
      droppedAttributesCount: i % 50 === 0 ? 3 : 0,
      droppedEventsCount: 0,
      droppedLinksCount: 0,
    }
  })

const logScope = { name: "orders", version: "1.0.0", attributes: { team: "shop" } }

export const logs = (count: number): ReadableLogRecord[] =>
  Array.from({ length: count }, (_, i): ReadableLogRecord => {
    const attributes: Attributes = {
      "log.logger": "orders",
      "code.function.name": "placeOrder",
      "order.id": 100_000 + i,
      "customer.tier": i % 3 === 0 ? "gold" : "standard",
      "session.id": idOf(i >> 2, 32),
    }
    return {
      hrTime: [SECOND + i, 1_000_001],
      hrTimeObserved: [SECOND + i, 2_000_002],
      ...(i % 2 === 0 && {
        spanContext: { traceId: idOf(i >> 2, 32), spanId: idOf(i, 16), traceFlags: 1 },
      }),
      severityNumber: i % 10 === 0 ? 17 : 9,
      severityText: i % 10 === 0 ? "error" : "info",
      body: `order ${i} placed by customer ${i % 97}, total ${(i * 1.37).toFixed(2)} EUR`,
      ...(i % 25 === 0 && { eventName: "order.placed" }),
      attributes: attributes as ReadableLogRecord["attributes"],
      droppedAttributesCount: 0,
      resource,
      instrumentationScope: logScope,
    }
  })

/** Metrics with `points` data points in all: sums, gauges, histograms and exponential histograms in turn. */
export function metrics(points: number): ResourceMetrics {
  const perMetric = 10
  const data: MetricData[] = []
  for (let m = 0; m * perMetric < points; m++) {
    const pointsOf = <T>(value: (n: number) => T) =>
      Array.from({ length: Math.min(perMetric, points - m * perMetric) }, (_, n) => ({
        startTime: [SECOND, 0] as [number, number],
        endTime: [SECOND + 60, 500] as [number, number],
        attributes: {
          "http.request.method": "GET",
          "http.route": `/r/${n}`,
          "http.response.status_code": 200,
        },
        value: value(m * perMetric + n),
      }))
    const descriptor = (name: string, valueType: ValueType) => ({
      name: `${name}.${m}`,
      description: `the ${name} of requests`,
      unit: "ms",
      valueType,
    })
    const temporality = { aggregationTemporality: AggregationTemporality.CUMULATIVE }
    switch (m % 4) {
      case 0:
        data.push({
          ...temporality,
          descriptor: descriptor("count", ValueType.INT),
          dataPointType: DataPointType.SUM,
          isMonotonic: true,
          dataPoints: pointsOf((n) => n * 3),
        })
        break
      case 1:
        data.push({
          ...temporality,
          descriptor: descriptor("level", ValueType.DOUBLE),
          dataPointType: DataPointType.GAUGE,
          dataPoints: pointsOf((n) => n * 1.5),
        })
        break
      case 2:
        data.push({
          aggregationTemporality: AggregationTemporality.DELTA,
          descriptor: descriptor("duration", ValueType.DOUBLE),
          dataPointType: DataPointType.HISTOGRAM,
          dataPoints: pointsOf((n) => ({
            buckets: {
              boundaries: [5, 10, 25, 50, 75, 100, 250, 500, 750, 1000],
              counts: [n, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10],
            },
            sum: n * 12.5,
            count: n + 55,
            min: 0.5,
            max: 1200.25,
          })),
        })
        break
      default:
        data.push({
          ...temporality,
          descriptor: descriptor("size", ValueType.DOUBLE),
          dataPointType: DataPointType.EXPONENTIAL_HISTOGRAM,
          dataPoints: pointsOf((n) => ({
            count: n + 10,
            sum: n * 2.25,
            scale: 3,
            zeroCount: 1,
            positive: { offset: -4, bucketCounts: [1, 2, 3, n] },
            negative: { offset: 0, bucketCounts: [] },
            min: 0.25,
            max: 99.5,
          })),
        })
    }
  }
  return { resource, scopeMetrics: [{ scope, metrics: data }] }
}
