// Settings of the embedded ClickHouse that make storing cheap and leave the tables' shape alone. Measured with spans of
// 18 attributes in inserts of 10,000 rows, everything that was merged meanwhile included: 30 us of CPU per span without
// them, 15 with them.
import { type Ingest, type TableName, tables } from "@clickstack/ingest"

const MiB = 1024 * 1024

/** Of one insert; ten thousand ordinary spans have less. */
export const maxBytes: number = 8 * MiB

// All the words of the parts that a merge indexes are in memory at once, 90 bytes for each that is unlike the others.
const mostTextUnindexed = 4 * MiB

/**
 * Indexes are made when parts are merged, which reads and writes all of them anyhow: a part that is not merged yet is
 * small, and searched as a whole. Much text at once is indexed as it comes, and merges put such indexes together piece
 * by piece.
 */
export const insertSettings = (table: TableName, bytes: number): Record<string, number> => ({
  materialize_skip_indexes_on_insert: table === "otel_logs" && bytes > mostTextUnindexed ? 1 : 0,
})

/**
 * For ClickHouse as a whole: what it would keep of a server's memory. A merge that makes the indexes of 200,000 spans
 * takes 200 MB, so there is one at a time; one core merges more than two can insert. Caches have what a few minutes of
 * questions over ten million rows use.
 */
export const serverSettings: Readonly<Record<string, number>> = {
  background_pool_size: 1,
  background_merges_mutations_concurrency_ratio: 1,
  mark_cache_size: 64 * MiB,
  index_mark_cache_size: 32 * MiB,
  primary_index_cache_size: 32 * MiB,
  text_index_header_cache_size: 64 * MiB,
  text_index_tokens_cache_size: 32 * MiB,
  query_condition_cache_size: 16 * MiB,
}

/**
 * Of new tables: what cannot be changed later. A row of a page costs as much as its granule, of every column: with a
 * quarter of ClickHouse's 8,192 rows, rare attributes are found for 60 % of the CPU; storing costs the same.
 */
export const creationSettings: Readonly<Record<string, number>> = { index_granularity: 2048 }

const tableSettings = {
  // A part with a file for each column and index has 150 files, which cost more than what is in them until it is large.
  min_bytes_for_wide_part: 128 * 1024 * 1024,
  // How many parts of a size become one: with ClickHouse's 5 a row is merged twice as often.
  merge_selector_base: 20,
  // So many at once at most, even when merges are far behind: what a merge takes grows with the rows that it indexes,
  // by 0.8 GB for a million logs. Merges of what is indexed already take little, whatever their size.
  max_parts_to_merge_at_once: 16,
}

/** Sets it on tables that do not have it yet; what is in a table stays as it is. */
export async function tuneTables(ingest: Ingest): Promise<void> {
  const found = await ingest.query<{ name: string; engine: string }>(
    "SELECT name, engine_full AS engine FROM system.tables WHERE database = currentDatabase()",
  )
  const wanted = Object.entries(tableSettings).map(([setting, value]) => `${setting} = ${value}`)
  for (const { name, engine } of found) {
    if (!Object.hasOwn(tables, name) || wanted.every((setting) => engine.includes(setting))) continue
    await ingest.command(`ALTER TABLE ${name} MODIFY SETTING ${wanted.join(", ")}`)
  }
}
