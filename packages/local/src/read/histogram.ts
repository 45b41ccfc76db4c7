// How many logs or spans there are over time, split by what the caller names.
import {
  type Ask,
  type LogFilter,
  type SpanFilter,
  badFilter,
  logConditions,
  nanosOf,
  spanConditions,
} from "./filter.ts"
import { isoText } from "./iso-time.ts"

export type HistogramQuery = { buckets?: number | undefined } & (
  | ({ signal: "logs"; by?: "level" | "service" | undefined } & LogFilter)
  | ({ signal: "traces"; by?: "status" | "service" | undefined } & SpanFilter)
)

export interface Bucket {
  time: string
  /** The value of `by`; '' without one. */
  group: string
  count: number
}

export interface Histogram {
  stepSeconds: number
  buckets: Bucket[]
}

// By its number, as the filter has it; a sender's own text only where there is none.
const level = `if(SeverityNumber BETWEEN 1 AND 24,
  ['trace', 'debug', 'info', 'warn', 'error', 'fatal'][intDiv(SeverityNumber - 1, 4) + 1], lower(SeverityText))`

const groups = {
  logs: new Map([
    ["level", level],
    ["service", "ServiceName"],
  ]),
  traces: new Map([
    ["status", "StatusCode"],
    ["service", "ServiceName"],
  ]),
}

// Steps that people can read off an axis.
const steps = [1, 5, 10, 30, 60, 300, 900, 1800, 3600, 10_800, 21_600, 43_200, 86_400]

export async function readHistogram(
  ask: Ask,
  query: HistogramQuery,
  now: () => number = Date.now,
): Promise<Histogram> {
  const { signal, by, buckets = 60 } = query
  if (!Number.isInteger(buckets) || buckets < 1 || buckets > 1000)
    throw badFilter("buckets", buckets, "a whole number from 1 to 1000")
  const group = by === undefined ? "''" : groups[signal].get(by)
  if (group === undefined) throw badFilter("by", by, `one of ${[...groups[signal].keys()].join(", ")}`)
  const from = query.from ?? "1h"
  const to = query.to ?? now()
  const seconds = Number(nanosOf(to, "to") - nanosOf(from, "from", now)) / 1e9
  const wanted = seconds / buckets
  const step = steps.find((one) => one >= wanted) ?? Math.ceil(wanted / 86_400) * 86_400
  const { where, params } =
    signal === "logs" ? logConditions({ ...query, from, to }) : spanConditions({ ...query, from, to })
  const table = signal === "logs" ? "otel_logs" : "otel_traces"
  const rows = await ask<Bucket>(
    `SELECT ${isoText(`toStartOfInterval(toDateTime(Timestamp, 'UTC'), INTERVAL ${step} SECOND)`)} AS time,
       toString(${group}) AS group, toUInt32(count()) AS count
     FROM ${table} WHERE ${where} GROUP BY time, group ORDER BY time, group LIMIT 20000`,
    params,
  )
  return { stepSeconds: step, buckets: rows }
}
