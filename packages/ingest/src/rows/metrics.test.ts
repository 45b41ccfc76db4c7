import { ValueType } from "@opentelemetry/api"
import { resourceFromAttributes } from "@opentelemetry/resources"
import {
  AggregationTemporality,
  AggregationType,
  DataPointType,
  MeterProvider,
  MetricReader,
  type PushMetricExporter,
  type ResourceMetrics,
} from "@opentelemetry/sdk-metrics"
import { describe, expect, expectTypeOf, test } from "vitest"
import { type Exporters, type Share, createExporters } from "../exporters.ts"
import { rowTypes } from "./rows.ts"
import type { Metrics } from "./metrics.ts"

class Reader extends MetricReader {
  protected override onForceFlush(): Promise<void> {
    return Promise.resolve()
  }
  protected override onShutdown(): Promise<void> {
    return Promise.resolve()
  }
}

type Meter = ReturnType<MeterProvider["getMeter"]>

async function collected(
  use: (meter: Meter) => void,
  temporality = AggregationTemporality.CUMULATIVE,
): Promise<ResourceMetrics> {
  const reader = new Reader({ aggregationTemporalitySelector: () => temporality })
  const provider = new MeterProvider({
    resource: resourceFromAttributes({ "service.name": "shop" }, { schemaUrl: "https://resource/1" }),
    readers: [reader],
    views: [{ instrumentName: "exponential", aggregation: { type: AggregationType.EXPONENTIAL_HISTOGRAM } }],
  })
  use(provider.getMeter("lib", "1.2.3", { schemaUrl: "https://scope/1" }))
  const { resourceMetrics } = await reader.collect()
  await provider.shutdown()
  return resourceMetrics
}

/** The rows of metrics by their tables, as JSONEachRow has them. */
async function rowsOf(metrics: Metrics): Promise<Record<string, Record<string, unknown>[]>> {
  const stored: Share[] = []
  const { metrics: exporter } = createExporters(async (sharesOf) => {
    stored.push(...(await sharesOf()))
    return 0
  })
  const { code } = await new Promise<{ code: number }>((resolve) => {
    exporter.export(metrics, resolve)
  })
  expect(code).toBe(0)
  return Object.fromEntries(
    stored.map(({ table, items, fields }) => [
      table,
      items.map((item) =>
        Object.fromEntries(
          Object.entries(fields).map(([name, of]) => [
            name,
            JSON.parse(rowTypes[table].columns[name]?.json(of(item) as never) ?? "no column"),
          ]),
        ),
      ),
    ]),
  )
}

const common = {
  ResourceAttributes: { "service.name": "shop" },
  ResourceSchemaUrl: "https://resource/1",
  ScopeName: "lib",
  ScopeVersion: "1.2.3",
  ScopeAttributes: {},
  ScopeDroppedAttrCount: 0,
  ScopeSchemaUrl: "https://scope/1",
  ServiceName: "shop",
  MetricDescription: "what it says",
  MetricUnit: "1",
  Attributes: { route: "/cart" },
  StartTimeUnix: expect.any(Number) as number,
  TimeUnix: expect.any(Number) as number,
  Flags: 0,
}

const noExemplars = {
  "Exemplars.FilteredAttributes": [],
  "Exemplars.TimeUnix": [],
  "Exemplars.Value": [],
  "Exemplars.SpanId": [],
  "Exemplars.TraceId": [],
}

const described = { description: "what it says", unit: "1" }
const attributes = { route: "/cart" }

test("takes the SDK's metrics as they are, and is an exporter for it", () => {
  expectTypeOf<ResourceMetrics>().toExtend<Metrics>()
  expectTypeOf<Exporters["metrics"]>().toExtend<PushMetricExporter>()
})

