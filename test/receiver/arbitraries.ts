// Random telemetry for property tests: everything that OpenTelemetry's types allow and OTLP can carry.
import type { HrTime, Link, SpanContext } from "@opentelemetry/api"
import { createTraceState } from "@opentelemetry/api"
import { resourceFromAttributes } from "@opentelemetry/resources"
import type { ReadableLogRecord } from "@opentelemetry/sdk-logs"
import { DataPointType, type MetricData, type ResourceMetrics } from "@opentelemetry/sdk-metrics"
import type { ReadableSpan } from "@opentelemetry/sdk-trace-base"
import * as fc from "fast-check"

const text = fc.oneof(
  fc.string({ maxLength: 12 }),
  fc.string({ unit: "binary", maxLength: 12 }),
  fc.string({ minLength: 40, maxLength: 300 }),
  fc.constantFrom("", "GET", "__proto__", "constructor", "é", "日本語", "\u0000", "\ufeff", '"\\'),
)
const key = fc.oneof(text, fc.constantFrom("http.route", "service.name", "toString", "hasOwnProperty"))

const number = fc.oneof(
  fc.integer(),
  fc.maxSafeInteger(),
  // NaN and the infinities are null in JSON: what the stock exporter loses cannot come out.
  fc.double({ noNaN: true, noDefaultInfinity: true }).filter(isNumberInOtlp),
  fc.constantFrom(0, -0, 1e15, 1e22, 1e300, 0.1),
)

/** Integers beyond 2^53 that fit in 64 bits are received as bigints, which upstream's encoders cannot send on. */
function isNumberInOtlp(n: number): boolean {
  return !Number.isInteger(n) || Number.isSafeInteger(n) || Math.abs(n) > 2 ** 64
}

/** A nested AnyValue; `undefined` is the empty one. */
const { value } = fc.letrec<{ value: unknown; list: unknown[]; map: Record<string, unknown> }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    text,
    number,
    fc.boolean(),
    fc.uint8Array({ maxLength: 20 }),
    fc.constant(undefined),
    tie("list"),
    tie("map"),
  ),
  list: fc.array(tie("value"), { maxLength: 4 }),
  map: fc.dictionary(key, tie("value"), { maxKeys: 4 }),
}))

const attributes: fc.Arbitrary<any> = fc.dictionary(key, value, { maxKeys: 6 })

/** Nanoseconds from 1970 to the end of what 64 bits can count, in 2554. */
const time: fc.Arbitrary<HrTime> = fc.tuple(
  fc.oneof(fc.integer({ min: 0, max: 18_446_744_072 }), fc.constantFrom(0, 1, 1_763_600_000, 4_294_967_296)),
  fc.oneof(fc.integer({ min: 0, max: 999_999_999 }), fc.constantFrom(0, 999_999_999)),
)

const id = (digits: number) =>
  fc
    .uint8Array({ minLength: digits / 2, maxLength: digits / 2 })
    .map((bytes) => Buffer.from(bytes).toString("hex"))

const traceState = fc.constantFrom(undefined, "vendor=value", "a=1,b=2,tenant@vendor=x")

const spanContext: fc.Arbitrary<SpanContext> = fc
  .record({ traceId: id(32), spanId: id(16), traceFlags: fc.integer({ min: 0, max: 255 }), traceState })
  .map(({ traceState: state, ...context }) =>
    state === undefined ? context : Object.assign(context, { traceState: createTraceState(state) }),
  )

const count = fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 0xffffffff }))

const link: fc.Arbitrary<Link> = fc.record({
  context: fc
    .tuple(spanContext, fc.boolean())
    .map(([context, isRemote]): SpanContext => Object.assign(context, { isRemote })),
  attributes,
  droppedAttributesCount: count,
})

const resource = fc
  .tuple(
    // OpenTelemetry's resource leaves out empty values, and a key `__proto__` does not survive it.
    fc.dictionary(
      key.filter((name) => name !== "__proto__"),
      value.filter((item) => item !== undefined),
      { maxKeys: 5 },
    ),
    fc.constantFrom(undefined, "https://example.com/1"),
  )
  .map(([map, schemaUrl]) => resourceFromAttributes(map as any, schemaUrl === undefined ? {} : { schemaUrl }))

const scope = fc
  .record({
    name: text,
    version: fc.option(text.filter(Boolean), { nil: undefined }),
    schemaUrl: fc.constantFrom(undefined, "https://example.com/2"),
    attributes: fc.option(attributes, { nil: undefined }),
  })
  .map((fields): any => Object.fromEntries(Object.entries(fields).filter(([, given]) => given !== undefined)))

const duration = ([startSeconds, startNanos]: HrTime, [endSeconds, endNanos]: HrTime): HrTime => {
  const nanos = endNanos - startNanos
  return nanos < 0
    ? [endSeconds - startSeconds - 1, nanos + 1_000_000_000]
    : [endSeconds - startSeconds, nanos]
}

const spanFields = fc.record({
  name: text,
  kind: fc.integer({ min: 0, max: 4 }),
  context: spanContext,
  parent: fc.option(fc.record({ spanId: id(16), isRemote: fc.boolean() }), { nil: undefined }),
  startTime: time,
  endTime: time,
  status: fc.record({ code: fc.integer({ min: 0, max: 2 }), message: text }),
  attributes,
  events: fc.array(fc.record({ name: text, time, attributes, droppedAttributesCount: count }), {
    maxLength: 3,
  }),
  links: fc.array(link, { maxLength: 3 }),
  droppedAttributesCount: count,
  droppedEventsCount: count,
  droppedLinksCount: count,
})

