// How a table is described to the encoder: a column for every field of its row, and, for each source of rows, where
// to find that field. A row itself is never built: the encoder reads the fields of all items, column by column.
import type { Column } from "../columns/column.ts"

/** The column type of every field of a row. */
export type Columns<Row> = { readonly [Name in keyof Row]-?: Column<NonNullable<Row[Name]>> }

/** Where an item, such as a span, has the fields of a row. */
export type Fields<Item, Row> = {
  readonly [Name in keyof Row]-?: (item: Item) => NonNullable<Row[Name]> | undefined
}
