// faulty(): a destination around another one, that can fail, hang, slow down and reject, and change how while it is
// used.
import type { MemoryExporter } from "../memory.ts"
import type { LogLike } from "../recorded/log.ts"
import type { MetricsLike } from "../recorded/metric.ts"
import type { SpanLike } from "../recorded/span.ts"

/** Exporters of OpenTelemetry's, as a destination of init() has them. */
export interface FaultyTarget {
  readonly spans?: AnyExporter<SpanLike[]> | undefined
  readonly logs?: AnyExporter<LogLike[]> | undefined
  readonly metrics?: AnyExporter<MetricsLike> | undefined
}

interface AnyExporter<Items> {
  // `never`, since whose spans they take does not matter here.
  export(items: never, done: (result: Result) => void): void
  forceFlush?(): Promise<void>
  shutdown(): Promise<void>
  readonly taken?: Items
}

interface Result {
  code: number
  error?: Error
  /** How many of the items were refused for good: @clickstack/node and the exporters of @clickstack/ingest know it. */
  rejected?: number
}

export interface Faulty {
  readonly spans: MemoryExporter<SpanLike[]>
  readonly logs: MemoryExporter<LogLike[]>
  readonly metrics: MemoryExporter<MetricsLike>
  /** How many exports there were, whatever became of them. */
  readonly exports: () => number
  /** The next exports fail with this error; all of them until `heal()`, unless a number is given. */
  fail(error?: Error, times?: number): void
  /** The next exports get no answer, until `heal()`, which lets those that wait go on. */
  hang(): void
  /** Every export takes that much longer, in milliseconds. */
  slow(milliseconds: number): void
  /** Of each export so many items are refused for good; the rest is taken. */
  reject(count: number): void
  /** As if nothing had been. */
  heal(): void
}

/** With `retryable: false` a sender that knows it gives up. */
class DestinationFailed extends Error {
  override readonly name = "DestinationFailed"
  readonly retryable = true
}

export function faulty(target: FaultyTarget = {}): Faulty {
  let failure: { error: Error; times: number } | undefined
  let hanging: (() => void)[] | undefined
  let delay = 0
  let rejected = 0
  let exports = 0

  function exporter<Items>(inner: AnyExporter<Items> | undefined): MemoryExporter<Items> {
    const pass = (items: Items, done: (result: Result) => void): void => {
      const refused = Math.min(rejected, Array.isArray(items) ? items.length : 1)
      const taken = Array.isArray(items) ? (items.slice(refused) as Items) : items
      const answer = (result: Result) =>
        done(refused === 0 || result.code !== 0 ? result : { ...result, rejected: refused })
      if (inner === undefined || (Array.isArray(items) ? (taken as unknown[]).length === 0 : refused > 0))
        answer({ code: 0 })
      else inner.export(taken as never, answer)
    }
    return {
      export: (items, done) => {
        exports++
        const go = (): void => {
          if (hanging !== undefined) return void hanging.push(go)
          if (failure !== undefined) {
            const { error } = failure
            if (--failure.times <= 0) failure = undefined
            return done({ code: 1, error })
          }
          pass(items, done)
        }
        if (delay > 0) setTimeout(go, delay)
        else go()
      },
      forceFlush: async () => inner?.forceFlush?.(),
      shutdown: async () => inner?.shutdown(),
    }
  }

  return {
    spans: exporter(target.spans),
    logs: exporter(target.logs),
    metrics: exporter(target.metrics),
    exports: () => exports,
    fail: (error = new DestinationFailed("the destination was told to fail"), times = Infinity) => {
      failure = { error, times }
    },
    hang: () => {
      hanging ??= []
    },
    slow: (milliseconds) => {
      delay = milliseconds
    },
    reject: (count) => {
      rejected = count
    },
    heal: () => {
      const waiting = hanging ?? []
      failure = undefined
      hanging = undefined
      delay = 0
      rejected = 0
      for (const go of waiting) go()
    },
  }
}
