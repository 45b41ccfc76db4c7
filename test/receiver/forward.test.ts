// A receiver as an agent: what it receives, an exporter sends on.
import { OTLPLogExporter } from "@opentelemetry/exporter-logs-otlp-http"
import { OTLPMetricExporter } from "@opentelemetry/exporter-metrics-otlp-grpc"
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-proto"
import { context } from "@opentelemetry/api"
import { type ExportResult, isTracingSuppressed } from "@opentelemetry/core"
import {
  JsonMetricsSerializer,
  ProtobufLogsSerializer,
  ProtobufMetricsSerializer,
  ProtobufTraceSerializer,
} from "@opentelemetry/otlp-transformer"
import { type Destination, forward, startReceiver } from "@clickstack/receiver"
import type { ReadableSpan, SpanExporter } from "@opentelemetry/sdk-trace-base"
import { describe, expect, test } from "vitest"
import { requestTypes } from "./otlp-schema.ts"
import { plainLog, plainMetrics, plainSpan } from "./plain.ts"
import { post, protobufOf } from "./requests.ts"
import { logs, metrics, spans } from "./telemetry.ts"

test("spans, logs and metrics pass through an agent and its stock exporters unchanged", async () => {
  const received: any = { traces: [], logs: [], metrics: [] }
  await using end = await startReceiver({
    httpPort: 0,
    grpcPort: 0,
    traces: (data) => void received.traces.push(...data),
    logs: (data) => void received.logs.push(...data),
    metrics: (data) => void received.metrics.push(...data),
  })
  const destination: Destination = {
    spans: new OTLPTraceExporter({ url: `${end.url}/v1/traces` }),
    logs: new OTLPLogExporter({ url: `${end.url}/v1/logs` }),
    metrics: new OTLPMetricExporter({ url: end.grpcUrl! }),
  }
  await using agent = await startReceiver({ httpPort: 0, ...forward(destination) })
  const twoResources = [metrics(40), metrics(7)]
  const metricsBody = Buffer.concat(
    twoResources.map((one) => ProtobufMetricsSerializer.serializeRequest(one)!),
  )
  const bodies = [
    ["/v1/traces", ProtobufTraceSerializer.serializeRequest(spans(50))],
    ["/v1/logs", ProtobufLogsSerializer.serializeRequest(logs(50))],
    ["/v1/metrics", metricsBody],
  ] as const
  for (const [path, body] of bodies)
    expect(await post(`${agent.url}${path}`, body!)).toMatchObject({ status: 200 })
  expect(received.traces.map(plainSpan)).toEqual(spans(50).map(plainSpan))
  expect(received.logs.map(plainLog)).toEqual(logs(50).map(plainLog))
  expect(received.metrics.map(plainMetrics)).toEqual(twoResources.map(plainMetrics))
  await Promise.all([
    destination.spans!.shutdown(),
    destination.logs!.shutdown(),
    destination.metrics!.shutdown(),
  ])
})

test("a signal without an exporter is not taken", () => {
  expect(Object.keys(forward({ logs: {} as never }))).toEqual(["logs"])
})

const spanExporter = (
  run: (spans: ReadableSpan[], done: (result: ExportResult) => void) => void,
): SpanExporter => ({
  export: run,
  shutdown: async () => {},
})

describe("an exporter that fails", () => {
  const answerTo = async (run: SpanExporter["export"]) => {
    await using agent = await startReceiver({ httpPort: 0, ...forward({ spans: spanExporter(run) }) })
    const { status, headers } = await post(`${agent.url}/v1/traces`, protobufOf(1))
    return [status, headers.get("retry-after")]
  }

  test.each([
    ["without saying why: try again", undefined, [503, "5"]],
    ["because its server is down: try again", { code: 503 }, [503, "5"]],
    ["because the key is wrong: try again, a corrected key saves it", { code: 401 }, [503, "5"]],
    ["because the data is bad: do not", { code: 400 }, [500, null]],
    ["because the data is bad, over gRPC: do not", { code: 3 }, [500, null]],
    ["because it knows better: do not", { retryable: false }, [500, null]],
    ["because there is too much of it: send less", { code: 413 }, [413, null]],
  ])("%s", async (_name, fields, answer) => {
    expect(
      await answerTo((_spans, done) =>
        done({ code: 1, ...(fields && { error: Object.assign(new Error("failed"), fields) }) }),
      ),
    ).toEqual(answer)
  })

  test("by throwing: try again", async () => {
    expect(
      await answerTo(() => {
        throw new Error("broken")
      }),
    ).toEqual([503, "5"])
  })
})

