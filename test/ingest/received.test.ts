// What a receiver of OTLP hands on is what the exporters take: also the fields that OpenTelemetry's types do not have.
import { clickhouse } from "@clickstack/ingest"
import { type DestinationSinks, forward, startReceiver } from "@clickstack/receiver"
import { expect, test } from "vitest"

// A time of now: rows older than the retention are deleted soon after they are stored.
const time = `${Date.now()}000000`
const text = (key: string, stringValue: string) => ({ key, value: { stringValue } })
const resource = { attributes: [text("service.name", "shop")], droppedAttributesCount: 1 }
const scope = { name: "lib", version: "1", attributes: [text("scope.key", "x")], droppedAttributesCount: 2 }
const point = { startTimeUnixNano: time, timeUnixNano: time, attributes: [text("route", "/")], flags: 1 }

const metrics = [
  {
    name: "queue",
    gauge: {
      dataPoints: [
        {
          ...point,
          asInt: "9007199254740993",
          exemplars: [
            {
              timeUnixNano: time,
              asDouble: 1.5,
              traceId: "0af7651916cd43dd8448eb211c80319c",
              spanId: "b7ad6b7169203331",
              filteredAttributes: [text("user", "u-1")],
            },
          ],
        },
      ],
    },
  },
  {
    name: "size",
    summary: {
      dataPoints: [{ ...point, count: "3", sum: 6, quantileValues: [{ quantile: 0.5, value: 2 }] }],
    },
  },
]

test("metrics with exemplars, flags, summaries and a scope's attributes go from OTLP into ClickHouse whole", async () => {
  await using ingest = clickhouse("chdb::memory:")
  const sinks: DestinationSinks = forward({ ...ingest, bigints: true })
  await using receiver = await startReceiver({ httpPort: 0, ...sinks })
  const answer = await fetch(`${receiver.url}/v1/metrics`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ resourceMetrics: [{ resource, scopeMetrics: [{ scope, metrics }] }] }),
  })
  expect([answer.status, await answer.text()]).toEqual([200, "{}"])

  const common = `ServiceName, ScopeAttributes, ScopeDroppedAttrCount, Attributes, Flags`
  const shared = {
    ServiceName: "shop",
    ScopeAttributes: { "scope.key": "x" },
    ScopeDroppedAttrCount: 2,
    Attributes: { route: "/" },
    Flags: 1,
  }
  expect(
    await ingest.query(
      `SELECT ${common}, toInt64(Value) AS value, "Exemplars.Value" AS values, "Exemplars.SpanId" AS spans,
              "Exemplars.FilteredAttributes" AS filtered FROM otel_metrics_gauge`,
    ),
  ).toEqual([
    {
      ...shared,
      value: 9007199254740992n,
      values: [1.5],
      spans: ["b7ad6b7169203331"],
      filtered: [{ user: "u-1" }],
    },
  ])
  expect(
    await ingest.query(
      `SELECT ${common}, Count, Sum, "ValueAtQuantiles.Quantile" AS quantiles, "ValueAtQuantiles.Value" AS values
       FROM otel_metrics_summary`,
    ),
  ).toEqual([{ ...shared, Count: 3, Sum: 6, quantiles: [0.5], values: [2] }])
})

test("spans and logs go from OTLP into ClickHouse, session replay into its own table", async () => {
  await using ingest = clickhouse("chdb::memory:")
  await using receiver = await startReceiver({ httpPort: 0, ...forward(ingest) })
  const post = async (path: string, body: object) => {
    const headers = { "content-type": "application/json" }
    const answer = await fetch(`${receiver.url}${path}`, {
      method: "POST",
      headers,
      body: JSON.stringify(body),
    })
    expect([answer.status, await answer.text()]).toEqual([200, "{}"])
  }
  const ids = { traceId: "5B8EFFF798038103D269B633813FC60C", spanId: "EEE19B7EC3C1B174" }
  const span = { ...ids, name: "GET /", startTimeUnixNano: time, endTimeUnixNano: time }
  await post("/v1/traces", { resourceSpans: [{ resource, scopeSpans: [{ scope, spans: [span] }] }] })
  const logRecords = [
    { ...ids, timeUnixNano: time, body: { stringValue: "hello" } },
    { ...ids, timeUnixNano: time, body: { stringValue: "{}" }, attributes: [text("rr-web.event", "1")] },
  ]
  await post("/v1/logs", { resourceLogs: [{ resource, scopeLogs: [{ scope, logRecords }] }] })

  expect(await ingest.query("SELECT TraceId, SpanKind, ServiceName FROM otel_traces")).toEqual([
    { TraceId: "5b8efff798038103d269b633813fc60c", SpanKind: "Unspecified", ServiceName: "shop" },
  ])
  expect(await ingest.query("SELECT Body, SpanId FROM otel_logs")).toEqual([
    { Body: "hello", SpanId: "eee19b7ec3c1b174" },
  ])
  expect(await ingest.query("SELECT count() AS count FROM hyperdx_sessions")).toEqual([{ count: 1 }])
})
