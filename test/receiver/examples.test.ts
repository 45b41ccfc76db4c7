// The example payloads of the OTLP specification.
import { existsSync, readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import {
  type ReceivedLogRecord,
  type ReceivedMetrics,
  type ReceivedSpan,
  startReceiver,
} from "@clickstack/receiver"
import { expect, test } from "vitest"
import { json, post } from "./requests.ts"

const directory = fileURLToPath(new URL("../../../shared/otlp-examples/", import.meta.url))
const missing = !existsSync(directory)

test("the examples are there, or this is not CI", () => {
  expect(missing && process.env["CI"] === "true", directory).toBe(false)
})

const example = test.skipIf(missing)

async function received<T>(path: string, file: string): Promise<T[]> {
  const all: T[] = []
  const sink = (data: any[]) => void all.push(...data)
  await using receiver = await startReceiver({ httpPort: 0, traces: sink, logs: sink, metrics: sink })
  const answer = await post(`${receiver.url}${path}`, readFileSync(directory + file), json)
  expect([answer.status, answer.body.toString()]).toEqual([200, "{}"])
  return all
}

const resource = { attributes: { "service.name": "my.service" } }
const scope = {
  name: "my.library",
  version: "1.0.0",
  attributes: { "my.scope.attribute": "some scope attribute" },
}

example("trace.json", async () => {
  const [span, ...others] = await received<ReceivedSpan>("/v1/traces", "trace.json")
  expect(others).toEqual([])
  expect(span).toMatchObject({
    name: "I'm a server span",
    kind: 1,
    parentSpanContext: { traceId: "5b8efff798038103d269b633813fc60c", spanId: "eee19b7ec3c1b173" },
    startTime: [1_544_712_660, 0],
    endTime: [1_544_712_661, 0],
    duration: [1, 0],
    status: { code: 0 },
    attributes: { "my.span.attr": "some value" },
    resource,
    instrumentationScope: scope,
  })
  expect(span!.spanContext()).toEqual({
    traceId: "5b8efff798038103d269b633813fc60c",
    spanId: "eee19b7ec3c1b174",
    traceFlags: 1,
  })
})

example("logs.json", async () => {
  const [record, ...others] = await received<ReceivedLogRecord>("/v1/logs", "logs.json")
  expect(others).toEqual([])
  expect(record).toMatchObject({
    hrTime: [1_544_712_660, 300_000_000],
    hrTimeObserved: [1_544_712_660, 300_000_000],
    severityNumber: 10,
    severityText: "Information",
    spanContext: { traceId: "5b8efff798038103d269b633813fc60c", spanId: "eee19b7ec3c1b174" },
    body: "Example log record",
    resource,
    instrumentationScope: scope,
  })
  expect(record!.attributes).toEqual({
    "string.attribute": "some string",
    "boolean.attribute": true,
    "int.attribute": 10,
    "double.attribute": 637.704,
    "array.attribute": ["many", "values"],
    "map.attribute": { "some.map.key": "some value" },
  })
})

example("events.json", async () => {
  const [record, ...others] = await received<ReceivedLogRecord>("/v1/logs", "events.json")
  expect(others).toEqual([])
  expect(record).toMatchObject({
    eventName: "browser.page_view",
    severityNumber: 9,
    attributes: { "event.attribute": "some event attribute" },
    body: {
      type: 0,
      url: "https://www.guidgenerator.com/online-guid-generator.aspx",
      referrer: "https://wwww.google.com",
      title: "Free Online GUID Generator",
    },
  })
  expect(record!.spanContext).toBeUndefined()
})

example("metrics.json", async () => {
  const [metrics, ...others] = await received<ReceivedMetrics>("/v1/metrics", "metrics.json")
  expect(others).toEqual([])
  const time = [1_544_712_660, 300_000_000]
  expect(metrics).toMatchObject({ resource, scopeMetrics: [{ scope }] })
  expect(metrics!.scopeMetrics[0]!.metrics).toMatchObject([
    {
      descriptor: { name: "my.counter", unit: "1", description: "I am a Counter", valueType: 1 },
      dataPointType: 3,
      aggregationTemporality: 0,
      isMonotonic: true,
      dataPoints: [
        { startTime: time, endTime: time, value: 5, attributes: { "my.counter.attr": "some value" } },
      ],
    },
    {
      descriptor: { name: "my.gauge", valueType: 1 },
      dataPointType: 2,
      dataPoints: [{ startTime: [0, 0], endTime: time, value: 10 }],
    },
    {
      descriptor: { name: "my.histogram" },
      dataPointType: 0,
      aggregationTemporality: 0,
      dataPoints: [
        { value: { count: 2, sum: 2, min: 0, max: 2, buckets: { boundaries: [1], counts: [1, 1] } } },
      ],
    },
    {
      descriptor: { name: "my.exponential.histogram" },
      dataPointType: 1,
      aggregationTemporality: 0,
      dataPoints: [
        {
          value: {
            count: 3,
            sum: 10,
            scale: 0,
            zeroCount: 1,
            min: 0,
            max: 5,
            positive: { offset: 1, bucketCounts: [0, 2] },
            negative: { offset: 0, bucketCounts: [] },
          },
        },
      ],
    },
  ])
})