test("an exporter's own requests are not traced", async () => {
  let suppressed: boolean | undefined
  const { AsyncLocalStorageContextManager } = await import("./context-manager.ts")
  context.setGlobalContextManager(new AsyncLocalStorageContextManager())
  const spansOnly = forward({
    spans: spanExporter((_spans, done) => {
      suppressed = isTracingSuppressed(context.active())
      done({ code: 0 })
    }),
  })
  await using agent = await startReceiver({ httpPort: 0, ...spansOnly })
  expect(await post(`${agent.url}/v1/traces`, protobufOf(1))).toMatchObject({ status: 200 })
  expect(suppressed).toBe(true)
  context.disable()
})

describe("integers beyond 2^53", () => {
  const big = { low: 1, high: 0x40000000, unsigned: false }
  const attributes = [
    { key: "id", value: { intValue: big } },
    { key: "list", value: { arrayValue: { values: [{ intValue: big }, { bytesValue: Buffer.from([1]) }] } } },
  ]
  const traceRequest = requestTypes.traces
    .encode({
      resourceSpans: [
        { resource: { attributes }, scopeSpans: [{ spans: [{ attributes }, { attributes }] }] },
      ],
    })
    .finish()
  const metricsRequest = requestTypes.metrics
    .encode({
      resourceMetrics: [
        {
          scopeMetrics: [{ metrics: [{ histogram: { dataPoints: [{ count: big, bucketCounts: [big] }] } }] }],
        },
      ],
    })
    .finish()
  const exact = 2n ** 62n + 1n

  async function forwarded(bigints: boolean) {
    const taken: any[] = []
    const keep = { export: (data: any, done: any) => (taken.push(data), done({ code: 0 })) } as never
    const sinks = forward({ spans: keep, metrics: keep, bigints })
    await using agent = await startReceiver({ httpPort: 0, ...sinks })
    expect(await post(`${agent.url}/v1/traces`, traceRequest)).toMatchObject({ status: 200 })
    expect(await post(`${agent.url}/v1/metrics`, metricsRequest)).toMatchObject({ status: 200 })
    const [received, metricsTaken] = taken
    const [point] = metricsTaken.scopeMetrics[0].metrics[0].dataPoints
    return { received, point, metricsTaken }
  }

  test("are exact for a destination that says it knows them", async () => {
    const { received, point } = await forwarded(true)
    for (const span of received) {
      expect(span.attributes).toEqual({ id: exact, list: [exact, new Uint8Array([1])] })
      expect(span.resource.attributes).toEqual(span.attributes)
    }
    expect(point.value).toMatchObject({ count: exact, buckets: { counts: [exact] } })
  })

  test("are the nearest numbers for others, whose encoders take nothing else", async () => {
    const { received, point, metricsTaken } = await forwarded(false)
    for (const span of received) {
      expect(span.attributes).toEqual({ id: 2 ** 62, list: [2 ** 62, new Uint8Array([1])] })
      expect(span.resource.attributes).toEqual(span.attributes)
    }
    expect(point.value).toMatchObject({ count: 2 ** 62, buckets: { counts: [2 ** 62] } })
    // With a bigint in it this throws.
    expect(JsonMetricsSerializer.serializeRequest(metricsTaken)!.length).toBeGreaterThan(0)
  })
})
