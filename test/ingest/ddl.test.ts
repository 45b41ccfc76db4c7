// ClickHouse itself reads every variant of the DDL. Only ON CLUSTER needs servers that listen: there, the
// parser has the last word, and the statements are run without it.
import { afterAll, describe, expect, test } from "vitest"
import { createStatements, rollups, schemaSql, tables } from "@clickstack/ingest"
import type { Column, SchemaOptions } from "@clickstack/ingest"
import { identifier, literal, openEmbeddedClickHouse } from "./embedded-clickhouse.ts"
import { sampleRows, START, time, TRACE } from "./sample-rows.ts"

const { run, rowsOf, insert, create, close } = openEmbeddedClickHouse()
afterAll(close)

/** How ClickHouse keeps an index on an alias: with the alias's expression, written its own way. */
function expandedAlias(columns: readonly Column[], indexed: string): string {
  const alias = columns.find(({ kind, name }) => kind === "alias" && name === indexed)
  if (alias === undefined) return indexed
  const [formatted] = rowsOf(`SELECT formatQuerySingleLine(${literal(`SELECT ${alias.expression}`)}) AS sql`)
  return String(formatted?.["sql"]).replace(/^SELECT /, "")
}

describe.each([
  ["with text indexes", "on_new", "withText", undefined],
  ["without text indexes", "on_old", "withoutText", [25, 8]],
] as const)("for a server %s", (_, database, version, serverVersion) => {
  const isThere = ({ servers }: { servers: string }) => servers === "all" || servers === version
  create(database, { serverVersion, rollups: true })

  test.each([...Object.values(tables), ...Object.values(rollups)])(
    "$name is created as described",
    (table) => {
      const of = `database = '${database}' AND table = '${table.name}'`
      expect(
        rowsOf(`SELECT name, type, default_kind, compression_codec FROM system.columns WHERE ${of}`),
      ).toEqual(
        table.columns.filter(isThere).map(({ name, type, kind, codec }) => ({
          name,
          type,
          default_kind: kind === "stored" ? "" : kind.toUpperCase(),
          compression_codec: kind === "alias" ? "" : `CODEC(${codec})`,
        })),
      )
      expect(
        rowsOf(
          `SELECT name, expr, type_full, toInt64(granularity) AS granularity
        FROM system.data_skipping_indices WHERE ${of}`,
        ),
      ).toEqual(
        table.indexes.filter(isThere).map(({ name, expression, type, granularity }) => ({
          name,
          expr: expandedAlias(table.columns, expression),
          type_full: type,
          granularity: granularity ?? 100_000_000,
        })),
      )
      expect(
        rowsOf(
          `SELECT engine, partition_key, sorting_key, primary_key, engine_full FROM system.tables
        WHERE database = '${database}' AND name = '${table.name}'`,
        ),
      ).toEqual([
        {
          engine: table.engine,
          partition_key: table.partitionBy,
          sorting_key: table.orderBy.join(", "),
          primary_key: (table.primaryKey ?? table.orderBy).join(", "),
          engine_full: expect.stringContaining(
            `TTL ${table.ttlFrom} + toIntervalHour(720) SETTINGS ttl_only_drop_parts = 1`,
          ),
        },
      ])
    },
  )
})

test("the script for people runs as it is printed", () => {
  run(schemaSql({ database: "printed", rollups: true }))
  expect(rowsOf("SELECT toInt32(count()) AS tables FROM system.tables WHERE database = 'printed'")).toEqual([
    { tables: 12 },
  ])
})

test("names with quotes of every kind stay names", () => {
  const database = "a`b'c\\d\"e; DROP DATABASE on_new"
  create(database, {
    rollups: true,
    tableNames: { otel_logs: "l`'\\", otel_traces_kv_rollup_15m: "hints' x" },
  })
  const created = rowsOf(`SELECT name FROM system.tables WHERE database = ${literal(database)}`)
  expect(new Set(created.map(({ name }) => name))).toEqual(
    new Set([
      ...Object.keys(tables).map((name) => (name === "otel_logs" ? "l`'\\" : name)),
      "l`'\\_kv_rollup_15m",
      "l`'\\_attr_kv_rollup_15m_mv",
      "hints' x",
      "otel_traces_kv_rollup_15m_mv",
    ]),
  )
  expect(rowsOf("SELECT name FROM system.databases WHERE name = 'on_new'")).toHaveLength(1)
})

test("retention deletes what is older, and only that; without one, everything stays", () => {
  create("kept", { retention: { traces: "1d", logs: false } })
  for (const table of ["kept.otel_traces", "kept.otel_logs"]) {
    insert(table, [{ Timestamp: time(START) }])
    insert(table, [{ Timestamp: time(START - 400 * 3600) }])
    run(`OPTIMIZE TABLE ${table} FINAL`)
  }
  const ages = `SELECT ${START} - toUnixTimestamp(Timestamp) AS age FROM`
  expect(rowsOf(`${ages} kept.otel_traces`)).toEqual([{ age: 0 }])
  expect(rowsOf(`${ages} kept.otel_logs ORDER BY age`)).toEqual([{ age: 0 }, { age: 400 * 3600 }])
})

