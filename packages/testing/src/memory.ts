// memory(): a destination that keeps what it is given, for tests. Beside the exporters there are processors, for a
// set-up of OpenTelemetry's own: they also know which spans are still open.
import type { LogLike } from "./recorded/log.ts"
import type { MetricsLike } from "./recorded/metric.ts"
import type { SpanLike } from "./recorded/span.ts"
import { createRecorder, type Recorder, type Telemetry } from "./recorded/telemetry.ts"

/** An exporter of OpenTelemetry's, of any of its versions. */
export interface MemoryExporter<Items> {
  export(items: Items, done: (result: { code: number; error?: Error }) => void): void
  forceFlush(): Promise<void>
  shutdown(): Promise<void>
}

export interface MemorySpanProcessor {
  onStart(span: SpanLike): void
  onEnd(span: SpanLike): void
  forceFlush(): Promise<void>
  shutdown(): Promise<void>
}

interface MemoryLogRecordProcessor {
  onEmit(record: LogLike): void
  forceFlush(): Promise<void>
  shutdown(): Promise<void>
}

export interface Memory {
  readonly spans: MemoryExporter<SpanLike[]>
  readonly logs: MemoryExporter<LogLike[]>
  readonly metrics: MemoryExporter<MetricsLike>
  /** In place of `spans`, in a set-up of OpenTelemetry's own. */
  readonly spanProcessor: MemorySpanProcessor
  /** In place of `logs`. */
  readonly logRecordProcessor: MemoryLogRecordProcessor
  /** What was recorded. */
  readonly telemetry: Telemetry
}

export interface MemoryOptions {
  /** Makes the SDK hand over what it has, such as `() => meterProvider.forceFlush()`; `trace()` and `waitFor()` call it. */
  readonly flush?: () => Promise<void>
}

export function memory(options: MemoryOptions = {}): Memory {
  const recorder = createRecorder(options)
  return { ...exportersTo(recorder), ...processorsTo(recorder), telemetry: recorder.telemetry }
}

export function exportersTo(recorder: Recorder): Pick<Memory, "spans" | "logs" | "metrics"> {
  return {
    spans: exporter(recorder.spans),
    logs: exporter(recorder.logs),
    metrics: exporter(recorder.metrics),
  }
}

function processorsTo(recorder: Recorder): Pick<Memory, "spanProcessor" | "logRecordProcessor"> {
  const sampled = 1
  return {
    spanProcessor: {
      ...watcherOf(recorder),
      onEnd: (span) => {
        recorder.ended(span)
        const { traceFlags = sampled } = span.spanContext() as { traceFlags?: number }
        if ((traceFlags & sampled) !== 0) recorder.spans([span])
      },
    },
    logRecordProcessor: { onEmit: (record) => recorder.logs([record]), ...settled },
  }
}

/** Sees spans begin and end, and keeps none. */
export const watcherOf = (recorder: Recorder): MemorySpanProcessor => ({
  onStart: (span) => recorder.started(span),
  onEnd: (span) => recorder.ended(span),
  ...settled,
})

const settled = { forceFlush: () => Promise.resolve(), shutdown: () => Promise.resolve() }

function exporter<Items>(take: (items: Items) => void): MemoryExporter<Items> {
  return {
    export: (items, done) => {
      take(items)
      done({ code: 0 })
    },
    ...settled,
  }
}
