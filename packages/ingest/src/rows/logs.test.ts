import { ROOT_CONTEXT, trace } from "@opentelemetry/api"
import { SeverityNumber } from "@opentelemetry/api-logs"
import { resourceFromAttributes } from "@opentelemetry/resources"
import { type LogRecordExporter, LoggerProvider, type ReadableLogRecord } from "@opentelemetry/sdk-logs"
import { describe, expect, expectTypeOf, test } from "vitest"
import type { Exporters } from "../exporters.ts"
import { type LogRecord, isSessionReplay, logColumns, logFields, sessionFields } from "./logs.ts"

const emitted: ReadableLogRecord[] = []
const provider = new LoggerProvider({
  resource: resourceFromAttributes({ "service.name": "shop" }, { schemaUrl: "https://resource/1" }),
  processors: [
    {
      onEmit: (record) => void emitted.push(record),
      forceFlush: () => Promise.resolve(),
      shutdown: () => Promise.resolve(),
    },
  ],
})
const logger = provider.getLogger("lib", "1.2.3", {
  schemaUrl: "https://scope/1",
  scopeAttributes: { team: "cart" },
} as never)

function rowOf(log: LogRecord): Record<string, unknown> {
  const row: Record<string, unknown> = {}
  for (const [name, of] of Object.entries(logFields)) {
    row[name] = JSON.parse(logColumns[name as keyof typeof logColumns].json(of(log) as never))
  }
  return row
}

function emit(record: Parameters<typeof logger.emit>[0]): ReadableLogRecord {
  emitted.length = 0
  logger.emit(record)
  const [readable] = emitted
  if (readable === undefined) throw new Error("the record was not emitted")
  return readable
}

const rowOfEmitted = (record: Parameters<typeof logger.emit>[0]) => rowOf(emit(record))

test("takes the SDK's log records as they are, and is an exporter for it", () => {
  expectTypeOf<ReadableLogRecord>().toExtend<LogRecord>()
  expectTypeOf<Exporters["logs"]>().toExtend<LogRecordExporter>()
})

test("a record with everything is the row that ClickStack expects", () => {
  const context = trace.setSpanContext(ROOT_CONTEXT, {
    traceId: "A".repeat(32),
    spanId: "B".repeat(16),
    traceFlags: 1,
  })
  const record = emit({
    timestamp: [1_795_167_000, 5],
    observedTimestamp: [1_795_167_009, 9],
    severityNumber: SeverityNumber.WARN,
    severityText: "warn",
    body: "low stock",
    eventName: "stock.low",
    attributes: { left: 3, tags: ["a"], nested: { b: 1, a: null }, bytes: Uint8Array.of(1, 2) },
    context,
  })
  expect(
    rowOf({
      ...pick(record),
      instrumentationScope: { ...record.instrumentationScope, attributes: { team: "cart" } },
    }),
  ).toEqual({
    Timestamp: "2026-11-20 09:30:00.000000005Z",
    TraceId: "a".repeat(32),
    SpanId: "b".repeat(16),
    TraceFlags: 1,
    SeverityText: "warn",
    SeverityNumber: 13,
    ServiceName: "shop",
    Body: "low stock",
    ResourceSchemaUrl: "https://resource/1",
    ResourceAttributes: { "service.name": "shop" },
    ScopeSchemaUrl: "https://scope/1",
    ScopeName: "lib",
    ScopeVersion: "1.2.3",
    ScopeAttributes: { team: "cart" },
    LogAttributes: { bytes: "AQI=", left: "3", nested: '{"a":null,"b":1}', tags: '["a"]' },
    EventName: "stock.low",
  })
})

/** The record's fields, which are getters of its class. */
const pick = ({
  hrTime,
  hrTimeObserved,
  spanContext,
  severityText,
  severityNumber,
  body,
  eventName,
  resource,
  instrumentationScope,
  attributes,
}: ReadableLogRecord): LogRecord => ({
  hrTime,
  hrTimeObserved,
  spanContext,
  severityText,
  severityNumber,
  body,
  eventName,
  resource,
  instrumentationScope,
  attributes,
})

test("a bare record has zeros and empty texts", () => {
  expect(rowOfEmitted({ timestamp: [1, 0] })).toMatchObject({
    TraceId: "",
    SpanId: "",
    TraceFlags: 0,
    SeverityText: "",
    SeverityNumber: 0,
    Body: "",
    EventName: "",
    ScopeAttributes: {},
    LogAttributes: {},
  })
})

test("a record without a time has the time at which it was observed", () => {
  const record = emit({ timestamp: [0, 0], observedTimestamp: [1_795_167_009, 9] })
  expect(rowOf({ ...pick(record), hrTime: [0, 0] })["Timestamp"]).toBe("2026-11-20 09:30:09.000000009Z")
  expect(rowOf({ ...pick(record), hrTime: [0, 1] })["Timestamp"]).toBe("1970-01-01 00:00:00.000000001Z")
})

test.each<[unknown, string]>([
  ["text", "text"],
  [undefined, ""],
  [null, ""],
  [42, "42"],
  [true, "true"],
  [["a", 1], '["a",1]'],
  [{ b: 1, a: { c: "x" } }, '{"a":{"c":"x"},"b":1}'],
  [Uint8Array.of(1), "AQ=="],
])("the body %o is %s", (body, text) => {
  expect(rowOf({ ...pick(emit({})), body })["Body"]).toBe(text)
})

describe("session replay", () => {
  test("is known by its attribute, whatever its value", () => {
    expect(isSessionReplay(emit({ attributes: { "rr-web.event": 1 } }))).toBe(true)
    expect(isSessionReplay(emit({ attributes: { "rr-web.event": 0 } }))).toBe(true)
    expect(isSessionReplay(emit({ attributes: { "rr-web.chunk": 1 } }))).toBe(false)
    expect(isSessionReplay(emit({}))).toBe(false)
  })

  test("is not looked for in attributes that cannot be read", () => {
    const attributes = {
      get "rr-web.event"(): never {
        throw new Error("boom")
      },
    }
    expect(isSessionReplay({ ...pick(emit({})), attributes })).toBe(false)
    expect(isSessionReplay({ ...pick(emit({})), attributes: undefined as never })).toBe(false)
  })

  test("has no event name, which its table has no column for", () => {
    expect(Object.keys(logFields).filter((name) => !(name in sessionFields))).toEqual(["EventName"])
  })

  test("and any other record with a session has it beside its resource", () => {
    expect(rowOfEmitted({ attributes: { "session.id": "s1" } })["ResourceAttributes"]).toEqual({
      "rum.sessionId": "s1",
      "service.name": "shop",
    })
  })
})
