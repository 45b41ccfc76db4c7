// Requests of each signal, as upstream's own serializers encode them.
import {
  ProtobufLogsSerializer,
  ProtobufMetricsSerializer,
  ProtobufTraceSerializer,
} from "@opentelemetry/otlp-transformer"
import type { ReadableLogRecord } from "@opentelemetry/sdk-logs"
import { AggregationTemporality, DataPointType, type ResourceMetrics } from "@opentelemetry/sdk-metrics"
import { makeSpans } from "../ingest/spans.ts"

export type Signal = "traces" | "logs" | "metrics"

export interface OtlpRequest {
  readonly signal: Signal
  /** Spans, logs or points in it. */
  readonly items: number
  readonly body: Uint8Array<ArrayBuffer>
}

const [{ resource }] = makeSpans(1) as [ReturnType<typeof makeSpans>[number]]
const instrumentationScope = { name: "shop", version: "4.11.2" }

export function requestOf(signal: Signal, items: number): OtlpRequest {
  const bytes = {
    traces: () => ProtobufTraceSerializer.serializeRequest(makeSpans(items)),
    logs: () => ProtobufLogsSerializer.serializeRequest(makeLogs(items)),
    metrics: () => ProtobufMetricsSerializer.serializeRequest(makeMetrics(items)),
  }[signal]()
  return encoded(signal, items, bytes)
}

/** Lines of 9,000 characters, none of whose words is in another of the requests. */
export const longLogs = (items: number, requests: number): OtlpRequest[] =>
  Array.from({ length: requests }, (_, request) =>
    encoded(
      "logs",
      items,
      ProtobufLogsSerializer.serializeRequest(makeLogs(items, { from: request * items, words: 800 })),
    ),
  )

function encoded(signal: Signal, items: number, bytes: Uint8Array | undefined): OtlpRequest {
  if (bytes === undefined) throw new Error("nothing was encoded")
  return { signal, items, body: new Uint8Array(bytes) }
}

/** Lines of 300 characters with 4 attributes, most of whose words occur once. */
function makeLogs(count: number, lines = { from: 0, words: 16 }): ReadableLogRecord[] {
  const now = hrNow()
  return Array.from({ length: count }, (_, index) => ({
    hrTime: now,
    hrTimeObserved: now,
    severityNumber: 9,
    severityText: "INFO",
    body: `order ${index} of ${words(lines.from + index, lines.words)} was accepted after ${index % 997} ms by the provider`,
    attributes: {
      "http.route": "/orders/:id",
      "user.id": `user-${index % 5000}`,
      "url.path": `/orders/${index * 7919}`,
      attempt: index % 3,
    },
    resource,
    instrumentationScope,
    droppedAttributesCount: 0,
  }))
}

const words = (seed: number, count: number): string =>
  Array.from({ length: count }, (_, index) => ((seed + 1) * (index + 1) * 2_654_435_761).toString(36)).join(
    " ",
  )

function makeMetrics(count: number): ResourceMetrics {
  const now = hrNow()
  return {
    resource,
    scopeMetrics: [
      {
        scope: instrumentationScope,
        metrics: [
          {
            descriptor: { name: "queue.length", description: "", unit: "1", valueType: 1, advice: {} },
            aggregationTemporality: AggregationTemporality.CUMULATIVE,
            dataPointType: DataPointType.GAUGE,
            dataPoints: Array.from({ length: count }, (_, index) => ({
              startTime: now,
              endTime: now,
              attributes: { "http.route": "/orders/:id", "user.id": `user-${index}`, region: "eu-central-1" },
              value: index,
            })),
          },
        ],
      },
    ],
  } as unknown as ResourceMetrics
}

function hrNow(): [number, number] {
  const now = Date.now()
  return [Math.floor(now / 1000), (now % 1000) * 1_000_000]
}
