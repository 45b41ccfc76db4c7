// What comes in with a request or message, and what goes out with one: traceparent, tracestate, baggage and the
// session. It is the propagator of the API, and, for instrumentations of our own, which know more than a propagator is
// told, the two functions `incoming` and `outgoing`.
import type {
  Attributes,
  Context,
  Span,
  TextMapGetter,
  TextMapPropagator,
  TextMapSetter,
} from "@opentelemetry/api"
import type { Config } from "../config.ts"
import { api } from "../opentelemetry.ts"
import { tryParseUrl } from "../endpoints.ts"
import { attributesFromBaggage, baggageAttributeKeys } from "./baggage-attributes.ts"
import { formatBaggage, parseBaggage } from "./baggage-header.ts"
import { debug } from "./current.ts"
import { hostList, isLoopback } from "./host-list.ts"
import {
  baggageOf,
  carry,
  createLocalTrace,
  localTraceOf,
  type LocalTrace,
  sessionKey,
  sessionOf,
  spanOf,
  isSessionId,
} from "./local-trace.ts"
import { requestRoot } from "./request-context.ts"
import { sessionFromCookies } from "./session-cookie.ts"
import { formatTraceparent, isRandomFlag, parseTraceparent } from "./trace-parent.ts"
import { parseTracestate, tracestateHeader } from "./trace-state.ts"

/** As node:http has them: names in lower case. */
export type HttpHeaders = Readonly<Record<string, string | string[] | undefined>>

export interface Propagation {
  readonly propagator: TextMapPropagator
  /** The context in which a request's server span is started and its handler runs; never throws. */
  readonly incoming: (headers: HttpHeaders) => Context
  /** Sets the headers of a request to `host` (`api.example.com`, `api.example.com:8443`); `context` holds its span. */
  readonly outgoing: (context: Context, host: string, set: (name: string, value: string) => void) => void
  /** The value of `Server-Timing` on the response of this server span; undefined when it was not asked for. */
  readonly serverTiming: (span: Span) => string | undefined
}

type PropagationConfig = Pick<
  Config,
  | "propagators"
  | "propagateTo"
  | "traceparentTo"
  | "trustIncoming"
  | "sessionHeader"
  | "baggageAttributes"
  | "serverTiming"
>

