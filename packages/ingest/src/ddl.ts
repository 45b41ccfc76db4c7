// Prints the statements that create ClickStack's tables, without connecting: on one server, or on a cluster,
// where each table is a replicated local one and a Distributed one over it. Every statement says IF NOT
// EXISTS and none alters, so running them again, or beside the collector's own tables, changes nothing that
// is there.
import {
  rollups,
  tables,
  type Column,
  type Index,
  type Rollup,
  type RollupName,
  type Servers,
  type Signal,
  type Table,
  type TableName,
} from "./tables.ts"

/** How long rows are kept: hours, or a text like "36h", "30d", "8w"; 0 or false keeps them for ever. */
export type Retention = number | string | false

export interface ClusterOptions {
  /** As in `system.clusters`; macros such as "{cluster}" are expanded by the server. */
  readonly name: string
  /**
   * Where the replicas of a table meet in Keeper, for example
   * "/clickhouse/tables/{shard}/{database}/{table}". Left out: the server's `default_replica_path`, which
   * goes by the table's UUID; then a replica that joins the cluster later has to copy that UUID from `SHOW
   * CREATE TABLE`, while with a path by name these statements can be run again.
   */
  readonly keeperPath?: string | undefined
  /** The replica's name under that path. Default "{replica}". */
  readonly replica?: string | undefined
}

export interface SchemaOptions {
  /** Default "default". */
  readonly database?: string | undefined
  /** Own names, by ClickStack's. A rollup follows its table's name unless it has one of its own. */
  readonly tableNames?: { readonly [name in TableName | RollupName]?: string | undefined } | undefined
  /** Default 720 hours each. */
  readonly retention?: { readonly [signal in Signal]?: Retention | undefined } | undefined
  /** A cluster's name, or more about it. Left out: tables of this one server. */
  readonly cluster?: string | ClusterOptions | undefined
  /** Also create the tables and views from which the UI suggests values. Default false. */
  readonly rollups?: boolean | undefined
  /** More settings of the tables that are created, such as `{ index_granularity: 2048 }`. Default: ClickHouse's own. */
  readonly tableSettings?: { readonly [setting: string]: number } | undefined
  /** Major and minor version of the server. Default: one with text indexes, 26.2 or later. */
  readonly serverVersion?: readonly [major: number, minor: number] | undefined
}

export interface SchemaStatement {
  readonly creates: "database" | "table" | "view"
  /** The name of what it creates, unquoted, without the database. */
  readonly name: string
  /** The table that it belongs to; the database belongs to none. */
  readonly table: TableName | RollupName | undefined
  readonly sql: string
}

const DEFAULT_RETENTION_HOURS = 720

/** The statements in the order in which they must run. */
export function createStatements(options: SchemaOptions = {}): SchemaStatement[] {
  const schema = resolve(options)
  const statements = Object.values(tables).flatMap((table) => tableStatements(schema, table))
  if (options.rollups === true) {
    for (const rollup of Object.values(rollups)) {
      statements.push(...tableStatements(schema, rollup), viewStatement(schema, rollup))
    }
  }
  // Every server has the database "default", and not every user may create one.
  return schema.database === "default" ? statements : [databaseStatement(schema), ...statements]
}

/** The same as one script for people and for `clickhouse client`. */
export function schemaSql(options: SchemaOptions = {}): string {
  return createStatements(options)
    .map(({ sql }) => `${sql};\n`)
    .join("\n")
}

/**
 * A retention in hours; 0 is for ever. Throws a TypeError that names the option and its value when it is
 * none.
 */
export function retentionHours(retention: Retention, option = "retention"): number {
  if (retention === false) return 0
  const hours = typeof retention === "number" ? retention : parseDuration(retention)
  if (Number.isInteger(hours) && hours >= 0 && hours <= MAX_RETENTION_HOURS) return hours
  const given = typeof retention === "number" ? String(retention) : JSON.stringify(retention)
  throw new TypeError(
    `${option}: ${given} is not a whole number of hours or a text like "36h", "30d" or "8w", up to 50 years; ` +
      `to keep data for ever, use false`,
  )
}

