// Traces through sdk-trace-base; upstream's packages are loaded when the first span starts.
import type { Context } from "@opentelemetry/api"
import type {
  BasicTracerProvider,
  ReadableSpan,
  Sampler,
  SpanExporter,
  SpanProcessor,
} from "@opentelemetry/sdk-trace-base"
import { createRequire } from "./builtins.ts"
import type { Config } from "./config.ts"
import { enrichSpans } from "./context/enrich.ts"
import { capturePanel } from "./redaction/capture-panel.ts"
import { isSampled } from "./context/sampled.ts"
import { takeRecordException } from "./exceptions/span-exceptions.ts"
import type { Delivery } from "./delivery/delivery.ts"
import { exportWith, type Target } from "./destinations.ts"
import { spanKind } from "./delivery/pack.ts"
import { snapshotSpans } from "./delivery/snapshot.ts"
import { sdkTraceBase } from "./opentelemetry.ts"
import { encodeSpans } from "./otlp/encode-spans.ts"
import { openDelivery, type Parts, type SignalDelivery } from "./pipeline.ts"
import type { SamplingConfig } from "./sampling/sampling-config.ts"
import type { TraceSampler } from "./sampling/trace-sampler.ts"

const require = createRequire(import.meta.url)
const load = {
  holdSpans: (): typeof import("./sampling/hold-spans.ts") => require("./sampling/hold-spans.js"),
  sampler: (): typeof import("./sampling/trace-sampler.ts") => require("./sampling/trace-sampler.js"),
  upstream: (): typeof import("./upstream.ts") => require("./upstream.js"),
}

export function createTracerProvider(parts: Parts<SpanExporter>): BasicTracerProvider {
  const { config, resource, targets } = parts
  const { limits } = config
  const sampler = createSampler(config)
  const processors = isHeld(config.sampling)
    ? [hold(parts, sampler)]
    : targets.map((target) =>
        config.delivery
          ? spanProcessor(deliveryTo(parts, target))
          : load.upstream().upstreamSpanProcessor(parts, target),
      )
  const { BasicTracerProvider } = sdkTraceBase()
  takeRecordException(new BasicTracerProvider().getTracer("").startSpan(""))
  return new BasicTracerProvider({
    resource,
    sampler,
    spanProcessors: [
      ...present(capturePanel(config.capture)),
      enrichSpans(config),
      ...present(parts.watch),
      ...processors,
    ],
    generalLimits: {
      attributeCountLimit: limits.spanAttributes,
      attributeValueLengthLimit: limits.spanAttributeLength ?? Infinity,
    },
    spanLimits: {
      attributeCountLimit: limits.spanAttributes,
      attributeValueLengthLimit: limits.spanAttributeLength ?? Infinity,
      eventCountLimit: limits.spanEvents,
      linkCountLimit: limits.spanLinks,
      attributePerEventCountLimit: limits.eventAttributes,
      attributePerLinkCountLimit: limits.linkAttributes,
    },
  })
}

const present = <T>(one: T | undefined): T[] => (one === undefined ? [] : [one])

const deliveryTo = (parts: Parts<SpanExporter>, target: Target<SpanExporter>): Delivery<ReadableSpan> =>
  openDelivery<ReadableSpan, SpanExporter>("traces", parts, target, spanDelivery)

/** Whether spans wait for the end of their local trace. */
const isHeld = ({ keep, rules }: SamplingConfig): boolean =>
  keep !== undefined || rules.some(({ route }) => route !== undefined)

function hold(parts: Parts<SpanExporter>, sampler: Sampler): SpanProcessor {
  const { config, targets, budget } = parts
  const { holdSpans, toUpstream } = load.holdSpans()
  const { processor, holding } = holdSpans({
    keep: config.sampling.keep,
    routes: config.sampling.sampler === undefined ? (sampler as TraceSampler) : undefined,
    budget,
    sinks: targets.map((target) => {
      if (!config.delivery) return toUpstream(load.upstream().upstreamSpanProcessor(parts, target))
      const delivery = deliveryTo(parts, target)
      return { send: delivery.push, processor: spanProcessor(delivery) }
    }),
  })
  parts.holding(holding)
  return processor
}

const spanDelivery: SignalDelivery<ReadableSpan, SpanExporter> = {
  kind: spanKind,
  snapshot: snapshotSpans,
  encoder: encodeSpans,
  send: exportWith,
}

/** Hands ended spans over; whoever opened the delivery flushes and closes it. */
export function spanProcessor(delivery: Pick<Delivery<ReadableSpan>, "push">): SpanProcessor {
  return {
    onStart: (_span: unknown, _context: Context) => undefined,
    onEnd: (span) => {
      if (isSampled(span.spanContext())) delivery.push(span)
    },
    forceFlush: () => Promise.resolve(),
    shutdown: () => Promise.resolve(),
  }
}

export function createSampler({ sampling }: Pick<Config, "sampling">): Sampler {
  const { sampler, plain, keep, followsParent } = sampling
  if (sampler !== undefined) return keep === undefined ? sampler : load.sampler().recordAll(sampler)
  if (plain === undefined || keep !== undefined) return load.sampler().createTraceSampler(sampling)
  const { AlwaysOffSampler, AlwaysOnSampler, ParentBasedSampler } = sdkTraceBase()
  const root = plain === "always_on" ? new AlwaysOnSampler() : new AlwaysOffSampler()
  return followsParent ? new ParentBasedSampler({ root }) : root
}