describe("what the SDK makes", () => {
  test("of a gauge", async () => {
    const metrics = await collected((meter) => meter.createGauge("g", described).record(1.5, attributes))
    expect(await rowsOf(metrics)).toEqual({
      otel_metrics_gauge: [{ ...common, ...noExemplars, MetricName: "g", Value: 1.5 }],
    })
  })

  test.each([
    [AggregationTemporality.CUMULATIVE, 2],
    [AggregationTemporality.DELTA, 1],
  ])("of counters, with temporality %i of the SDK, which is %i of OTLP", async (temporality, stored) => {
    const metrics = await collected((meter) => {
      meter.createCounter("c", { ...described, valueType: ValueType.INT }).add(3, attributes)
      meter.createUpDownCounter("u", described).add(-2, attributes)
    }, temporality)
    expect(await rowsOf(metrics)).toEqual({
      otel_metrics_sum: [
        {
          ...common,
          ...noExemplars,
          MetricName: "c",
          Value: 3,
          AggregationTemporality: stored,
          IsMonotonic: true,
        },
        {
          ...common,
          ...noExemplars,
          MetricName: "u",
          Value: -2,
          AggregationTemporality: stored,
          IsMonotonic: false,
        },
      ],
    })
  })

  test("of a histogram", async () => {
    const advice = { explicitBucketBoundaries: [1, 10] }
    const metrics = await collected((meter) => {
      const histogram = meter.createHistogram("h", { ...described, advice })
      for (const value of [0.5, 5, 50, 60]) histogram.record(value, attributes)
    })
    expect(await rowsOf(metrics)).toEqual({
      otel_metrics_histogram: [
        {
          ...common,
          ...noExemplars,
          MetricName: "h",
          Count: 4,
          Sum: 115.5,
          Min: 0.5,
          Max: 60,
          BucketCounts: [1, 1, 2],
          ExplicitBounds: [1, 10],
          AggregationTemporality: 2,
        },
      ],
    })
  })

  test("of an exponential histogram", async () => {
    const metrics = await collected((meter) => {
      const histogram = meter.createHistogram("exponential", described)
      for (const value of [0, 1, 2, 4]) histogram.record(value, attributes)
    })
    const [row] = (await rowsOf(metrics))["otel_metrics_exponential_histogram"] ?? []
    expect(row).toMatchObject({
      ...common,
      ...noExemplars,
      MetricName: "exponential",
      Count: 4,
      Sum: 7,
      Min: 0,
      Max: 4,
      ZeroCount: 1,
      NegativeOffset: 0,
      NegativeBucketCounts: [],
      AggregationTemporality: 2,
    })
    const counts = row?.["PositiveBucketCounts"] as number[]
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(3)
    expect(row).toHaveProperty("Scale", expect.any(Number))
    expect(row).toHaveProperty("PositiveOffset", expect.any(Number))
  })

  test("of several kinds at once goes to a table each; of none, to none", async () => {
    const metrics = await collected((meter) => {
      meter.createGauge("g").record(1)
      meter.createCounter("c").add(1, { a: 1 })
      meter.createCounter("c").add(1, { a: 2 })
      meter.createHistogram("h").record(1)
    })
    const rows = await rowsOf(metrics)
    expect(Object.entries(rows).map(([table, some]) => [table, some.length])).toEqual([
      ["otel_metrics_histogram", 1],
      ["otel_metrics_gauge", 1],
      ["otel_metrics_sum", 2],
    ])
    expect(await rowsOf(await collected(() => {}))).toEqual({})
  })
})

describe("what only a receiver of OTLP has", () => {
  const received = (dataPointType: number, point: object, scope = {}): Metrics => ({
    resource: { attributes: {} },
    scopeMetrics: [
      {
        scope: { name: "s", ...scope },
        metrics: [
          {
            descriptor: { name: "m", description: "", unit: "" },
            dataPointType,
            aggregationTemporality: 1,
            dataPoints: [{ startTime: [100, 9], endTime: [200, 9], attributes: {}, ...point } as never],
          },
        ],
      },
    ],
  })
  const one = async (metrics: Metrics) => Object.values(await rowsOf(metrics))[0]?.[0]

  test("exemplars", async () => {
    const exemplars = [
      {
        value: 1.5,
        time: [150, 5],
        filteredAttributes: { user: 7 },
        spanId: "AB".repeat(8),
        traceId: "CD".repeat(16),
      },
      { value: 7n, time: [151, 0], filteredAttributes: {} },
    ]
    expect(await one(received(DataPointType.GAUGE, { value: 1, exemplars }))).toMatchObject({
      "Exemplars.FilteredAttributes": [{ user: "7" }, {}],
      "Exemplars.TimeUnix": [150, 151],
      "Exemplars.Value": [1.5, 7],
      "Exemplars.SpanId": ["ab".repeat(8), ""],
      "Exemplars.TraceId": ["cd".repeat(16), ""],
    })
  })

  test("flags, times in whole seconds, and the scope's attributes", async () => {
    const scope = { attributes: { a: 1 }, droppedAttributesCount: 3 }
    expect(await one(received(DataPointType.SUM, { value: 1, flags: 1 }, scope))).toMatchObject({
      Flags: 1,
      StartTimeUnix: 100,
      TimeUnix: 200,
      ScopeAttributes: { a: "1" },
      ScopeDroppedAttrCount: 3,
      IsMonotonic: false,
    })
  })

  test("a summary", async () => {
    const quantiles = [
      { quantile: 0.5, value: 10 },
      { quantile: 0.99, value: NaN },
    ]
    const rows = await rowsOf(received(4, { value: { count: 3n, sum: 30, quantiles } }))
    expect(rows).toMatchObject({
      otel_metrics_summary: [
        {
          MetricName: "m",
          Count: "3",
          Sum: 30,
          "ValueAtQuantiles.Quantile": [0.5, 0.99],
          "ValueAtQuantiles.Value": [10, "nan"],
        },
      ],
    })
  })

  test("counts beyond 2^53, and a histogram without sum, min and max", async () => {
    const value = { count: 2n ** 60n, buckets: { boundaries: [], counts: [2n ** 60n] } }
    expect(await one(received(DataPointType.HISTOGRAM, { value }))).toMatchObject({
      Count: "1152921504606846976",
      BucketCounts: ["1152921504606846976"],
      ExplicitBounds: [],
      Sum: 0,
      Min: 0,
      Max: 0,
    })
  })

  test("a kind of point that nobody knows is left out", async () => {
    expect(await rowsOf(received(9, { value: 1 }))).toEqual({})
  })
})
