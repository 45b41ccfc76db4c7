// How long spans took: how many fall between two powers of two.
import { type Ask, type SpanFilter, spanConditions } from "./filter.ts"

export interface DurationBucket {
  /** Spans that took at least so long, and less than `toMs`. */
  fromMs: number
  toMs: number
  count: number
  errors: number
}

/** Without an end of the time, of the last hour. Buckets that nothing fell into are left out. */
export async function readDurations(ask: Ask, filter: SpanFilter = {}): Promise<DurationBucket[]> {
  const { where, params, settings } = spanConditions({ ...filter, from: filter.from ?? "1h" })
  // The first bucket takes all below 1.024 us.
  const rows = await ask<{ power: number; count: number; errors: number }>(
    `SELECT toUInt8(if(Duration < 1024, 9, floor(log2(Duration)))) AS power, toUInt32(count()) AS count,
       toUInt32(countIf(StatusCode = 'Error')) AS errors
     FROM otel_traces WHERE ${where} GROUP BY power ORDER BY power${settings}`,
    params,
  )
  return rows.map(({ power, count, errors }) => ({
    fromMs: power === 9 ? 0 : 2 ** power / 1e6,
    toMs: 2 ** (power + 1) / 1e6,
    count,
    errors,
  }))
}
