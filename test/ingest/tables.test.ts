// What ClickHouse makes of rows in the tables: values come back as they went in, and computed columns,
// indexes and rollups do what the UI counts on.
import { afterAll, describe, expect, test } from "vitest"
import { columnsOf, tables } from "@clickstack/ingest"
import { identifier, openEmbeddedClickHouse, type Row } from "./embedded-clickhouse.ts"
import { sampleRows, START, time, TRACE } from "./sample-rows.ts"

const { rowsOf, insert, create, close } = openEmbeddedClickHouse()
afterAll(close)

// 64-bit integers as text: JavaScript's numbers end at 2^53.
const exactly = "SETTINGS output_format_json_quote_64bit_integers = 1"

const countsIn = (rollup: string): string[] =>
  rowsOf(
    `SELECT concat(ColumnIdentifier, ' ', toString(toUnixTimestamp(Timestamp) - ${START}), ' s ', Key, '=', Value, ' ',
      toString(sum(count))) AS line
    FROM ${rollup} WHERE Value != '' GROUP BY ColumnIdentifier, Timestamp, Key, Value ORDER BY Timestamp, Key, Value`,
  ).map(({ line }) => String(line))

const keysIn = (rollup: string) => rowsOf(`SELECT DISTINCT Key FROM ${rollup}`).length

/** What an index left to read, of the two granules that there are. */
const granules = (table: string, condition: string, index: string) => {
  const plan = rowsOf(`EXPLAIN indexes = 1 SELECT count() FROM ${table} WHERE ${condition}`)
    .map(({ explain }) => String(explain).trim())
    .join("\n")
  return new RegExp(`Name: ${index}\n(?:(?!Name:).*\n)*?Granules: (\\d+/\\d+)`).exec(plan)?.[1] ?? plan
}

