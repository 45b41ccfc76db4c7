// The span processor that stands before the deliveries while local traces are held until their end.
import type { ReadableSpan, SpanProcessor } from "@opentelemetry/sdk-trace-base"
import { spanOf } from "../context/local-trace.ts"
import { isSampled } from "../context/sampled.ts"
import type { Budget } from "../delivery/budget.ts"
import { createHolder, type SamplingStats } from "./holder.ts"
import type { KeepConfig } from "./sampling-config.ts"
import type { TraceSampler } from "./trace-sampler.ts"

/** What the SDK does with it besides. */
export interface Holding {
  /** Hands over at once all that is held, decided by what is known. */
  readonly decide: () => void
  /** As `decide`, and nothing is held from now on. */
  readonly close: () => void
  readonly stats: () => SamplingStats
}

interface Options {
  readonly keep: KeepConfig | undefined
  readonly routes: TraceSampler | undefined
  readonly budget: Budget
  /** Those who deliver. */
  readonly sinks: readonly SpanSink[]
}

interface SpanSink {
  readonly send: (span: ReadableSpan) => void
  readonly processor: SpanProcessor
}

const mostSpans = 20_000
const sweepEvery = 1000 // milliseconds

export function holdSpans({ keep, routes, budget, sinks }: Options): {
  processor: SpanProcessor
  holding: Holding
} {
  const holder = createHolder({
    keep,
    routes,
    budget,
    send: sinks.length === 1 ? sinks[0]!.send : (span) => sinks.forEach((sink) => sink.send(span)),
    maxBytes: budget.max / 4,
    maxSpans: mostSpans,
  })
  const crash = watchCrash()
  let sweeping: NodeJS.Timeout | undefined

  const sweep = () => {
    sweeping = undefined
    holder.sweep()
    sweepLater()
  }
  const sweepLater = () => {
    if (sweeping === undefined && !holder.isEmpty()) sweeping = setTimeout(sweep, sweepEvery).unref()
  }
  const processor: SpanProcessor = {
    onStart: (span, context) => holder.started(span, spanOf(context)),
    onEnd: (span) => {
      holder.ended(span)
      sweepLater()
    },
    forceFlush: async () => {
      holder.decide()
      await Promise.all(sinks.map((sink) => sink.processor.forceFlush()))
    },
    shutdown: async () => {
      holder.close()
      await Promise.all(sinks.map((sink) => sink.processor.shutdown()))
    },
  }
  const holding: Holding = {
    decide: () => holder.decide(crash.isNow()),
    close: () => {
      holder.decide(crash.isNow())
      holder.close()
      clearTimeout(sweeping)
      crash.unwatch()
    },
    stats: holder.stats,
  }
  return { processor, holding }
}

/** OpenTelemetry's own processors take only what is sampled, which a kept span is by now. */
export function toUpstream(processor: SpanProcessor): SpanSink {
  const send = (span: ReadableSpan) => {
    const context = span.spanContext()
    if (isSampled(context)) return processor.onEnd(span)
    const sampled = { ...context, traceFlags: context.traceFlags | 1 }
    processor.onEnd(Object.create(span, { spanContext: { value: () => sampled } }) as ReadableSpan)
  }
  return { send, processor }
}

/** Whether the process is about to end of an error that nobody caught; an app that catches it goes on. */
function watchCrash(): { isNow: () => boolean; unwatch: () => void } {
  let isCrashing = false
  const onError = () => {
    isCrashing = true
    setImmediate(() => (isCrashing = false)).unref()
  }
  process.on("uncaughtExceptionMonitor", onError)
  return { isNow: () => isCrashing, unwatch: () => process.off("uncaughtExceptionMonitor", onError) }
}
