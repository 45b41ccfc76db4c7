// Rows that people hand to `insert` are checked before the first is sent, so that nothing is written by halves.
import { setImmediate as nextTurn } from "node:timers/promises"
import { IngestError } from "./errors.ts"
import { nearest } from "./nearest.ts"
import { type RowType, rowTypes } from "./rows/rows.ts"
import type { TableName } from "./tables.ts"

// Checking so many rows takes about a millisecond.
const slice = 250

/** Returns the names of the fields that any of the rows has. Throws at the first row that cannot be stored. */
export async function checkRows(table: TableName, rows: readonly object[]): Promise<Set<string>> {
  const used = new Set<string>()
  const groups = new Map<string, string>()
  for (const [index, row] of rows.entries()) {
    if (index > 0 && index % slice === 0) await nextTurn()
    const problem = problemOf(row, rowTypes[table], used, groups)
    if (problem !== undefined) {
      throw new IngestError("BAD_ROW", `insert into ${table}: row ${index} ${problem}; no row was sent`)
    }
  }
  return used
}

/** What is wrong with a row, in words; the fields that it has are added to `used`. */
function problemOf(
  row: unknown,
  { columns, required }: RowType,
  used: Set<string>,
  groups: Map<string, string>,
): string | undefined {
  if (typeof row !== "object" || row === null || Array.isArray(row))
    return `is ${describe(row)} instead of an object`
  try {
    for (const [name, value] of Object.entries(row)) {
      const column = Object.hasOwn(columns, name) ? columns[name] : undefined
      if (column === undefined) return `has an unknown field ${name}; ${hint(name, Object.keys(columns))}`
      if (value === undefined) continue
      if (!column.accepts(value)) return `field ${name} is ${describe(value)}; it must be ${column.expects}`
      used.add(name)
    }
    for (const name of required) {
      if ((row as Record<string, unknown>)[name] === undefined) return `has no ${name}`
    }
    return unevenGroup(row, groups)
  } catch (error) {
    return `cannot be read: ${error instanceof Error ? error.message : String(error)}`
  }
}

/**
 * `Events.Name` and `Events.Timestamp` describe the same events: ClickHouse wants as many of the one as of the other. All
 * rows are sent with the same columns, so all that have any events have to describe them by the same fields; `groups`
 * remembers by which.
 */
function unevenGroup(row: object, groups: Map<string, string>): string | undefined {
  const sizes = new Map<string, number>()
  const members = new Map<string, string>()
  for (const [name, value] of Object.entries(row)) {
    const dot = name.indexOf(".")
    if (dot < 0 || !Array.isArray(value)) continue
    const group = `${name.slice(0, dot)}.*`
    const size = sizes.get(group) ?? value.length
    if (size !== value.length) return `the arrays ${group} differ in length`
    sizes.set(group, size)
    if (size > 0) members.set(group, [...(members.get(group)?.split(", ") ?? []), name].sort().join(", "))
  }
  for (const [group, names] of members) {
    const before = groups.get(group)
    if (before === undefined) groups.set(group, names)
    else if (before !== names)
      return `has other arrays of ${group} than the rows before it, ${names} instead of ${before}`
  }
  return undefined
}

function hint(name: string, known: readonly string[]): string {
  const close = nearest(name, known)
  return close === undefined ? `known are ${known.join(", ")}` : `did you mean ${close}?`
}

function describe(value: unknown): string {
  if (value === null) return "null"
  if (Array.isArray(value)) return "an array"
  if (typeof value === "object") {
    const name = value.constructor?.name ?? "Object"
    return name === "Object" ? "an object" : `a ${name}`
  }
  const text = typeof value === "string" ? JSON.stringify(value) : String(value)
  return text.length > 60 ? `${text.slice(0, 60)}...` : text
}