describe.each([
  ["with text indexes", "on_new", undefined],
  ["without text indexes", "on_old", [25, 8]],
] as const)("in tables for a server %s", (_, database, serverVersion) => {
  create(database, { serverVersion })

  test.each(Object.values(tables))("a row of $name is read as it was inserted", ({ name }) => {
    const row = sampleRows[name]
    const columns = columnsOf(name).map((column) => column.name)
    expect(Object.keys(row).toSorted()).toEqual(columns.toSorted())
    insert(`${database}.${name}`, [row])
    expect(
      rowsOf(`SELECT ${columns.map(identifier).join(", ")} FROM ${database}.${name} ${exactly}`),
    ).toEqual([row])
  })

  test("a span's session and sample rate are computed", () => {
    const rates = ["10", "", "0", "-3", "many", "1.5", "18446744073709551615"]
    create(`${database}_rates`, { serverVersion })
    insert(
      `${database}_rates.otel_traces`,
      rates.map((SampleRate, position) => ({
        Timestamp: time(START + position),
        SpanAttributes: { SampleRate },
        ResourceAttributes: { "rum.sessionId": `s${position}` },
      })),
    )
    insert(`${database}_rates.otel_traces`, [{ Timestamp: time(START + rates.length) }])
    const computed = rowsOf(
      `SELECT SampleRate AS rate, \`__hdx_materialized_rum.sessionId\` AS session
      FROM ${database}_rates.otel_traces ORDER BY Timestamp ${exactly}`,
    )
    expect(computed).toEqual([
      { rate: "10", session: "s0" },
      { rate: "1", session: "s1" },
      { rate: "1", session: "s2" },
      { rate: "1", session: "s3" },
      { rate: "1", session: "s4" },
      { rate: "1", session: "s5" },
      { rate: "18446744073709551615", session: "s6" },
      { rate: "1", session: "" },
    ])
  })

  test("the resource columns of logs and sessions, and the sessions' time, are computed", () => {
    const names = [
      "k8s.cluster.name",
      "k8s.container.name",
      "k8s.deployment.name",
      "k8s.namespace.name",
      "k8s.node.name",
      "k8s.pod.name",
      "k8s.pod.uid",
      "deployment.environment.name",
    ]
    const row = {
      Timestamp: `${time(START)}.999999999`,
      ResourceAttributes: Object.fromEntries(names.map((name) => [name, `the ${name}`])),
    }
    create(`${database}_resource`, { serverVersion })
    for (const table of ["otel_logs", "hyperdx_sessions"]) {
      insert(`${database}_resource.${table}`, [row])
      const columns = names.map((name) => `\`__hdx_materialized_${name}\` AS \`${name}\``).join(", ")
      expect(rowsOf(`SELECT ${columns} FROM ${database}_resource.${table}`)).toEqual([row.ResourceAttributes])
    }
    expect(rowsOf(`SELECT TimestampTime FROM ${database}_resource.hyperdx_sessions`)).toEqual([
      { TimestampTime: time(START) },
    ])
  })

  test("the views count values by quarters of an hour, and by nothing finer", () => {
    const shop = { ServiceName: "shop" }
    create(`${database}_counts`, { serverVersion, rollups: true })
    insert(`${database}_counts.otel_logs`, [
      { Timestamp: time(START), SeverityText: "info", ...shop },
      { Timestamp: `${time(START + 899)}.999999999`, SeverityText: "warn", ...shop },
      {
        Timestamp: time(START + 900),
        SeverityText: "info",
        ResourceAttributes: { "k8s.pod.name": "shop-1" },
        ...shop,
      },
    ])
    insert(`${database}_counts.otel_logs`, [{ Timestamp: time(START + 1), SeverityText: "info", ...shop }])
    insert(`${database}_counts.otel_traces`, [
      { Timestamp: time(START), SpanName: "GET /", SpanKind: "Server", ...shop },
      { Timestamp: time(START + 1), SpanName: "GET /", SpanKind: "Client", ...shop },
    ])
    expect(countsIn(`${database}_counts.otel_logs_kv_rollup_15m`)).toEqual([
      "NativeColumn 0 s ServiceName=shop 3",
      "NativeColumn 0 s SeverityText=info 2",
      "NativeColumn 0 s SeverityText=warn 1",
      "NativeColumn 900 s ServiceName=shop 1",
      "NativeColumn 900 s SeverityText=info 1",
      "NativeColumn 900 s __hdx_materialized_k8s.pod.name=shop-1 1",
    ])
    expect(countsIn(`${database}_counts.otel_traces_kv_rollup_15m`)).toEqual([
      "NativeColumn 0 s ServiceName=shop 2",
      "NativeColumn 0 s SpanKind=Client 1",
      "NativeColumn 0 s SpanKind=Server 1",
      "NativeColumn 0 s SpanName=GET / 2",
    ])
    expect(keysIn(`${database}_counts.otel_logs_kv_rollup_15m`)).toBe(14)
    expect(keysIn(`${database}_counts.otel_traces_kv_rollup_15m`)).toBe(6)
  })
})

test("maps are read as key=value, in their own order", () => {
  create("items")
  insert("items.otel_logs", [sampleRows.otel_logs])
  insert("items.otel_traces", [sampleRows.otel_traces])
  const resource = ["k8s.pod.name=shop-1", "rum.sessionId=s1", "service.name=shop"]
  expect(
    rowsOf("SELECT ResourceAttributeItems, ScopeAttributeItems, LogAttributeItems FROM items.otel_logs"),
  ).toEqual([
    {
      ResourceAttributeItems: resource,
      ScopeAttributeItems: ["team=checkout"],
      LogAttributeItems: ["order.id=42", "total=9.5"],
    },
  ])
  expect(rowsOf("SELECT ResourceAttributeItems, SpanAttributeItems FROM items.otel_traces")).toEqual([
    { ResourceAttributeItems: resource, SpanAttributeItems: ["SampleRate=10", "http.route=/orders"] },
  ])
})