/**
 * Groups as an exporter gets them: items that share their resource and scope objects. 2.12's JSON encoder takes two
 * scopes of one name, version and schema for one, so each has a name of its own.
 */
const grouped = <T>(item: fc.Arbitrary<T>) => {
  const scoped = fc.record({ scope, items: fc.array(item, { maxLength: 3 }) })
  const scopes = fc.uniqueArray(scoped, { selector: ({ scope: { name } }) => name, maxLength: 4 })
  return fc.array(fc.record({ resource, scopes }), { maxLength: 3 })
}

export const spansArbitrary: fc.Arbitrary<ReadableSpan[]> = grouped(spanFields).map((groups) =>
  groups.flatMap((group) =>
    group.scopes.flatMap((inner) =>
      inner.items.map(({ context, parent, ...fields }): ReadableSpan => ({
        ...fields,
        spanContext: () => context,
        ...(parent && {
          parentSpanContext: { ...parent, traceId: context.traceId, traceFlags: context.traceFlags },
        }),
        duration: duration(fields.startTime, fields.endTime),
        ended: true,
        resource: group.resource,
        instrumentationScope: inner.scope,
      })),
    ),
  ),
)

const logFields = fc.record({
  hrTime: time,
  hrTimeObserved: time,
  spanContext: fc.option(
    fc.record({ traceId: id(32), spanId: id(16), traceFlags: fc.integer({ min: 0, max: 255 }) }),
    { nil: undefined },
  ),
  severityNumber: fc.integer({ min: 0, max: 24 }),
  severityText: text,
  body: value,
  eventName: text,
  attributes,
  droppedAttributesCount: count,
})

export const logsArbitrary: fc.Arbitrary<ReadableLogRecord[]> = grouped(logFields).map((groups) =>
  groups.flatMap((group) =>
    group.scopes.flatMap((inner) =>
      inner.items.map(
        (fields) =>
          ({ ...fields, resource: group.resource, instrumentationScope: inner.scope }) as ReadableLogRecord,
      ),
    ),
  ),
)

const double = fc.double({ noNaN: true, noDefaultInfinity: true })
const uint = fc.maxSafeInteger().map(Math.abs)

const point = <T>(content: fc.Arbitrary<T>) =>
  fc.array(fc.record({ startTime: time, endTime: time, attributes, value: content }), { maxLength: 3 })

const extremes = { min: fc.option(double, { nil: undefined }), max: fc.option(double, { nil: undefined }) }

const histogram = fc
  .record({
    count: uint,
    sum: fc.option(double, { nil: undefined }),
    boundaries: fc.array(double, { maxLength: 5 }),
    counts: fc.array(uint, { maxLength: 6 }),
    ...extremes,
  })
  .map(({ boundaries, counts, ...rest }) =>
    Object.assign(withoutUndefined(rest), { buckets: { boundaries, counts } }),
  )

const buckets = fc.record({
  offset: fc.integer(),
  bucketCounts: fc.array(uint, { maxLength: 5 }),
})

const exponentialHistogram = fc
  .record({
    count: uint,
    sum: fc.option(double, { nil: undefined }),
    scale: fc.integer({ min: -20, max: 20 }),
    zeroCount: uint,
    positive: buckets,
    negative: buckets,
    ...extremes,
  })
  .map(withoutUndefined)

function withoutUndefined<T extends object>(fields: T): T {
  return Object.fromEntries(Object.entries(fields).filter(([, given]) => given !== undefined)) as T
}

const named = (valueType: 0 | 1) =>
  fc.record({ name: text, description: text, unit: text, valueType: fc.constant(valueType) })
const temporality = fc.integer({ min: 0, max: 1 })

const metric = fc.oneof(
  ...([0, 1] as const).flatMap((valueType) => [
    fc.record({
      descriptor: named(valueType),
      aggregationTemporality: temporality,
      dataPointType: fc.constant(DataPointType.SUM),
      isMonotonic: fc.boolean(),
      dataPoints: point(valueType === 0 ? fc.maxSafeInteger() : double),
    }),
    fc.record({
      descriptor: named(valueType),
      aggregationTemporality: temporality,
      dataPointType: fc.constant(DataPointType.GAUGE),
      dataPoints: point(valueType === 0 ? fc.maxSafeInteger() : double),
    }),
  ]),
  fc.record({
    descriptor: named(1),
    aggregationTemporality: temporality,
    dataPointType: fc.constant(DataPointType.HISTOGRAM),
    dataPoints: point(histogram),
  }),
  fc.record({
    descriptor: named(1),
    aggregationTemporality: temporality,
    dataPointType: fc.constant(DataPointType.EXPONENTIAL_HISTOGRAM),
    dataPoints: point(exponentialHistogram),
  }),
) as fc.Arbitrary<MetricData>

export const metricsArbitrary: fc.Arbitrary<ResourceMetrics> = fc.record({
  resource,
  scopeMetrics: fc.array(fc.record({ scope, metrics: fc.array(metric, { maxLength: 4 }) }), { maxLength: 3 }),
})
