// Array(T): for each row a UInt64 that counts the items up to its end, then all items as a column of T.
// Array(UInt8) of [1, 2] and [] is 02 00 00 00 00 00 00 00  02 00 00 00 00 00 00 00  01 02.
import type { Bytes } from "../bytes.ts"
import type { Column } from "./column.ts"

export function array<T>(item: Column<T>): Column<readonly T[]> {
  return {
    type: `Array(${item.type})`,
    write(out, values) {
      offsets(out, values, (value) => value?.length ?? 0)
      const items: T[] = []
      // Not push(...value): a call takes about 100,000 arguments at most.
      for (const value of values) if (value !== undefined) for (const one of value) items.push(one)
      item.write(out, items)
    },
    // Array.from, here and below, because `map` and `every` leave holes out.
    json: (value = []) => `[${Array.from(value, (one) => item.json(one)).join(",")}]`,
    expects: `an array, each item ${item.expects}`,
    accepts: (value) => Array.isArray(value) && Array.from(value).every((one) => item.accepts(one)),
  }
}

/** The end of each row's items, counted from the block's start. */
export function offsets<T>(out: Bytes, rows: readonly T[], sizeOf: (row: T) => number): void {
  let at = out.reserve(rows.length * 8)
  let end = 0
  for (const row of rows) {
    end += sizeOf(row)
    out.buffer.writeUInt32LE(end, at)
    out.buffer.writeUInt32LE(0, at + 4)
    at += 8
  }
  out.length = at
}
