// What the table that is written to really has. ClickHouse drops fields that it does not know without a word, and a
// table may be the upstream collector's, older or newer than ours, or in its JSON mode: so its columns are read, and
// what is sent is fitted to them.
import { array } from "./columns/array.ts"
import type { Column } from "./columns/column.ts"
import { json } from "./columns/json.ts"
import type { Attributes } from "./columns/map.ts"
import { compareUtf8 } from "./columns/shape.ts"
import { string } from "./columns/string.ts"
import { dateTime, dateTime64 } from "./columns/time.ts"
import { type Engine, quote } from "./engines/engine.ts"
import { IngestError } from "./errors.ts"
import type { Field } from "./native.ts"
import { rowTypes } from "./rows/rows.ts"
import { toJson } from "./spell.ts"
import type { TableName } from "./tables.ts"

/** The columns of a table that an insert may fill, with their types. */
export type Target = ReadonlyMap<string, string>

export async function readTarget(engine: Engine, table: string): Promise<Target> {
  const target = new Map<string, string>()
  for await (const rows of engine.query({ sql: `DESCRIBE TABLE ${table}`, params: {} })) {
    for (const row of rows) {
      const kind = row["default_type"]
      if (kind === "" || kind === "DEFAULT" || kind === "EPHEMERAL")
        target.set(String(row["name"]), String(row["type"]))
    }
  }
  return target
}

export interface Fitted<Item> {
  readonly fields: readonly Field<Item>[]
  /** What the rows have and the table has not. */
  readonly missing: readonly string[]
}

/** What to send of a table's rows, and how, so that the target takes it. */
export function fit<Item>(
  table: TableName,
  fields: Readonly<Record<string, ((item: Item) => unknown) | undefined>>,
  target: Target,
): Fitted<Item> {
  const fitted: Field<Item>[] = []
  const missing: string[] = []
  for (const [name, column] of Object.entries(rowTypes[table].columns)) {
    const of = fields[name]
    if (of === undefined) continue
    const type = target.get(name)
    if (type === undefined) {
      missing.push(name)
      continue
    }
    fitted.push({ name, column: columnFor(column, type), of })
    // In its JSON mode the collector keeps the paths of each JSON column beside it, for an index.
    if (isJson(type) && target.has(`${name}Keys`)) {
      fitted.push({
        name: `${name}Keys`,
        column: array(string) as Column,
        of: (item) => paths(of(item) as Attributes),
      })
    }
  }
  if (fitted.length > 0) return { fields: fitted, missing }
  throw new IngestError(
    "SCHEMA_MISMATCH",
    `the table for ${table} has none of its columns; name the right one with \`tableNames\``,
    { retryable: true, retryAfterMs: 60_000 },
  )
}

const isJson = (type: string): boolean => /^(JSON|Object)\b/.test(type)

/** Ours, except where the server does not convert it as we want to what the table has. */
function columnFor(ours: Column, type: string): Column {
  const inner = /^Array\((.*)\)$/.exec(type)?.[1]
  if (inner !== undefined && ours.type.startsWith("Array(")) {
    if (isJson(inner)) return array(json) as Column
    if (ours.type === "Array(DateTime)" && inner.includes("DateTime64")) return array(dateTime64) as Column
    return ours
  }
  if (isJson(type)) return json
  if (ours.type !== dateTime.type && ours.type !== dateTime64.type) return ours
  return type.includes("DateTime64") ? dateTime64 : dateTime
}

/** The paths of all values, of what is sent for them: {a: {b: 1}, c: 2} has a.b and c. */
function paths(attributes: Attributes = {}): string[] {
  const found = new Set<string>()
  addPaths(found, JSON.parse(toJson(attributes)), "")
  return [...found].sort(compareUtf8)
}

function addPaths(found: Set<string>, value: object, prefix: string): void {
  for (const [key, member] of Object.entries(value) as [string, unknown][]) {
    if (typeof member !== "object" || member === null || Array.isArray(member)) found.add(prefix + key)
    else addPaths(found, member, `${prefix}${key}.`)
  }
}

/** A table's quoted name, with its database. */
export const qualified = (database: string, name: string): string => `${quote(database)}.${quote(name)}`
