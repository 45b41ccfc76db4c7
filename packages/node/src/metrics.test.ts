import { AggregationTemporality, AggregationType, InstrumentType } from "@opentelemetry/sdk-metrics"
import { expect, test } from "vitest"
import { aggregation, temporality } from "./metrics.ts"

const { CUMULATIVE, DELTA } = AggregationTemporality

// As the specification of the OTLP metrics exporter has them.
test.each([
  ["cumulative", [CUMULATIVE, CUMULATIVE, CUMULATIVE, CUMULATIVE, CUMULATIVE]],
  ["delta", [DELTA, CUMULATIVE, DELTA, DELTA, CUMULATIVE]],
  ["lowmemory", [DELTA, CUMULATIVE, DELTA, CUMULATIVE, CUMULATIVE]],
] as const)("temporality %s", (preference, expected) => {
  const types = [
    InstrumentType.COUNTER,
    InstrumentType.UP_DOWN_COUNTER,
    InstrumentType.HISTOGRAM,
    InstrumentType.OBSERVABLE_COUNTER,
    InstrumentType.OBSERVABLE_UP_DOWN_COUNTER,
  ]
  expect(types.map((type) => temporality(preference, type))).toEqual(expected)
})

test("histograms become what was asked for, and nothing else does", () => {
  const of = (histogram: Parameters<typeof aggregation>[0], type: InstrumentType) =>
    aggregation(histogram, type).type
  expect(of("base2_exponential_bucket_histogram", InstrumentType.HISTOGRAM)).toBe(
    AggregationType.EXPONENTIAL_HISTOGRAM,
  )
  expect(of("base2_exponential_bucket_histogram", InstrumentType.COUNTER)).toBe(AggregationType.DEFAULT)
  expect(of("explicit_bucket_histogram", InstrumentType.HISTOGRAM)).toBe(AggregationType.DEFAULT)
})
