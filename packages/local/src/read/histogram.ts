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
const level = `if(number BETWEEN 1 AND 24,
  ['trace', 'debug', 'info', 'warn', 'error', 'fatal'][intDiv(number - 1, 4) + 1], lower(toString(key)))`

// What rows are counted by: as small as it can be, for it is looked at in every row. `group` names what was counted.
const groups = {
  logs: new Map([
    [
      "level",
      {
        key: "if(SeverityNumber BETWEEN 1 AND 24, '', SeverityText) AS key, SeverityNumber AS number",
        group: level,
      },
    ],
    ["service", { key: "ServiceName AS key, 0 AS number", group: "toString(key)" }],
  ]),
  traces: new Map([
    ["status", { key: "StatusCode AS key, 0 AS number", group: "toString(key)" }],
    ["service", { key: "ServiceName AS key, 0 AS number", group: "toString(key)" }],
  ]),
}

const ungrouped = { key: "'' AS key, 0 AS number", group: "key" }

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
  const counted = by === undefined ? ungrouped : groups[signal].get(by)
  if (counted === undefined) throw badFilter("by", by, `one of ${[...groups[signal].keys()].join(", ")}`)
  const from = query.from ?? "1h"
  const to = query.to ?? now()
  const seconds = Number(nanosOf(to, "to") - nanosOf(from, "from", now)) / 1e9
  const wanted = seconds / buckets
  const step = steps.find((one) => one >= wanted) ?? Math.ceil(wanted / 86_400) * 86_400
  const { where, params, settings } =
    signal === "logs" ? logConditions({ ...query, from, to }) : spanConditions({ ...query, from, to })
  const table = signal === "logs" ? "otel_logs" : "otel_traces"
  const rows = await ask<Bucket>(
    `SELECT ${isoText(`toDateTime(bucket * ${step}, 'UTC')`)} AS time, ${counted.group} AS group,
       toUInt32(sum(rows)) AS count
     FROM (
       SELECT intDiv(toUnixTimestamp(Timestamp), ${step}) AS bucket, ${counted.key}, count() AS rows
       FROM ${table} WHERE ${where} GROUP BY bucket, key, number
     )
     GROUP BY time, group ORDER BY time, group LIMIT 20000${settings}`,
    params,
  )
  return { stepSeconds: step, buckets: rows }
}
