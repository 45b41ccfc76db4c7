// A trace as plain values, to be continued where no context reaches: in a worker thread, or by whoever takes a job out
// of a queue of the app's own.
import type { Attributes, Context } from "@opentelemetry/api"
import { api } from "../opentelemetry.ts"
import { formatBaggage, parseBaggage } from "./baggage-header.ts"
import type { CarriedTrace } from "./carry-trace.ts"
import {
  baggageOf,
  carry,
  createLocalTrace,
  isSessionId,
  localTraceOf,
  sessionOf,
  spanOf,
} from "./local-trace.ts"
import { formatTraceparent, isRandomFlag, parseTraceparent } from "./trace-parent.ts"
import { parseTracestate, tracestateHeader } from "./trace-state.ts"

export function carriedFrom(context: Context): CarriedTrace {
  const spanContext = spanOf(context)?.spanContext()
  const local = localTraceOf(context)
  const isRandom =
    spanContext?.isRemote === true ? isRandomFlag(spanContext.traceFlags) : local?.random === true
  const traceparent = spanContext && formatTraceparent(spanContext, isRandom)
  return {
    traceparent,
    tracestate: traceparent === undefined ? undefined : tracestateHeader(spanContext?.traceState),
    baggage: formatBaggage(baggageOf(context)),
    session: sessionOf(context),
    attributes: local?.attributes && { ...local.attributes },
  }
}

export function contextFrom(carried: CarriedTrace): Context {
  const { trace, propagation, ROOT_CONTEXT } = api()
  const local = createLocalTrace()
  let context: Context = ROOT_CONTEXT
  const parent = parseTraceparent(carried.traceparent)
  if (parent !== undefined) {
    const state = parseTracestate(carried.tracestate)
    if (state !== undefined) parent.traceState = state
    context = trace.setSpanContext(context, parent)
    local.traceId = parent.traceId
    local.random = isRandomFlag(parent.traceFlags)
  }
  const baggage = parseBaggage(carried.baggage)
  if (baggage !== undefined) {
    context = propagation.setBaggage(context, baggage)
    local.baggage = baggage
  }
  if (isSessionId(carried.session)) {
    local.session = carried.session
    local.explicit = true
  }
  if (isAttributes(carried.attributes)) local.attributes = { ...carried.attributes }
  return carry(context, local)
}

const isAttributes = (value: unknown): value is Attributes =>
  typeof value === "object" && value !== null && !Array.isArray(value)
