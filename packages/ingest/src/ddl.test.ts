import { describe, expect, test } from "vitest"
import { createStatements, retentionHours, schemaSql, type SchemaOptions } from "./ddl.ts"

const sqlOf = (name: string, options: SchemaOptions = {}): string => {
  const statement = createStatements(options).find((one) => one.name === name)
  if (statement === undefined) throw new Error(`nothing is called ${name}`)
  return statement.sql
}

const created = (options: SchemaOptions) =>
  createStatements(options).map(({ creates, name }) => `${creates} ${name}`)

const ttl = (name: string, options: SchemaOptions) => /^TTL .*$/m.exec(sqlOf(name, options))?.[0]

const indexTypes = (options: SchemaOptions) =>
  [...schemaSql(options).matchAll(/ TYPE (\w+)/g)].map(([, type]) => type)

const localEngine = (cluster: SchemaOptions["cluster"]) =>
  /^ENGINE = (.*)$/m.exec(sqlOf("otel_logs_local", { cluster }))?.[1]

test("prints a table with one column per line", () => {
  expect(sqlOf("otel_metrics_summary")).toBe(
    `
CREATE TABLE IF NOT EXISTS \`default\`.\`otel_metrics_summary\`
(
    \`ResourceAttributes\` Map(LowCardinality(String), String) CODEC(ZSTD(1)),
    \`ResourceSchemaUrl\` String CODEC(ZSTD(1)),
    \`ScopeName\` String CODEC(ZSTD(1)),
    \`ScopeVersion\` String CODEC(ZSTD(1)),
    \`ScopeAttributes\` Map(LowCardinality(String), String) CODEC(ZSTD(1)),
    \`ScopeDroppedAttrCount\` UInt32 CODEC(ZSTD(1)),
    \`ScopeSchemaUrl\` String CODEC(ZSTD(1)),
    \`ServiceName\` LowCardinality(String) CODEC(ZSTD(1)),
    \`MetricName\` LowCardinality(String) CODEC(ZSTD(1)),
    \`MetricDescription\` String CODEC(ZSTD(1)),
    \`MetricUnit\` String CODEC(ZSTD(1)),
    \`Attributes\` Map(LowCardinality(String), String) CODEC(ZSTD(1)),
    \`StartTimeUnix\` DateTime CODEC(ZSTD(1)),
    \`TimeUnix\` DateTime CODEC(ZSTD(1)),
    \`Count\` UInt64 CODEC(ZSTD(1)),
    \`Sum\` Float64 CODEC(ZSTD(1)),
    \`ValueAtQuantiles.Quantile\` Array(Float64) CODEC(ZSTD(1)),
    \`ValueAtQuantiles.Value\` Array(Float64) CODEC(ZSTD(1)),
    \`Flags\` UInt32 CODEC(ZSTD(1))
)
ENGINE = MergeTree
PARTITION BY toDate(TimeUnix)
ORDER BY (ServiceName, MetricName, toStartOfHour(TimeUnix), cityHash64(Attributes), TimeUnix)
TTL TimeUnix + toIntervalHour(720)
SETTINGS ttl_only_drop_parts = 1
`.trim(),
  )
})

test("prints computed columns, defaults, indexes and a primary key", () => {
  const traces = sqlOf("otel_traces").split("\n")
  expect(traces).toContain(
    "    `__hdx_materialized_rum.sessionId` String MATERIALIZED ResourceAttributes['rum.sessionId'] CODEC(ZSTD(1)),",
  )
  expect(traces).toContain(
    "    `SampleRate` UInt64 MATERIALIZED greatest(toUInt64OrZero(SpanAttributes['SampleRate']), 1) " +
      "CODEC(T64, ZSTD(1)),",
  )
  expect(traces).toContain(
    "    `SpanAttributeItems` Array(String) ALIAS arrayMap((item) -> concat(item.1, '=', item.2), " +
      "SpanAttributes::Array(Tuple(String, String))),",
  )
  expect(traces).toContain("    INDEX idx_span_attr_items SpanAttributeItems TYPE text(tokenizer = 'array'),")
  expect(traces).toContain(
    "    INDEX idx_lower_span_name lower(SpanName) TYPE tokenbf_v1(32768, 3, 0) GRANULARITY 8",
  )
  const sessions = sqlOf("hyperdx_sessions").split("\n")
  expect(sessions).toContain("    `TimestampTime` DateTime DEFAULT toDateTime(Timestamp) CODEC(ZSTD(1)),")
  expect(sessions).toContain("PRIMARY KEY (ServiceName, TimestampTime)")
  expect(sessions).toContain("ORDER BY (ServiceName, TimestampTime, Timestamp)")
})

