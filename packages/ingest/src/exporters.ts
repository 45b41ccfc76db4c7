// OpenTelemetry's exporters over an ingest: spans, log records and metrics of 2.x and 3.x SDKs, of a receiver, or of
// anything that has the same fields.
import type { IngestError } from "./errors.ts"
import { type HrTime, type Time, toHrTime } from "./time.ts"
import type { Resource } from "./rows/origin.ts"
import { type LogRecord, isSessionReplay, logFields, sessionFields } from "./rows/logs.ts"
import {
  type Metrics,
  type Point,
  exponentialHistogramFields,
  gaugeFields,
  histogramFields,
  sumFields,
  summaryFields,
} from "./rows/metrics.ts"
import { type Span, spanFields } from "./rows/traces.ts"
import type { TableName } from "./tables.ts"

export interface ExportResult {
  /** OpenTelemetry's ExportResultCode: 0 is success, 1 is failure. */
  readonly code: 0 | 1
  readonly error?: IngestError
  /** How many items can never be stored and were left out; the rest of the batch is stored. */
  readonly rejected?: number
}

export interface Exporter<Batch> {
  export(batch: Batch, done: (result: ExportResult) => void): void
  forceFlush(): Promise<void>
  shutdown(): Promise<void>
  /** Ends the exports that are under way; what they had not stored can be exported again. */
  abort(): void
}

export interface MetricsExporter extends Exporter<Metrics> {
  /** Cumulative: a point that is lost costs resolution and not truth. */
  selectAggregationTemporality(): 1
}

export interface Exporters {
  readonly spans: Exporter<readonly Span[]>
  readonly logs: Exporter<readonly LogRecord[]>
  readonly metrics: MetricsExporter
}

/** The items of a batch that belong into one table, and how to read them: what is an item, only `shareOf` knows. */
export interface Share {
  readonly table: TableName
  readonly items: readonly object[]
  readonly fields: Readonly<Record<string, (item: object) => unknown>>
  readonly timeOf: (item: object) => HrTime
}

/**
 * Stores the shares of a batch, which may take a moment to be known; returns how many items were rejected, and throws
 * when the rest cannot be stored now.
 */
type Store = (sharesOf: () => Promise<readonly Share[]>, signal: AbortSignal) => Promise<number>

export function createExporters(store: Store): Exporters {
  const exporter = <Batch>(
    resources: (batch: Batch) => Iterable<Resource>,
    sharesOf: (batch: Batch) => readonly Share[],
  ): Exporter<Batch> => {
    const running = new Set<Promise<void>>()
    let stop = new AbortController()
    const settled = async () => void (await Promise.all(running))
    return {
      export(batch, done) {
        const settledShares = async () => {
          await resourcesSettled(resources(batch))
          return sharesOf(batch)
        }
        const work = store(settledShares, stop.signal)
          .then(
            (rejected) => done(rejected === 0 ? { code: 0 } : { code: 0, rejected }),
            (error: IngestError) => done({ code: 1, error }),
          )
          // What the caller's own function throws must not become an unhandled rejection of ours.
          .catch(() => {})
          .finally(() => running.delete(work))
        running.add(work)
      },
      forceFlush: settled,
      // The connection is the ingest's: its other exporters, and queries, may go on. An idle one keeps no process alive.
      shutdown: settled,
      abort() {
        stop.abort()
        stop = new AbortController()
      },
    }
  }
  return {
    spans: exporter<readonly Span[]>(resourcesOf, (spans) => [
      shareOf("otel_traces", spans, spanFields, (span) => span.startTime),
    ]),
    logs: exporter<readonly LogRecord[]>(resourcesOf, logShares),
    metrics: {
      ...exporter<Metrics>((metrics) => [metrics.resource], metricShares),
      selectAggregationTemporality: () => 1,
    },
  }
}

export function shareOf<Item extends object>(
  table: TableName,
  items: readonly Item[],
  fields: object,
  timeOf: (item: Item) => Time | undefined,
): Share {
  return { table, items, fields: fields as Share["fields"], timeOf: (item) => toHrTime(timeOf(item as Item)) }
}

function* resourcesOf(items: readonly { readonly resource: Resource }[]): Iterable<Resource> {
  for (const { resource } of items) yield resource
}

async function resourcesSettled(resources: Iterable<Resource>): Promise<void> {
  for (const resource of new Set(resources)) {
    if (resource.asyncAttributesPending === true) await resource.waitForAsyncAttributes?.()
  }
}

function logShares(records: readonly LogRecord[]): readonly Share[] {
  const shares: Share[] = []
  const logs = records.filter((record) => !isSessionReplay(record))
  if (logs.length > 0) shares.push(shareOf("otel_logs", logs, logFields, logFields.Timestamp))
  if (logs.length < records.length) {
    const replay = records.filter(isSessionReplay)
    shares.push(shareOf("hyperdx_sessions", replay, sessionFields, sessionFields.Timestamp))
  }
  return shares
}

// By OpenTelemetry's DataPointType; 4 is what a receiver of OTLP calls a summary, which the SDK does not have.
const metricTables: readonly (readonly [TableName, object])[] = [
  ["otel_metrics_histogram", histogramFields],
  ["otel_metrics_exponential_histogram", exponentialHistogramFields],
  ["otel_metrics_gauge", gaugeFields],
  ["otel_metrics_sum", sumFields],
  ["otel_metrics_summary", summaryFields],
]

function metricShares({ resource, scopeMetrics }: Metrics): readonly Share[] {
  const points: Point[][] = metricTables.map(() => [])
  for (const { scope, metrics } of scopeMetrics) {
    for (const metric of metrics) {
      for (const point of metric.dataPoints)
        points[metric.dataPointType]?.push({ resource, scope, metric, point })
    }
  }
  return metricTables
    .map(([table, fields], type) =>
      shareOf(table, points[type] ?? [], fields, ({ point }: Point) => point.endTime),
    )
    .filter(({ items }) => items.length > 0)
}