describe("indexes", () => {
  // The sample of today and another row of yesterday are two parts: an index that works leaves one of them
  // unread.
  const yesterday = { Timestamp: time(START - 86_400), TraceId: "f".repeat(32) }
  const others: [table: string, row: Row][] = [
    ["otel_logs", { ...yesterday, Body: "Payment refused", LogAttributes: { total: "1" } }],
    ["otel_traces", { ...yesterday, SpanName: "GET /carts", SpanAttributes: { total: "1" } }],
    ["hyperdx_sessions", { ...yesterday, ResourceAttributes: { "rum.sessionId": "s2" } }],
  ]
  const samples = Object.entries(sampleRows)
  for (const [database, serverVersion] of [
    ["new", undefined],
    ["old", [25, 8]],
  ] as const) {
    create(database, { serverVersion })
    for (const [table, row] of [...samples, ...others]) insert(`${database}.${table}`, [row])
  }

  test.each([
    ["new.otel_logs", "idx_res_attr_items", "has(ResourceAttributeItems, 'k8s.pod.name=shop-1')"],
    ["new.otel_logs", "idx_scope_attr_items", "has(ScopeAttributeItems, 'team=checkout')"],
    ["new.otel_logs", "idx_log_attr_items", "has(LogAttributeItems, concat('order.id', '=', '42'))"],
    ["new.otel_logs", "idx_res_attr_key", "mapContains(ResourceAttributes, 'k8s.pod.name')"],
    ["new.otel_logs", "idx_scope_attr_key", "mapContains(ScopeAttributes, 'team')"],
    ["new.otel_logs", "idx_log_attr_key", "mapContains(LogAttributes, 'order.id')"],
    ["new.otel_logs", "idx_lower_body", "hasToken(lower(Body), 'placed')"],
    ["new.otel_logs", "idx_lower_body", "hasAllTokens(lower(Body), 'order placed')"],
    ["new.otel_logs", "idx_trace_id", `TraceId = '${TRACE}'`],
    ["new.otel_traces", "idx_res_attr_items", "has(ResourceAttributeItems, 'k8s.pod.name=shop-1')"],
    ["new.otel_traces", "idx_span_attr_items", "has(SpanAttributeItems, 'http.route=/orders')"],
    ["new.otel_traces", "idx_res_attr_key", "mapContains(ResourceAttributes, 'k8s.pod.name')"],
    ["new.otel_traces", "idx_span_attr_key", "mapContains(SpanAttributes, 'http.route')"],
    ["new.otel_traces", "idx_trace_id", `TraceId = '${TRACE}'`],
    ["new.otel_traces", "idx_rum_session_id", "`__hdx_materialized_rum.sessionId` = 's1'"],
    ["new.otel_traces", "idx_lower_span_name", "hasToken(lower(SpanName), 'orders')"],
    ["new.otel_traces", "idx_duration", "Duration > 1000000000"],
    ["new.hyperdx_sessions", "idx_res_attr_value", "has(mapValues(ResourceAttributes), 's1')"],
    ["new.hyperdx_sessions", "idx_trace_id", `TraceId = '${TRACE}'`],
    ["new.hyperdx_sessions", "idx_lower_body", "hasToken(lower(Body), 'placed')"],
    ["old.otel_logs", "idx_log_attr_value", "has(mapValues(LogAttributes), '42')"],
    ["old.otel_logs", "idx_log_attr_key", "mapContains(LogAttributes, 'order.id')"],
    ["old.otel_logs", "idx_lower_body", "hasToken(lower(Body), 'placed')"],
    ["old.otel_logs", "idx_trace_id", `TraceId = '${TRACE}'`],
    ["old.otel_traces", "idx_res_attr_value", "has(mapValues(ResourceAttributes), 'shop-1')"],
    ["old.otel_traces", "idx_span_attr_value", "has(mapValues(SpanAttributes), '/orders')"],
  ])("of %s: %s leaves out what cannot match %s", (table, index, condition) => {
    expect(granules(table, condition, index)).toBe("1/2")
    expect(rowsOf(`SELECT toInt32(count()) AS found FROM ${table} WHERE ${condition}`)).toEqual([
      { found: 1 },
    ])
  })
})
