// ClickHouse's own spans, read from system.opentelemetry_span_log and handed to any exporter: once for a period, or as
// they appear. Rows come in the order in which servers flush them, so each round reads again what ended shortly before,
// and what was handed on already is known by its ids.
import { setTimeout as sleep } from "node:timers/promises"
import { quote, textLiteral } from "../engines/engine.ts"
import { IngestError } from "../errors.ts"
import type { QueryParams } from "../ingest.ts"
import { type SpanLogExporter, exportSpans } from "./export-spans.ts"
import { type QueryText, spanLogColumns, spanLogService } from "./select.ts"
import { shapeOf } from "./shape.ts"
import { type SpanLogRow, createSpanOf } from "./span-of.ts"
import { type SeenSpan, openSpanLogState } from "./state.ts"

/** Where SQL is answered: an ingest, or anything like it. */
export interface SpanLogServer {
  readonly endpoint: string
  query(sql: string, params?: QueryParams): Promise<object[]>
}

export interface SpanLogOptions {
  /** The server whose log is read: `createIngest(url)`. */
  readonly from: SpanLogServer
  /** Who gets the spans: `clickhouse(url).spans`, or any OpenTelemetry span exporter. */
  readonly to: SpanLogExporter
  /** Reads the logs of every server of this cluster. */
  readonly cluster?: string | undefined
  /** Only traces that have spans of an app in the otel_traces of this ClickHouse; of these services, if any are named. */
  readonly onlyTracesOf?:
    | { readonly tables: SpanLogServer; readonly services?: readonly string[] }
    | undefined
  /** Default "normalized": queries with `?` for their literals. */
  readonly queryText?: QueryText | undefined
  /** A file that keeps what was handed on, for the next start. */
  readonly state?: string | undefined
  /** Where the first start begins, in milliseconds since 1970. Default: 15 minutes ago. */
  readonly since?: number | undefined
  /** How much later than others of its time a row, or the trace that it belongs to, may appear. Default 120,000 ms. */
  readonly overlapMs?: number | undefined
  /** Between two looks at the log. Default 5,000 ms; servers write to it every 7.5 s. */
  readonly intervalMs?: number | undefined
  /** How long to wait before spans that were not taken are offered again; twice as long each time, up to 30 s. Default 1,000. */
  readonly retryMs?: number | undefined
  /** How many rows are read and handed on at a time. Default 2,000. */
  readonly pageSize?: number | undefined
  /** Told what is wrong, once per minute and trouble. */
  readonly onWarning?: ((message: string) => void) | undefined
  readonly now?: (() => number) | undefined
}

export interface SpanLogStats {
  /** Spans that the exporter took. */
  readonly sent: number
  /** Spans that it refused for ever. */
  readonly refused: number
}

