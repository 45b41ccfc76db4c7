// What every column type can do. One file per kind of type; the comment above each shows its bytes.
import type { Bytes } from "../bytes.ts"

export interface Column<T = unknown> {
  /** The type a Native block declares; the server converts it to the table's, such as LowCardinality(String). */
  readonly type: string
  /** Writes the values of all rows of a block; `undefined` becomes the type's empty value. */
  write(out: Bytes, values: readonly (T | undefined)[]): void
  /** One value as JSONEachRow has it. */
  json(value: T | undefined): string
  /** What `insert` expects, in words; `accepts` says whether a value is that. */
  readonly expects: string
  accepts(value: unknown): boolean
}
