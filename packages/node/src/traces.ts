// Traces through sdk-trace-base; upstream's packages are loaded when the first span starts.
import type { Context } from "@opentelemetry/api"
import type {
  BasicTracerProvider,
  ReadableSpan,
  Sampler,
  SpanExporter,
  SpanProcessor,
} from "@opentelemetry/sdk-trace-base"
import type { Config } from "./config.ts"
import { enrichSpans } from "./context/enrich.ts"
import type { Delivery } from "./delivery/delivery.ts"
import { exportWith } from "./destinations.ts"
import { spanKind } from "./delivery/pack.ts"
import { snapshotSpans } from "./delivery/snapshot.ts"
import { sdkTraceBase } from "./opentelemetry.ts"
import { encodeSpans } from "./otlp/encode-spans.ts"
import { openDelivery, type Parts, type SignalDelivery } from "./pipeline.ts"
import { upstreamSpanProcessor } from "./upstream.ts"

const sampled = 1 // TraceFlags.SAMPLED

export function createTracerProvider(parts: Parts<SpanExporter>): BasicTracerProvider {
  const { config, resource, targets } = parts
  const { limits } = config
  const processors = config.delivery
    ? targets.map((target) =>
        spanProcessor(openDelivery<ReadableSpan, SpanExporter>("traces", parts, target, spanDelivery)),
      )
    : targets.map((target) => upstreamSpanProcessor(parts, target))
  return new (sdkTraceBase().BasicTracerProvider)({
    resource,
    sampler: createSampler(config),
    spanProcessors: [enrichSpans(config), ...(parts.watch === undefined ? [] : [parts.watch]), ...processors],
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
      if ((span.spanContext().traceFlags & sampled) !== 0) delivery.push(span)
    },
    forceFlush: () => Promise.resolve(),
    shutdown: () => Promise.resolve(),
  }
}

export function createSampler({ sampler, samplerRatio }: Pick<Config, "sampler" | "samplerRatio">): Sampler {
  if (typeof sampler !== "string") return sampler
  const { AlwaysOffSampler, AlwaysOnSampler, ParentBasedSampler, TraceIdRatioBasedSampler } = sdkTraceBase()
  const name = sampler.replace("parentbased_", "")
  const root =
    name === "always_on"
      ? new AlwaysOnSampler()
      : name === "always_off"
        ? new AlwaysOffSampler()
        : new TraceIdRatioBasedSampler(samplerRatio)
  return name === sampler ? root : new ParentBasedSampler({ root })
}
