// The way to ask the embedded ClickHouse. There, a part has no text indexes until it is merged (tune-tables.ts), and
// where some parts have them and some have not, ClickHouse 26.7 fails a question that it would answer from an index over
// `arrayMap`, as those of attributes are: code 43, "First argument for function arrayMap must be a function". So such a
// question uses the index to leave parts and granules out, and reads what stays.
import type { Ask } from "./filter.ts"

export const askEmbedded =
  (ask: Ask): Ask =>
  (sql, params) =>
    ask(
      sql.includes("arrayMap(item ->") ? `${sql}\nSETTINGS query_plan_direct_read_from_text_index = 0` : sql,
      params,
    )
