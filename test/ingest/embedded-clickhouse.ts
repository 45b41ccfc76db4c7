// ClickHouse for the tests of the tables: chDB, the real engine in this process, in a directory of its own.
// It has a cluster of two shards, which are both this process, and a Keeper in memory, so that Distributed
// and Replicated tables are created for real. The Keeper never lets a replicated table be written to, and
// such a table keeps waiting for it: drop it before the process is to end.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Session } from "chdb"
import { createStatements } from "@clickstack/ingest"
import type { SchemaOptions } from "@clickstack/ingest"

export type Row = Record<string, unknown>

export interface EmbeddedClickHouse {
  run: (sql: string) => void
  rowsOf: (sql: string) => Row[]
  insert: (table: string, rows: readonly Row[], settings?: string) => void
  /** Creates all tables in a database of their own, twice, since the second time must change nothing. */
  create: (database: string, options?: SchemaOptions, adapt?: (sql: string) => string) => void
  close: () => void
}

// The port makes both this process itself; nothing listens on it. By one name, they would count as one server.
const shard = (host: string) => `<shard><replica><host>${host}</host><port>1</port></replica></shard>`
const configuration = `<clickhouse>
  <tcp_port>1</tcp_port>
  <remote_servers><two>${shard("127.0.0.1")}${shard("localhost")}</two></remote_servers>
  <macros><shard>1</shard><replica>r1</replica></macros>
  <zookeeper><implementation>testkeeper</implementation></zookeeper>
  <default_replica_path>/clickhouse/default/{shard}/{database}/{table}</default_replica_path>
  <default_replica_name>{replica}</default_replica_name>
</clickhouse>`

export function openEmbeddedClickHouse(): EmbeddedClickHouse {
  const directory = mkdtempSync(join(tmpdir(), "clickstack-chdb-"))
  const file = join(directory, "config.xml")
  writeFileSync(file, configuration)
  const session = new Session(join(directory, "data"), { connectionArgs: [`--config-file=${file}`] })
  const run = (sql: string): string => session.query(sql, "JSONEachRow")
  return {
    run,
    rowsOf: (sql) =>
      run(sql)
        .split("\n")
        .filter((line) => line !== "")
        .map((line): Row => JSON.parse(line)),
    // Without blank lines: chDB ends inline data at the first one, and runs what follows as SQL.
    insert: (table, rows, settings = "") =>
      run(
        `INSERT INTO ${table} ${settings} FORMAT JSONEachRow\n${rows.map((row) => JSON.stringify(row)).join("\n")}`,
      ),
    create(database, options = {}, adapt = (sql) => sql) {
      const statements = createStatements({ ...options, database }).map(({ sql }) => adapt(sql))
      for (const sql of [...statements, ...statements]) run(sql)
    },
    close() {
      session.close()
      rmSync(directory, { recursive: true, force: true })
    },
  }
}

export const identifier = (name: string): string => `\`${name.replace(/[\\`]/g, "\\$&")}\``

export const literal = (value: string): string => `'${value.replace(/[\\']/g, "\\$&")}'`