export interface SpanLog {
  /** Hands on what is there, up to a time in milliseconds since 1970, and resolves. */
  once(until?: number): Promise<SpanLogStats>
  /** Hands on what appears, until `close()`. */
  follow(): Promise<void>
  stats(): SpanLogStats
  /** Ends what is under way after the page that the exporter has in hand. */
  close(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

const dayUs = 86_400_000_000
const warningsEveryMs = 60_000

/** Opens nothing yet, but the state. Throws when that is another's. */
export function openSpanLog(options: SpanLogOptions): SpanLog {
  const { from, to, cluster, onlyTracesOf, queryText = "normalized", onWarning = () => {} } = options
  const {
    overlapMs = 120_000,
    intervalMs = 5_000,
    retryMs = 1_000,
    pageSize = 2_000,
    now = Date.now,
  } = options
  const table =
    cluster === undefined
      ? "system.opentelemetry_span_log"
      : `clusterAllReplicas(${textLiteral(cluster)}, system.opentelemetry_span_log)`
  const state = openSpanLogState(options.state, `${from.endpoint} ${cluster ?? ""}`.trim())
  const stopping = new AbortController()
  const { signal } = stopping
  const spanOf = createSpanOf()
  const running = new Set<Promise<unknown>>()
  const warnedAt = new Map<string, number>()
  let sent = 0
  let refused = 0
  let select: string | undefined

  const warn = (about: string, error: unknown) => {
    const last = warnedAt.get(about)
    if (last !== undefined && now() - last < warningsEveryMs) return
    warnedAt.set(about, now())
    onWarning(`span log of ${from.endpoint}: ${about}: ${(error as Error).message}`)
  }

  async function statement(): Promise<string> {
    if (select !== undefined) return select
    const described = (await from.query(`DESCRIBE TABLE ${table}`)) as { name: string }[]
    const shape = shapeOf(
      described.map(({ name }) => name),
      `${from.endpoint}, ${table}`,
    )
    const { Timestamp: _, ServiceName: __, ...columns } = spanLogColumns(shape, queryText)
    const named = Object.entries(columns).map(([name, sql]) => `${sql} AS ${quote(name)}`)
    return (select = [
      "SELECT toString(finish_date) AS FinishDate, finish_time_us AS FinishUs, start_time_us AS StartUs, " +
        `toUnixTimestamp64Micro(now64(6)) AS NowUs, ${named.join(", ")}`,
      `FROM ${table}`,
      // By date first, as the table is ordered; a server's date has its own time zone.
      "WHERE finish_date >= toDate({date:String}) AND finish_time_us >= {from:UInt64} AND finish_time_us < {until:UInt64}",
      "AND (finish_date, finish_time_us, trace_id, span_id) > " +
        "(toDate({afterDate:String}), {afterUs:UInt64}, {afterTrace:UUID}, {afterSpan:UInt64})",
      "ORDER BY finish_date, finish_time_us, trace_id, span_id",
      "LIMIT {limit:UInt32}",
      // Reading the log must not write to it.
      "SETTINGS opentelemetry_start_trace_probability = 0",
    ].join("\n"))
  }

  /** Reads what ended within a time, page by page, each handed on before the next is read. */
  async function read(fromUs: number, untilUs: number): Promise<void> {
    const sql = await statement()
    let after = { afterDate: "1970-01-01", afterUs: "0", afterTrace: zeroUuid, afterSpan: "0" }
    for (;;) {
      signal.throwIfAborted()
      const rows = (await from.query(sql, {
        date: dateText(fromUs - dayUs),
        from: String(fromUs),
        until: String(untilUs),
        limit: pageSize,
        ...after,
      })) as SpanLogRow[]
      const last = rows.at(-1)
      if (last === undefined) return
      await handOn(rows)
      // A server whose clock is ahead must not hide what the others are still to write.
      state.reach(Math.min(last.FinishUs, last.NowUs))
      state.forgetBefore(reread())
      if (rows.length < pageSize) return
      after = {
        afterDate: last.FinishDate,
        afterUs: String(last.FinishUs),
        afterTrace: last.TraceId.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-"),
        afterSpan: String(BigInt(`0x${last.SpanId}`)),
      }
    }
  }

  async function handOn(rows: readonly SpanLogRow[]): Promise<void> {
    const fresh = new Map<string, SpanLogRow>()
    for (const row of rows) {
      const id = row.TraceId + row.SpanId
      if (!state.has(id)) fresh.set(id, row)
    }
    const wanted = onlyTracesOf && (await tracesOf(onlyTracesOf, fresh.values()))
    const seen: SeenSpan[] = []
    const spans = []
    for (const [id, row] of fresh) {
      // A trace that the tables do not know yet may still appear: its spans are looked at again until the overlap ends.
      if (wanted?.has(row.TraceId) === false) continue
      seen.push({ id, finishUs: row.FinishUs })
      spans.push(spanOf(row))
    }
    if (spans.length === 0) return
    const left = await exportSpans(to, spans, {
      signal,
      firstWaitMs: retryMs,
      failed: (error) => warn("its spans are not taken", error),
    })
    if (left > 0) warn("spans were refused", new Error(`${left} of ${spans.length} spans`))
    refused += left
    sent += spans.length - left
    state.add(seen)
  }

  const track = <Result>(work: Promise<Result>): Promise<Result> => {
    const tracked = work.finally(() => running.delete(tracked))
    running.add(tracked)
    return tracked
  }

  const begin = (): number => {
    const reached = state.reached()
    return reached === undefined
      ? (options.since ?? now() - 15 * 60_000) * 1000
      : Math.max(0, reached - overlapMs * 1000)
  }

  /** Before it no more rows appear. */
  const reread = () => Math.max(0, (state.reached() ?? 0) - overlapMs * 1000)

  async function follow(): Promise<void> {
    const first = begin()
    for (;;) {
      try {
        await read(Math.max(first, reread()), farFuture)
      } catch (error) {
        if (signal.aborted) return
        if (error instanceof IngestError && error.code === "SCHEMA_MISMATCH") throw error
        warn("it cannot be read", error)
      }
      if (!(await isOver(intervalMs, signal))) return
    }
  }

  let closing: Promise<void> | undefined
  const close = () =>
    (closing ??= (async () => {
      stopping.abort()
      await Promise.allSettled(running)
      state.close()
    })())

  return {
    once: (until = now()) =>
      track(
        (async () => {
          await read(begin(), until * 1000)
          return { sent, refused }
        })(),
      ),
    follow: () => track(follow()),
    stats: () => ({ sent, refused }),
    close,
    [Symbol.asyncDispose]: close,
  }
}

const zeroUuid = "00000000-0000-0000-0000-000000000000"
const farFuture = Number.MAX_SAFE_INTEGER

const dateText = (us: number): string => new Date(Math.max(0, us / 1000)).toISOString().slice(0, 10)

/** False when the signal fired first. */
const isOver = (ms: number, signal: AbortSignal): Promise<boolean> =>
  sleep(ms, true, { signal }).catch(() => false)

/** Which of these traces have spans of the app's services. */
async function tracesOf(
  { tables, services }: NonNullable<SpanLogOptions["onlyTracesOf"]>,
  rows: Iterable<SpanLogRow>,
): Promise<ReadonlySet<string>> {
  const ids = new Set<string>()
  for (const { TraceId } of rows) ids.add(TraceId)
  if (ids.size === 0) return ids
  const found = (await tables.query(
    `SELECT DISTINCT TraceId FROM otel_traces WHERE TraceId IN {ids:Array(String)} AND ServiceName != {own:String}` +
      (services === undefined ? "" : " AND ServiceName IN {services:Array(String)}"),
    { ids: [...ids], own: spanLogService, ...(services === undefined ? {} : { services }) },
  )) as { TraceId: string }[]
  return new Set(found.map(({ TraceId }) => TraceId))
}
