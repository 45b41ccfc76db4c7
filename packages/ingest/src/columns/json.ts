// ClickHouse's JSON type, for tables of the upstream collector's JSON mode: declared as String, since the server
// parses JSON text on the way in. Values keep their types there, so this is not the map's spelling.
import { toJson } from "../spell.ts"
import type { Column } from "./column.ts"
import { type Attributes, map } from "./map.ts"

export const json: Column<Attributes> = {
  ...map,
  type: "String",
  write(out, values) {
    for (const value of values) out.string(toJson(value ?? {}))
  },
  json: (value = {}) => toJson(value),
}