// A TTL is computed as DateTime, which ends in 2106: beyond, it wraps, and the data would be deleted at once.
const MAX_RETENTION_HOURS = 50 * 365 * 24

function parseDuration(value: string): number {
  const [, count, unit] = /^(\d+)(h|d|w)$/.exec(value) ?? []
  return Number(count) * (unit === "w" ? 168 : unit === "d" ? 24 : 1)
}

// --- What every statement needs, decided once --------------------------------------------------------------

interface Schema {
  readonly database: string
  readonly cluster: ClusterOptions | undefined
  readonly hasTextIndexes: boolean
  readonly nameOf: (table: Table | Rollup) => string
  /** The table that holds the rows; on a cluster that is not the one that is inserted into. */
  readonly storageOf: (table: Table | Rollup) => string
  readonly hoursOf: (signal: Signal) => number
  readonly tableSettings: { readonly [setting: string]: number }
}

function resolve(options: SchemaOptions): Schema {
  const { database = "default", tableNames = {}, retention = {}, tableSettings = {}, serverVersion } = options
  const cluster = typeof options.cluster === "string" ? { name: options.cluster } : options.cluster
  if (cluster?.keeperPath !== undefined && !/\{(table|uuid)\}/.test(cluster.keeperPath)) {
    throw new TypeError(
      `cluster.keeperPath ${JSON.stringify(cluster.keeperPath)} must hold {table} or {uuid}: tables cannot share a path`,
    )
  }
  for (const [name, value] of Object.entries(tableSettings)) {
    if (!/^[a-z]\w*$/.test(name) || !Number.isSafeInteger(value)) {
      throw new TypeError(
        `tableSettings.${name} ${JSON.stringify(value)} must be a setting's name with a whole number`,
      )
    }
  }
  const nameOf = (table: Table | Rollup): string =>
    tableNames[table.name] ?? ("source" in table ? nameOf(tables[table.source]) + table.suffix : table.name)
  return {
    database,
    cluster,
    hasTextIndexes: serverVersion === undefined || atLeast(serverVersion, 26, 2),
    nameOf,
    storageOf: (table) => (cluster === undefined ? nameOf(table) : `${nameOf(table)}_local`),
    hoursOf: (signal) => retentionHours(retention[signal] ?? DEFAULT_RETENTION_HOURS, `retention.${signal}`),
    tableSettings,
  }
}

const atLeast = (
  [major, minor]: readonly [number, number],
  wantedMajor: number,
  wantedMinor: number,
): boolean => major > wantedMajor || (major === wantedMajor && minor >= wantedMinor)

// --- Statements --------------------------------------------------------------------------------------------

function databaseStatement(schema: Schema): SchemaStatement {
  const sql = `CREATE DATABASE IF NOT EXISTS ${identifier(schema.database)}${onCluster(schema)}`
  return { creates: "database", name: schema.database, table: undefined, sql }
}

function tableStatements(schema: Schema, table: Table | Rollup): SchemaStatement[] {
  const storage = storageStatement(schema, table)
  return schema.cluster === undefined
    ? [storage]
    : [storage, distributedStatement(schema, schema.cluster, table)]
}

function storageStatement(schema: Schema, table: Table | Rollup): SchemaStatement {
  const isThere = ({ servers }: { servers: Servers }) =>
    servers === "all" || (servers === "withText") === schema.hasTextIndexes
  const { columns, indexes, partitionBy, primaryKey, orderBy, ttlFrom, settings } = table
  const hours = schema.hoursOf(table.signal)
  const name = schema.storageOf(table)
  const sql = [
    `CREATE TABLE IF NOT EXISTS ${qualified(schema, name)}${onCluster(schema)}`,
    "(",
    [...columns.filter(isThere).map(columnSql), ...indexes.filter(isThere).map(indexSql)]
      .map((line) => `    ${line}`)
      .join(",\n"),
    ")",
    `ENGINE = ${engineSql(schema, table)}`,
    `PARTITION BY ${partitionBy}`,
    ...(primaryKey === undefined ? [] : [`PRIMARY KEY (${primaryKey.join(", ")})`]),
    `ORDER BY (${orderBy.join(", ")})`,
    ...(hours === 0 ? [] : [`TTL ${ttlFrom} + toIntervalHour(${hours})`]),
    `SETTINGS ${Object.entries({ ...settings, ...schema.tableSettings })
      .map(([setting, value]) => `${setting} = ${value}`)
      .join(", ")}`,
  ].join("\n")
  return { creates: "table", name, table: table.name, sql }
}

