// Received data on its way into ClickHouse: logs by the collector's rules, everything in few inserts, and success only
// when it is stored.
import type { Ingest } from "@clickstack/ingest"
import type {
  DestinationSinks,
  PartialSuccess,
  ReceivedLogRecord,
  ReceivedMetrics,
  ReceivedSpan,
} from "@clickstack/receiver"
import type { Live } from "./live.ts"
import { applyLogRules } from "./log-rules.ts"
import type { Tally } from "./tally.ts"
import { createWriter } from "./writer.ts"

// What ClickHouse likes in one insert, and what ingest puts into one: a group is stored as a whole or not at all, unless
// its rows are so long that they are more bytes than an insert may have.
const maxItems = 10_000
// Ten inserts ahead: more would be memory that waits. What 16 requests of usual size hold (start-local.ts) fits, because
// to refuse what was decoded already is work for nothing.
const maxWaiting = 100_000
// OpenTelemetry's senders give up after 10 s.
const patienceMs = 8_000

export function storingSinks(
  ingest: Ingest,
  live: Live,
  tally: Tally,
  retryAfterSeconds: number,
): DestinationSinks {
  const limits = { maxItems, maxWaiting, patienceMs, retryAfterSeconds }
  const spans = createWriter<ReceivedSpan>({ ...limits, store: (items) => exported(ingest.spans, items) })
  const logs = createWriter<ReceivedLogRecord>({ ...limits, store: (items) => exported(ingest.logs, items) })
  // One request at a time: each resource in it is stored by itself, so requests that shared a failure would repeat.
  const metrics = createWriter<ReceivedMetrics>({
    ...limits,
    maxItems: 1,
    async store(items) {
      let rejected = 0
      // The two packages describe the same object, each as it needs it; neither knows the other's type.
      for (const item of items) rejected += await exported(ingest.metrics, item as never)
      return rejected
    },
  })

  return {
    async traces(data) {
      for (const span of data) if (isUnset(span.startTime)) setStart(span)
      const partial = await spans.write(data)
      tally.spans += data.length
      live.spans(data)
      return partial
    },
    async logs(data) {
      for (const log of data) {
        if (!isSessionReplay(log)) applyLogRules(log)
        if (isUnset(log.hrTime) && isUnset(log.hrTimeObserved)) setObserved(log)
      }
      const partial = await logs.write(data)
      const ordinary = data.filter((log) => !isSessionReplay(log))
      tally.logs += ordinary.length
      tally.sessions += data.length - ordinary.length
      live.logs(ordinary)
      return partial
    },
    async metrics(data) {
      for (const { scopeMetrics } of data) {
        for (const { metrics: all } of scopeMetrics)
          for (const { dataPoints } of all)
            for (const point of dataPoints) if (isUnset(point.endTime)) setEnd(point)
      }
      const partial: PartialSuccess | undefined = await metrics.write(data)
      for (const { scopeMetrics } of data) {
        for (const scope of scopeMetrics)
          for (const { dataPoints } of scope.metrics) tally.points += dataPoints.length
      }
      return partial
    },
  }
}

type HrTime = [seconds: number, nanoseconds: number]

const isUnset = ([seconds, nanoseconds]: HrTime): boolean => seconds === 0 && nanoseconds === 0

// What comes without a time is of now: of 1970 it would be older than anything is kept, and gone although its sender was
// told of success.
function now(): HrTime {
  const ms = Date.now()
  return [Math.floor(ms / 1000), (ms % 1000) * 1_000_000]
}

const setObserved = (log: { hrTimeObserved: HrTime }) => (log.hrTimeObserved = now())

const setEnd = (timed: { endTime: HrTime }) => (timed.endTime = now())

function setStart(span: { startTime: HrTime; endTime: HrTime }): void {
  if (isUnset(span.endTime)) setEnd(span)
  span.startTime = span.endTime
}

/** ingest keeps these records in a table of their own, and the rules are not for them. */
const isSessionReplay = (log: ReceivedLogRecord): boolean => log.attributes["rr-web.event"] !== undefined

/** How many items were refused for good; rejects when the others are not stored. */
function exported<Batch>(exporter: Exporter<Batch>, batch: Batch): Promise<number> {
  return new Promise((resolve, reject) => {
    exporter.export(batch, ({ code, error, rejected = 0 }) => {
      if (code === 0) resolve(rejected)
      else reject(error ?? new Error("the export failed and gave no reason"))
    })
  })
}

interface Exporter<Batch> {
  export(batch: Batch, done: (result: { code: number; error?: Error; rejected?: number }) => void): void
}
