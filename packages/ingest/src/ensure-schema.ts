// Creates what is missing of ClickStack's tables, and alters nothing that is there.
import { createStatements } from "./ddl.ts"
import type { Engine } from "./engines/engine.ts"
import type { Config } from "./options.ts"

/** Returns the names of the tables and views that were created. */
export async function ensureSchema(engine: Engine, { schema }: Config): Promise<string[]> {
  const present = new Set(
    await firstColumn(
      engine,
      "SELECT name FROM system.tables WHERE database = {database:String}",
      schema.database,
    ),
  )
  const [version = ""] = await firstColumn(engine, "SELECT version()", schema.database)
  const [major = 0, minor = 0] = version.split(".").map(Number)
  const statements = createStatements({ ...schema, serverVersion: [major, minor] })
  const missing = statements.filter(({ creates, name }) => creates !== "database" && !present.has(name))
  // A user who may create nothing can still use what is there. On a cluster, what is here may be missing elsewhere.
  const wanted = schema.cluster !== undefined || missing.length > 0 ? statements : []
  for (const { creates, name, sql } of wanted) {
    if (schema.cluster !== undefined || creates === "database" || !present.has(name)) {
      await engine.command({ sql, params: {} })
    }
  }
  return missing.map(({ name }) => name)
}

async function firstColumn(engine: Engine, sql: string, database: string): Promise<string[]> {
  const values: string[] = []
  for await (const rows of engine.query({ sql, params: { database } })) {
    values.push(...rows.map((row) => String(Object.values(row)[0])))
  }
  return values
}
