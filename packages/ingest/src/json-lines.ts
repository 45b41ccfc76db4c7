// ClickHouse's JSONEachRow: one JSON object a line. Slower than Native in every way, and readable: for servers or
// proxies that refuse binary bodies, and for looking at what is sent.
import type { Bytes } from "./bytes.ts"
import type { Field } from "./native.ts"

export function writeJsonLines<Item>(
  out: Bytes,
  fields: readonly Field<Item>[],
  items: readonly Item[],
): void {
  for (const item of items) {
    const members = fields.map(({ name, column, of }) => `${JSON.stringify(name)}:${column.json(of(item))}`)
    // One newline between rows and never two: chDB takes a blank line for the end of the data.
    out.append(Buffer.from(`{${members.join(",")}}\n`))
  }
}
