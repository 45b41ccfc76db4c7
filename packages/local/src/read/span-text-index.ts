// A text somewhere in the attributes of spans, found without reading them: ClickHouse's index of them has each "key=value"
// that occurs once, which is mostly far less, and knows its rows. It cannot be asked for a part of one, but read as a table.
import { type Ask, type SpanFilter, itemsOf, olderPlanner, spanConditions, spanText } from "./filter.ts"
import { isoText } from "./iso-time.ts"

export interface SpanTextIndex {
  readonly text: string
  /** Parts that have the index: what they do not have among `items` is not in them. */
  readonly parts: readonly string[]
  /** Every "key=value" of theirs in which the text is. */
  readonly items: readonly string[]
}

// Where there is more, the text is so common that reading the newest spans finds enough of them.
const mostItems = 200
const mostRows = 20_000
// They are asked for in an address, and servers take no address of a megabyte.
const mostCharacters = 32 * 1024

/** Undefined when there is no such index, when this user may not read it, or when it does not help. */
export async function readSpanTextIndex(ask: Ask, text: string): Promise<SpanTextIndex | undefined> {
  const [there] = await ask<{ there: number }>(
    `SELECT toUInt8(count() = 2) AS there FROM (
       SELECT 1 FROM system.table_functions WHERE name = 'mergeTreeTextIndex'
       UNION ALL
       SELECT 1 FROM system.data_skipping_indices
       WHERE database = currentDatabase() AND table = 'otel_traces' AND name = 'idx_span_attr_items' AND type = 'text'
     )`,
    {},
  )
  if (there?.there !== 1) return undefined
  const { inToken } = spanText(text)
  const ofParts = ask<{ part: string; items: string[]; count: number }>(
    `SELECT part_name AS part, groupArrayIf(${mostItems + 1})(token, ${inToken}) AS items,
       toFloat64(sumIf(cardinality, ${inToken})) AS count
     FROM mergeTreeTextIndex(currentDatabase(), otel_traces, idx_span_attr_items) GROUP BY part_name`,
    { text },
  )
  const found = await ofParts.catch(() => undefined)
  if (found === undefined) return undefined
  const items = [...new Set(found.flatMap((one) => one.items))]
  const rows = found.reduce((sum, { count }) => sum + count, 0)
  const characters = items.reduce((sum, { length }) => sum + length, 0)
  if (items.length > mostItems || rows > mostRows || characters > mostCharacters) return undefined
  return { text, parts: found.map(({ part }) => part), items }
}

/** The newest spans that match, at most so many. */
export async function selectByIndex(
  ask: Ask,
  filter: SpanFilter,
  { text, parts, items }: SpanTextIndex,
  limit: number,
): Promise<{ id: string }[]> {
  const { where, params } = spanConditions({ ...filter, text: undefined })
  const { inNames, inValues } = spanText(text)
  const newest = (conditions: string) =>
    `SELECT TraceId AS id, ${isoText("Timestamp")} AS time FROM otel_traces ${conditions} ORDER BY Timestamp DESC LIMIT ${limit}`
  const find = (sql: string) => ask<{ id: string; time: string }>(sql, { ...params, text, parts, items })
  // First the names, or ClickHouse reads all times. A part that was merged meanwhile has another name than it had, and is
  // read as it is.
  const found = await find(
    `SELECT * FROM (
       (${newest(`PREWHERE ${inNames} WHERE ${where}`)}) UNION ALL
       (${newest(`WHERE ${where} AND _part NOT IN {parts:Array(String)} AND ${inValues}`)})
     )
     SETTINGS query_plan_direct_read_from_text_index = 0`,
  )
  if (items.length > 0) {
    // The values decide: what is in an item may be in its key.
    const hasItem = `hasAny(${itemsOf("SpanAttributes")}, {items:Array(String)})`
    found.push(...(await find(`${newest(`WHERE ${where} AND ${hasItem} AND ${inValues}`)}${olderPlanner}`)))
  }
  return found.sort((one, other) => (one.time < other.time ? 1 : -1)).slice(0, limit)
}