// The Distributed table takes over the local one's columns, with their defaults and expressions: it accepts
// the same inserts and answers the same queries. Indexes, order and TTL are the local table's own matter.
function distributedStatement(
  schema: Schema,
  cluster: ClusterOptions,
  table: Table | Rollup,
): SchemaStatement {
  const name = schema.nameOf(table)
  const storage = schema.storageOf(table)
  const target = [cluster.name, schema.database, storage].map(literal)
  const shardingKey = table.shardingKey === undefined ? [] : [table.shardingKey]
  const sql = [
    `CREATE TABLE IF NOT EXISTS ${qualified(schema, name)}${onCluster(schema)}`,
    `AS ${qualified(schema, storage)}`,
    `ENGINE = Distributed(${[...target, ...shardingKey].join(", ")})`,
  ].join("\n")
  return { creates: "table", name, table: table.name, sql }
}

// One pass over the inserted block. The UI looks for the columns' names, and for the function that tells how
// long a bucket is, in the text of this query.
function viewStatement(schema: Schema, rollup: Rollup): SchemaStatement {
  const source = tables[rollup.source]
  const name = schema.nameOf(source) + rollup.viewSuffix
  const counted = rollup.counted.map(
    (column) => `    (${literal(column)}, CAST(${identifier(column)} AS String))`,
  )
  const sql = [
    `CREATE MATERIALIZED VIEW IF NOT EXISTS ${qualified(schema, name)}${onCluster(schema)}`,
    `TO ${qualified(schema, schema.storageOf(rollup))}`,
    "AS SELECT",
    "    toStartOfFifteenMinutes(Timestamp) AS Timestamp,",
    "    'NativeColumn' AS ColumnIdentifier,",
    "    entry.1 AS Key,",
    "    entry.2 AS Value,",
    "    count() AS count",
    `FROM ${qualified(schema, schema.storageOf(source))}`,
    "ARRAY JOIN [",
    counted.join(",\n"),
    "] AS entry",
    "GROUP BY Timestamp, ColumnIdentifier, Key, Value",
  ].join("\n")
  return { creates: "view", name, table: rollup.name, sql }
}

// --- Parts of statements -----------------------------------------------------------------------------------

function columnSql({ name, type, kind, expression, codec }: Column): string {
  const computed = kind === "stored" ? "" : ` ${kind.toUpperCase()} ${expression}`
  const compressed = kind === "alias" ? "" : ` CODEC(${codec})`
  return `${identifier(name)} ${type}${computed}${compressed}`
}

function indexSql({ name, expression, type, granularity }: Index): string {
  const spans = granularity === undefined ? "" : ` GRANULARITY ${granularity}`
  return `INDEX ${name} ${expression} TYPE ${type}${spans}`
}

function engineSql({ cluster }: Schema, { engine }: Table | Rollup): string {
  if (cluster === undefined) return engine
  const { keeperPath, replica = "{replica}" } = cluster
  return `Replicated${engine}${keeperPath === undefined ? "" : `(${literal(keeperPath)}, ${literal(replica)})`}`
}

const onCluster = ({ cluster }: Schema): string =>
  cluster === undefined ? "" : ` ON CLUSTER ${literal(cluster.name)}`

const qualified = ({ database }: Schema, name: string): string =>
  `${identifier(database)}.${identifier(name)}`

const identifier = (name: string): string => `\`${name.replace(/[\\`]/g, "\\$&")}\``

const literal = (value: string): string => `'${value.replace(/[\\']/g, "\\$&")}'`