export function createPropagation(config: PropagationConfig): Propagation {
  const { trace, ROOT_CONTEXT } = api()
  const { propagators, trustIncoming, sessionHeader } = config
  const sendsTrace = propagators.includes("tracecontext")
  const sendsBaggage = propagators.includes("baggage")
  const others = propagators.filter((one) => typeof one === "object")
  const listed = hostList(config.propagateTo)
  const traceListed = hostList(config.traceparentTo)
  const getsBaggage = (host: string) => isLoopback(host) || listed(host)
  const getsTrace = (host: string) => traceListed(host) || isLoopback(host) || listed(host)
  const baggageKeys = baggageAttributeKeys(config.baggageAttributes)

  function extract(context: Context, carrier: unknown, getter: TextMapGetter): Context {
    if (!trustIncoming) return context
    const local = createLocalTrace()
    let extracted = context
    let found = false
    if (sendsTrace) {
      const parent = parseTraceparent(only(getter.get(carrier, "traceparent")))
      if (parent !== undefined) {
        const state = parseTracestate(joined(getter.get(carrier, "tracestate")))
        if (state !== undefined) parent.traceState = state
        extracted = trace.setSpanContext(extracted, parent)
        local.traceId = parent.traceId
        local.random = isRandomFlag(parent.traceFlags)
        found = true
      }
    }
    if (sendsBaggage) {
      const baggage = parseBaggage(joined(getter.get(carrier, "baggage")))
      if (baggage !== undefined) {
        extracted = api().propagation.setBaggage(extracted, baggage)
        local.baggage = baggage
        local.attributes = attributesFromBaggage(baggage, baggageKeys)
        const session = baggage.getEntry(sessionKey)?.value
        if (isSessionId(session)) local.session = session
        found = true
      }
    }
    if (local.session === undefined) {
      const named = only(getter.get(carrier, sessionHeader))
      local.session = isSessionId(named) ? named : sessionFromCookies(joined(getter.get(carrier, "cookie")))
      if (local.session !== undefined) found = true
    }
    for (const other of others) {
      try {
        extracted = other.extract(extracted, carrier, getter)
      } catch (error) {
        debug(`a propagator of the app's threw: ${String(error)}`)
      }
    }
    return found || extracted === ROOT_CONTEXT ? carry(extracted, local) : extracted
  }

  function send(
    context: Context,
    host: string | undefined,
    set: (name: string, value: string) => void,
  ): void {
    const span = spanOf(context)
    if (sendsTrace && span !== undefined && getsTrace(host ?? anyHost)) {
      const spanContext = span.spanContext()
      const traceparent = formatTraceparent(spanContext, isRandom(span, localTraceOf(context)))
      if (traceparent !== undefined) {
        set("traceparent", traceparent)
        const state = tracestateHeader(spanContext.traceState)
        if (state !== undefined) set("tracestate", state)
      }
    }
    if (sendsBaggage && getsBaggage(host ?? anyHost)) {
      const session = sessionOf(context)
      const baggage = baggageOf(context)
      if (session === undefined && baggage === undefined) return
      const header = formatBaggage(baggage, session === undefined ? undefined : [sessionKey, session])
      if (header !== undefined) set("baggage", header)
    }
  }

  function sendOthers<C>(context: Context, carrier: C, setter: TextMapSetter<C>): void {
    for (const other of others) {
      try {
        other.inject(context, carrier, setter)
      } catch (error) {
        debug(`a propagator of the app's threw: ${String(error)}`)
      }
    }
  }

  const isSuppressed = (context: Context) => context.getValue(suppressedKey) === true

  return {
    incoming: (headers) => {
      const context = extract(requestRoot, headers, headerGetter)
      return context === requestRoot ? carry(context, createLocalTrace()) : context
    },
    outgoing: (context, host, set) => {
      if (isSuppressed(context)) return
      send(context, host, set)
      sendOthers(context, set, callSetter)
    },
    serverTiming: (span) => {
      if (!config.serverTiming) return undefined
      const local = localTraceOf(trace.setSpan(ROOT_CONTEXT, span))
      const traceparent = formatTraceparent(span.spanContext(), isRandom(span, local))
      return traceparent && `traceparent;desc="${traceparent}"`
    },
    propagator: {
      inject: (context, carrier, setter) => {
        if (isSuppressed(context)) return
        send(context, targetOf(spanOf(context)), (name, value) => setter.set(carrier, name, value))
        sendOthers(context, carrier, setter)
      },
      extract: (context, carrier, getter) => extract(context, carrier, getter),
      fields: () => [
        ...(sendsTrace ? ["traceparent", "tracestate"] : []),
        ...(sendsBaggage ? ["baggage"] : []),
        ...others.flatMap((other) => other.fields()),
      ],
    },
  }
}

// OpenTelemetry's key for what must not be traced, such as our own requests.
const suppressedKey = Symbol.for("OpenTelemetry SDK Context Key SUPPRESS_TRACING")
// What a target is called of which nothing is known: only a list that allows every host allows it.
const anyHost = "unknown target"

const headerGetter: TextMapGetter<HttpHeaders> = {
  get: (headers, name) => headers[name],
  keys: (headers) => Object.keys(headers),
}
const callSetter: TextMapSetter<(name: string, value: string) => void> = {
  set: (set, name, value) => set(name, value),
}

/** A header that may come once. */
const only = (value: unknown): unknown =>
  Array.isArray(value) ? (value.length === 1 ? value[0] : undefined) : value
/** One that may come several times, which means the same as once with commas. */
const joined = (value: unknown): unknown => (Array.isArray(value) ? value.join(",") : value)

function isRandom(span: Span, local: LocalTrace | undefined): boolean {
  const { isRemote, traceFlags } = span.spanContext()
  return isRemote === true ? isRandomFlag(traceFlags) : local?.random === true
}

const client = 2 // SpanKind.CLIENT
const producer = 3 // SpanKind.PRODUCER

/**
 * A propagator is not told where the request goes, but its span says it. Only spans of what goes out are asked: the
 * address on a server span is what the caller wrote into `Host`. Where no host is named, as with Kafka, which the
 * client finds by itself, the messaging system's name stands for it.
 */
function targetOf(span: Span | undefined): string | undefined {
  const { kind, attributes } = (span ?? {}) as { kind?: number; attributes?: Attributes }
  if ((kind !== client && kind !== producer) || attributes === undefined) return undefined
  const name = attributes["server.address"] ?? attributes["net.peer.name"]
  if (typeof name === "string") return name
  const { "url.full": url, "messaging.system": system } = attributes
  if (typeof url === "string") return tryParseUrl(url)?.host // a queue of SQS
  return typeof system === "string" ? system : undefined
}