const onThisServer = (sql: string) => sql.replace(/ ON CLUSTER '[^']+'/, "")
const unreplicated = (sql: string) => onThisServer(sql).replace("ENGINE = Replicated", "ENGINE = ")

describe("on a cluster", () => {
  const options: SchemaOptions = { cluster: "two", rollups: true }

  test("each statement is ClickHouse's SQL, ON CLUSTER included", () => {
    const statements = createStatements({ ...options, database: "shop" })
    for (const { sql } of statements) {
      const [formatted] = rowsOf(`SELECT formatQuery(${literal(sql)}) AS sql`)
      expect(formatted?.["sql"]).toMatch(/ ON CLUSTER two\b/)
    }
    expect(statements).toHaveLength(1 + 8 * 2 + 2 * 3)
  })

  test.each([
    ["the server's default path", "two", "/clickhouse/default/1/replicated/otel_logs_local"],
    [
      "a path of one's own",
      { name: "two", keeperPath: "/mine/{shard}/{database}/{table}" },
      "/mine/1/replicated/otel_logs_local",
    ],
  ] as const)("replicated tables are created at %s in Keeper", (_, cluster, path) => {
    try {
      create("replicated", { ...options, cluster }, onThisServer)
      expect(
        rowsOf(
          `SELECT zookeeper_path, replica_name FROM system.replicas
          WHERE database = 'replicated' AND table = 'otel_logs_local'`,
        ),
      ).toEqual([{ zookeeper_path: path, replica_name: "r1" }])
      expect(
        rowsOf(
          `SELECT engine, toInt32(count()) AS tables FROM system.tables WHERE database = 'replicated'
          GROUP BY engine ORDER BY engine`,
        ),
      ).toEqual([
        { engine: "Distributed", tables: 10 },
        { engine: "MaterializedView", tables: 2 },
        { engine: "ReplicatedMergeTree", tables: 8 },
        { engine: "ReplicatedSummingMergeTree", tables: 2 },
      ])
    } finally {
      run("DROP DATABASE replicated SYNC")
    }
  })

  describe("through Distributed tables", () => {
    create("sharded", options, unreplicated)

    test.each(Object.values(tables))(
      "a row of $name is stored once, and read with its computed columns",
      ({ name, columns }) => {
        insert(`sharded.${name}`, [sampleRows[name]], "SETTINGS distributed_foreground_insert = 1")
        const all = columns.map((column) => identifier(column.name)).join(", ")
        const local = rowsOf(`SELECT ${all} FROM sharded.${name}_local`)
        expect(local).toHaveLength(1)
        // Both shards are this process, so each answers with the same row.
        expect(rowsOf(`SELECT ${all} FROM sharded.${name}`)).toEqual([...local, ...local])
      },
    )

    test.each(["otel_logs", "otel_traces"])("the view of a shard fills its rollup of %s", (table) => {
      insert(`sharded.${table}`, [{ Timestamp: time(START), ServiceName: "cart" }])
      run(`SYSTEM FLUSH DISTRIBUTED sharded.${table}`)
      const carts = "WHERE Key = 'ServiceName' AND Value = 'cart'"
      const count = "SELECT toInt32(sum(count)) AS count FROM"
      expect(rowsOf(`${count} sharded.${table}_kv_rollup_15m_local ${carts}`)).toEqual([{ count: 1 }])
      expect(rowsOf(`${count} sharded.${table}_kv_rollup_15m ${carts}`)).toEqual([{ count: 2 }])
    })

    test("logs without a trace spread over the shards, and those of a trace stay together", () => {
      expect(
        rowsOf(
          `WITH arrayJoin(['', '${TRACE}']) AS TraceId, toDateTime64(${START} + number, 9) AS Timestamp
          SELECT TraceId, toInt32(uniqExact((${tables.otel_logs.shardingKey}) % 2)) AS shards
          FROM numbers(50) GROUP BY TraceId ORDER BY TraceId`,
        ),
      ).toEqual([
        { TraceId: "", shards: 2 },
        { TraceId: TRACE, shards: 1 },
      ])
    })

    test("a repeated insert goes to the same shards: no key is random", () => {
      const keys = Object.values(tables).map(({ shardingKey }) => `(${shardingKey})`)
      const random = rowsOf(
        `SELECT name FROM system.functions WHERE NOT deterministic AND name IN
        (SELECT arrayJoin(extractAll(${literal(keys.join())}, '\\\\w+')))`,
      )
      expect(random).toEqual([])
    })
  })
})
