// What every span and log gets before it is kept: the session and the attributes of its trace, and the names that the
// UI reads; a span also how many it stands for. A span joins its trace when it starts and is given all of it when it ends, so what was set meanwhile counts.
import type { Attributes } from "@opentelemetry/api"
import type { LogRecordProcessor, ReadableLogRecord } from "@opentelemetry/sdk-logs"
import type { SpanProcessor } from "@opentelemetry/sdk-trace-base"
import type { Config } from "../config.ts"
import { rewriteExceptions } from "../exceptions/span-exceptions.ts"
import { attributesFromBaggage, baggageAttributeKeys } from "./baggage-attributes.ts"
import { addOldHttpNames } from "./http-names.ts"
import {
  baggageOf,
  join,
  localTraceOf,
  localTraceOfSpan,
  sessionKey,
  sessionOf,
  sessionScopeOfSpan,
  isSessionId,
} from "./local-trace.ts"
import { sampleRateKey, sampleRateOf } from "../sampling/sample-rate.ts"
import { isSampled } from "./sampled.ts"

type EnrichConfig = Pick<Config, "baggageAttributes">

/** Stands before the processors that deliver. */
export function enrichSpans({ baggageAttributes }: EnrichConfig): SpanProcessor {
  const keys = baggageAttributeKeys(baggageAttributes)
  return {
    onStart: (span, context) => {
      const local = join(span, context)
      const spanContext = span.spanContext()
      // Only what was sampled somewhere has a trace state, as a rule.
      if (spanContext.traceState !== undefined && isSampled(spanContext)) {
        const rate = (local.sampleRate ??= sampleRateOf(spanContext))
        if (rate > 1) span.attributes[sampleRateKey] = rate
      }
      const baggage = baggageOf(context)
      // What came with the request is in `local`; this is baggage that the app itself has set meanwhile.
      if (baggage === undefined || baggage === local.baggage) return
      add(span.attributes, attributesFromBaggage(baggage, keys))
      const session = baggage.getEntry(sessionKey)?.value
      if (!local.explicit && sessionScopeOfSpan(span) === undefined && isSessionId(session)) {
        span.attributes[sessionKey] ??= session
      }
    },
    onEnd: (span) => {
      const local = localTraceOfSpan(span)
      if (local !== undefined) {
        const session = sessionScopeOfSpan(span)?.session ?? local.session
        if (session !== undefined) span.attributes[sessionKey] ??= session
        add(span.attributes, local.attributes)
      }
      addOldHttpNames(span)
      if (span.events.length > 0) rewriteExceptions(span)
    },
    forceFlush: () => Promise.resolve(),
    shutdown: () => Promise.resolve(),
  }
}

export function enrichLogs({ baggageAttributes }: EnrichConfig): LogRecordProcessor {
  const keys = baggageAttributeKeys(baggageAttributes)
  return {
    onEmit: (record, context) => {
      if (context === undefined) return
      const attributes = (record as ReadableLogRecord).attributes as Attributes
      const session = sessionOf(context)
      if (session !== undefined) attributes[sessionKey] ??= session
      const local = localTraceOf(context)
      const baggage = baggageOf(context)
      if (baggage !== undefined && baggage !== local?.baggage) {
        add(attributes, attributesFromBaggage(baggage, keys))
      }
      add(attributes, local?.attributes)
    },
    forceFlush: () => Promise.resolve(),
    shutdown: () => Promise.resolve(),
  }
}

/** What a span or log says itself counts more. */
function add(attributes: Attributes, more: Attributes | undefined): void {
  for (const key in more) if (attributes[key] === undefined) attributes[key] = more[key]!
}
