// Property tests against OpenTelemetry's own encoders, of the 2.x line that we are on and of 3.x: what they make of
// random telemetry is decoded to the same telemetry, and what was decoded they can encode again.
import * as transformer2 from "@opentelemetry/otlp-transformer"
import * as transformer3 from "@opentelemetry/otlp-transformer-3"
import {
  logsFromJson,
  logsFromProtobuf,
  metricsFromJson,
  metricsFromProtobuf,
  tracesFromJson,
  tracesFromProtobuf,
} from "@clickstack/receiver"
import * as fc from "fast-check"
import { describe, expect, test } from "vitest"
import { logsArbitrary, metricsArbitrary, spansArbitrary } from "./arbitraries.ts"
import { plainLog, plainMetrics, plainSpan } from "./plain.ts"

const runs = { numRuns: 150 }

/** An encoder groups by resource and scope, so items of equal groups may change places. */
const sorted = (items: unknown[]) => items.map((item) => JSON.stringify(item)).toSorted()

describe.each([
  ["2.12", transformer2],
  ["3.1", transformer3 as unknown as typeof transformer2],
])("OpenTelemetry %s", (_version, transformer) => {
  describe.each([
    ["protobuf", transformer.ProtobufTraceSerializer, tracesFromProtobuf],
    ["JSON", transformer.JsonTraceSerializer, tracesFromJson],
  ])("spans in %s", (_encoding, serializer, decode) => {
    const through = (spans: Parameters<typeof serializer.serializeRequest>[0]) =>
      decode(Buffer.from(serializer.serializeRequest(spans)!))

    test("come out equal, and equal again when sent on", () => {
      fc.assert(
        fc.property(spansArbitrary, (spans) => {
          const received = through(spans)
          expect(sorted(received.map(plainSpan))).toEqual(sorted(spans.map(plainSpan)))
          expect(sorted(through(received).map(plainSpan))).toEqual(sorted(spans.map(plainSpan)))
        }),
        runs,
      )
    })
  })

  describe.each([
    ["protobuf", transformer.ProtobufLogsSerializer, logsFromProtobuf],
    ["JSON", transformer.JsonLogsSerializer, logsFromJson],
  ])("log records in %s", (_encoding, serializer, decode) => {
    const through = (records: Parameters<typeof serializer.serializeRequest>[0]) =>
      decode(Buffer.from(serializer.serializeRequest(records)!))

    test("come out equal, and equal again when sent on", () => {
      fc.assert(
        fc.property(logsArbitrary, (records) => {
          const received = through(records)
          expect(sorted(received.map(plainLog))).toEqual(sorted(records.map(plainLog)))
          expect(sorted(through(received).map(plainLog))).toEqual(sorted(records.map(plainLog)))
        }),
        runs,
      )
    })
  })

  describe.each([
    ["protobuf", transformer.ProtobufMetricsSerializer, metricsFromProtobuf],
    ["JSON", transformer.JsonMetricsSerializer, metricsFromJson],
  ])("metrics in %s", (_encoding, serializer, decode) => {
    const through = (metrics: Parameters<typeof serializer.serializeRequest>[0]) =>
      decode(Buffer.from(serializer.serializeRequest(metrics)!))

    test("come out equal, and equal again when sent on", () => {
      fc.assert(
        fc.property(metricsArbitrary, (metrics) => {
          const received = through(metrics)
          expect(received.map(plainMetrics)).toEqual([plainMetrics(metrics)])
          expect(received.flatMap(through).map(plainMetrics)).toEqual([plainMetrics(metrics)])
        }),
        runs,
      )
    })
  })
})
