// Everything that can be read, as functions over one way to ask ClickHouse: a running ClickStack, or any other.
import { type DurationBucket, readDurations } from "./durations.ts"
import type { Ask, SpanFilter, TimeRange } from "./filter.ts"
import { type Histogram, type HistogramQuery, readHistogram } from "./histogram.ts"
import { type LogPage, type LogQuery, readLogs } from "./logs.ts"
import { type MetricInfo, type MetricPoint, type MetricQuery, readMetric, readMetrics } from "./metrics.ts"
import { type Service, readServices } from "./services.ts"
import { type RecordedEvent, type SessionSummary, readSession, readSessions } from "./sessions.ts"
import { type Trace, readTrace } from "./trace.ts"
import { type TraceQuery, type TraceSummary, readTraces } from "./traces.ts"

export interface Reader {
  logs(query?: LogQuery): Promise<LogPage>
  traces(query?: TraceQuery): Promise<TraceSummary[]>
  trace(traceId: string): Promise<Trace | undefined>
  histogram(query: HistogramQuery): Promise<Histogram>
  durations(filter?: SpanFilter): Promise<DurationBucket[]>
  metrics(range?: TimeRange): Promise<MetricInfo[]>
  metric(query: MetricQuery): Promise<MetricPoint[]>
  services(range?: TimeRange): Promise<Service[]>
  sessions(query?: TimeRange & { limit?: number | undefined }): Promise<SessionSummary[]>
  session(id: string, limit?: number): Promise<RecordedEvent[]>
}

export function createReader(ask: Ask): Reader {
  return {
    logs: (query) => readLogs(ask, query),
    traces: (query) => readTraces(ask, query),
    trace: (traceId) => readTrace(ask, traceId),
    histogram: (query) => readHistogram(ask, query),
    durations: (filter) => readDurations(ask, filter),
    metrics: (range) => readMetrics(ask, range),
    metric: (query) => readMetric(ask, query),
    services: (range) => readServices(ask, range),
    sessions: (query) => readSessions(ask, query),
    session: (id, limit) => readSession(ask, id, limit),
  }
}