test("creates eight tables on one server, and the database unless it is the one that is always there", () => {
  const eight = [
    "table otel_traces",
    "table otel_logs",
    "table hyperdx_sessions",
    "table otel_metrics_gauge",
    "table otel_metrics_sum",
    "table otel_metrics_histogram",
    "table otel_metrics_exponential_histogram",
    "table otel_metrics_summary",
  ]
  expect(created({})).toEqual(eight)
  expect(created({ database: "shop" })).toEqual(["database shop", ...eight])
})

test("never alters, drops or replaces, and skips what is there", () => {
  for (const options of variants) {
    for (const { sql } of createStatements(options)) {
      expect(sql).toMatch(/^CREATE (DATABASE|TABLE|MATERIALIZED VIEW) IF NOT EXISTS `/)
      expect(sql).not.toMatch(/\b(ALTER|DROP|REPLACE|POPULATE)\b/)
    }
  }
})

test("prints the same text every time", () => {
  for (const options of variants) expect(schemaSql(options)).toBe(schemaSql(options))
})

test("prints a script that ends each statement with a semicolon and parts them by a blank line", () => {
  const script = schemaSql({ database: "shop", rollups: true })
  expect(script).toBe(
    `${createStatements({ database: "shop", rollups: true })
      .map(({ sql }) => sql)
      .join(";\n\n")};\n`,
  )
  expect(script).not.toMatch(/[ \t]\n/)
})

describe("own names", () => {
  test("replace ClickStack's, and a rollup follows its table unless it has a name of its own", () => {
    const names = created({ rollups: true, tableNames: { otel_logs: "app_logs", otel_traces: "spans" } })
    expect(names[0]).toBe("table spans")
    expect(names[1]).toBe("table app_logs")
    expect(names.slice(8)).toEqual([
      "table app_logs_kv_rollup_15m",
      "view app_logs_attr_kv_rollup_15m_mv",
      "table spans_kv_rollup_15m",
      "view spans_kv_rollup_15m_mv",
    ])
    expect(created({ rollups: true, tableNames: { otel_logs_kv_rollup_15m: "hints" } })).toContain(
      "table hints",
    )
  })

  test("cannot break out of their quotes", () => {
    const name = "a`b\\c'd"
    expect(sqlOf(name, { database: name, tableNames: { otel_logs: name } })).toMatch(
      /^CREATE DATABASE IF NOT EXISTS `a\\`b\\\\c'd`$/,
    )
    const [, , logs] = createStatements({ database: name, tableNames: { otel_logs: name } })
    expect(logs?.sql.split("\n")[0]).toBe("CREATE TABLE IF NOT EXISTS `a\\`b\\\\c'd`.`a\\`b\\\\c'd`")
    const cluster = sqlOf("otel_logs", { database: name, cluster: name }).split("\n")
    expect(cluster[0]).toContain("ON CLUSTER 'a`b\\\\c\\'d'")
    expect(cluster[2]).toContain("Distributed('a`b\\\\c\\'d', 'a`b\\\\c\\'d', 'otel_logs_local', ")
  })
})

describe("retention", () => {
  test("is set per signal, and 720 hours where it is not", () => {
    const options: SchemaOptions = {
      rollups: true,
      retention: { traces: "7d", logs: 48, metrics: false },
    }
    expect(ttl("otel_traces", options)).toBe("TTL toDateTime(Timestamp) + toIntervalHour(168)")
    expect(ttl("otel_logs", options)).toBe("TTL toDateTime(Timestamp) + toIntervalHour(48)")
    expect(ttl("hyperdx_sessions", options)).toBe("TTL TimestampTime + toIntervalHour(720)")
    expect(ttl("otel_metrics_sum", options)).toBeUndefined()
    expect(ttl("otel_traces_kv_rollup_15m", options)).toBe("TTL Timestamp + toIntervalHour(168)")
    expect(ttl("otel_logs_kv_rollup_15m", options)).toBe("TTL Timestamp + toIntervalHour(48)")
  })

  test.each([
    [720, 720],
    [0, 0],
    [false, 0],
    ["36h", 36],
    ["30d", 720],
    ["8w", 1344],
    ["0d", 0],
  ] as const)("%j is %j hours", (retention, hours) => {
    expect(retentionHours(retention)).toBe(hours)
  })

  // Of the last two, ClickHouse would compute a date after 2106, which wraps to one long past.
  test.each([
    -1,
    1.5,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    "",
    "30",
    "30 days",
    "1.5d",
    "-1d",
    "30D",
    500_000,
    "60000d",
  ])("%j is refused", (retention) => {
    expect(() => retentionHours(retention)).toThrow(
      /^retention: .+ is not a whole number of hours or a text like "36h", "30d" or "8w", up to 50 years/,
    )
  })
})

test("a wrong retention is refused by the name of its option", () => {
  expect(() => createStatements({ retention: { sessions: "forever" } })).toThrow(
    /^retention\.sessions: "forever" is not a whole number of hours/,
  )
  expect(() => createStatements({ retention: { logs: Number.NaN } })).toThrow(/^retention\.logs: NaN is not/)
})

describe("server version", () => {
  test.each([[[26, 2]], [[26, 7]], [[27, 1]], [undefined]] as const)(
    "%j has text indexes",
    (serverVersion) => {
      expect(indexTypes({ serverVersion })).toContain("text")
      expect(schemaSql({ serverVersion })).toContain("`LogAttributeItems`")
    },
  )

  test.each([[[26, 1]], [[25, 8]], [[24, 12]]] as const)(
    "%j has none, and no *Items columns",
    (serverVersion) => {
      expect(new Set(indexTypes({ serverVersion }))).toEqual(
        new Set(["bloom_filter", "minmax", "tokenbf_v1"]),
      )
      expect(schemaSql({ serverVersion })).not.toContain("Items")
    },
  )
})

describe("cluster", () => {
  test("makes each table a replicated local one and a Distributed one over it, on every node", () => {
    const statements = createStatements({ cluster: "prod", database: "shop", rollups: true })
    expect(statements.slice(0, 5).map(({ creates, name }) => `${creates} ${name}`)).toEqual([
      "database shop",
      "table otel_traces_local",
      "table otel_traces",
      "table otel_logs_local",
      "table otel_logs",
    ])
    for (const { sql } of statements) expect(sql.split("\n")[0]).toMatch(/ ON CLUSTER 'prod'$/)
    expect(sqlOf("otel_traces_local", { cluster: "prod" })).toContain("\nENGINE = ReplicatedMergeTree\n")
    expect(sqlOf("otel_traces", { cluster: "prod", database: "shop" })).toBe(
      [
        "CREATE TABLE IF NOT EXISTS `shop`.`otel_traces` ON CLUSTER 'prod'",
        "AS `shop`.`otel_traces_local`",
        "ENGINE = Distributed('prod', 'shop', 'otel_traces_local', cityHash64(TraceId))",
      ].join("\n"),
    )
  })

  test("sums up on each shard, from local table to local table", () => {
    const options: SchemaOptions = { cluster: "prod", rollups: true, tableNames: { otel_logs: "app" } }
    expect(sqlOf("app_kv_rollup_15m_local", options)).toContain("\nENGINE = ReplicatedSummingMergeTree\n")
    expect(sqlOf("app_kv_rollup_15m", options)).toMatch(
      /ENGINE = Distributed\('prod', 'default', 'app_kv_rollup_15m_local'\)$/,
    )
    const view = sqlOf("app_attr_kv_rollup_15m_mv", options)
    expect(view).toContain("TO `default`.`app_kv_rollup_15m_local`")
    expect(view).toContain("FROM `default`.`app_local`")
  })

  test("takes a path in Keeper and a replica's name", () => {
    const keeperPath = "/clickhouse/{shard}/{database}/{table}"
    expect(localEngine({ name: "prod" })).toBe("ReplicatedMergeTree")
    expect(localEngine({ name: "prod", keeperPath })).toBe(
      `ReplicatedMergeTree('${keeperPath}', '{replica}')`,
    )
    expect(localEngine({ name: "prod", keeperPath, replica: "{host}" })).toBe(
      `ReplicatedMergeTree('${keeperPath}', '{host}')`,
    )
  })

  test("refuses a path in Keeper that tables would share", () => {
    expect(() => createStatements({ cluster: { name: "prod", keeperPath: "/clickhouse/{shard}" } })).toThrow(
      'cluster.keeperPath "/clickhouse/{shard}" must hold {table} or {uuid}: tables cannot share a path',
    )
  })
})

test("more settings stand beside ClickStack's, and are numbers with names", () => {
  const sqlWith = (tableSettings: Record<string, number>) =>
    createStatements({ tableSettings }).map(({ sql }) => sql.split("\n").at(-1))
  expect(new Set(sqlWith({ index_granularity: 2048 }))).toEqual(
    new Set(["SETTINGS ttl_only_drop_parts = 1, index_granularity = 2048"]),
  )
  for (const wrong of [{ "a = 1; DROP TABLE x; --": 1 }, { a: "1" as never }])
    expect(() => sqlWith(wrong)).toThrow("must be a setting's name with a whole number")
})

const variants: SchemaOptions[] = [
  {},
  { database: "shop", rollups: true },
  { serverVersion: [25, 8], rollups: true, retention: { logs: false } },
  { database: "shop", cluster: "prod", rollups: true },
]
