// ClickHouse's Native format: blocks of rows, column by column. A block is: how many columns, how many rows (both
// varints), then for each column its name, its type (both strings) and the values of all rows.
// One column "n" of UInt8 with the rows 1 and 2 is 01 02  01 6E  05 55 49 6E 74 38  01 02.
import type { Bytes } from "./bytes.ts"
import type { Column } from "./columns/column.ts"

/** A column of the table that is written to, and where an item has its value. */
export interface Field<Item> {
  readonly name: string
  readonly column: Column
  readonly of: (item: Item) => unknown
}

export function writeBlock<Item>(out: Bytes, fields: readonly Field<Item>[], items: readonly Item[]): void {
  out.varint(fields.length)
  out.varint(items.length)
  for (const { name, column, of } of fields) {
    out.string(name)
    out.string(column.type)
    const values: unknown[] = []
    for (const item of items) values.push(of(item))
    column.write(out, values)
  }
}
