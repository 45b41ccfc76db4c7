// What this process knows of one trace beyond its spans: the session and the attributes that all its spans and logs
// get. One object per local trace, held by its spans and by the context that a request came in with, and by nothing
// else: it goes when they go, and no other trace can reach it.
import type { Attributes, Baggage, Context, Span } from "@opentelemetry/api"

export const sessionKey = "session.id"

/** Which ids a session may have. */
export function isSessionId(id: unknown): id is string {
  return typeof id === "string" && id.length <= 128 && /^[A-Za-z0-9._~:-]+$/.test(id)
}

export interface LocalTrace {
  /** Unknown until the first span starts, unless it came with the request. */
  traceId: string | undefined
  /** Whether the right half of the trace id is random, which every traceparent of this trace has to say alike. */
  random: boolean
  session: string | undefined
  /** The app itself set the session; nothing that came with a request counts any more. */
  explicit: boolean
  attributes: Attributes | undefined
  /** The baggage that came with the request; its attributes are in `attributes`. */
  baggage: Baggage | undefined
  /** The first span here: of the server, for a request. */
  root: Span | undefined
  /** How many traces it stands for, once a span has asked. */
  sampleRate: number | undefined
}

/** What withSession() has set for all that its function does. */
export interface SessionScope {
  session: string
}

// Symbols of the registry, since an app may hold several copies of this package and of the API, whose own keys are
// such symbols too.
const ofSpan = Symbol.for("@clickstack/node trace of the span")
const scopeOfSpan = Symbol.for("@clickstack/node session of the span")
const parentOf = Symbol.for("@clickstack/node parent of the span")
const carriedKey = Symbol.for("@clickstack/node trace")
const scopeKey = Symbol.for("@clickstack/node session")
const spanKey = Symbol.for("OpenTelemetry Context Key SPAN")
const baggageKey = Symbol.for("OpenTelemetry Baggage Key")

/** What ends a span in a way of its own when the process dies, as a server's request does. */
export const endsSpan: unique symbol = Symbol.for("@clickstack/node ends the span")

type Marked = Span & {
  [ofSpan]?: LocalTrace
  [scopeOfSpan]?: SessionScope
  [parentOf]?: Span
  [endsSpan]?: { readonly fail: (type: string) => void }
}

export const createLocalTrace = (): LocalTrace => ({
  traceId: undefined,
  random: false,
  session: undefined,
  explicit: false,
  attributes: undefined,
  baggage: undefined,
  root: undefined,
  sampleRate: undefined,
})

export const spanOf = (context: Context): Span | undefined => context.getValue(spanKey) as Span | undefined
export const baggageOf = (context: Context): Baggage | undefined =>
  context.getValue(baggageKey) as Baggage | undefined
export const scopeOf = (context: Context): SessionScope | undefined =>
  context.getValue(scopeKey) as SessionScope | undefined
export const localTraceOfSpan = (span: unknown): LocalTrace | undefined => (span as Marked)[ofSpan]
export const sessionScopeOfSpan = (span: unknown): SessionScope | undefined => (span as Marked)[scopeOfSpan]

export const parentOfSpan = (span: Span): Span | undefined => (span as Marked)[parentOf]

export const carry = (context: Context, local: LocalTrace): Context => context.setValue(carriedKey, local)
export const enterScope = (context: Context, scope: SessionScope): Context =>
  context.setValue(scopeKey, scope)

/** The trace that is active in this context. */
export function localTraceOf(context: Context): LocalTrace | undefined {
  const span = spanOf(context)
  const own = span && localTraceOfSpan(span)
  if (own !== undefined) return own
  const carried = context.getValue(carriedKey) as LocalTrace | undefined
  if (carried?.traceId === undefined || span === undefined) return carried
  return carried.traceId === span.spanContext().traceId ? carried : undefined
}

/** As `localTraceOf`, made if there is a span that has none yet: one that is not sampled, or of another SDK. */
export function ownLocalTraceOf(context: Context): LocalTrace | undefined {
  const known = localTraceOf(context)
  const span = spanOf(context)
  if (known !== undefined || span === undefined) return known
  const { traceId } = span.spanContext()
  if (/^0*$/.test(traceId)) return undefined
  const local = createLocalTrace()
  local.traceId = traceId
  ;(span as Marked)[ofSpan] = local
  return local
}

interface StartedSpan extends Span {
  readonly parentSpanContext?: { readonly traceFlags: number } | undefined
}

/** Makes a span that starts a member of its local trace. */
export function join(span: StartedSpan, context: Context): LocalTrace {
  const parent: Marked | undefined = spanOf(context)
  const local = parent?.[ofSpan] ?? begin(span, context)
  ;(span as Marked)[ofSpan] = local
  if (parent?.isRecording() === true) (span as Marked)[parentOf] = parent
  const scope = scopeOf(context)
  if (scope !== undefined) (span as Marked)[scopeOfSpan] = scope
  return local
}

function begin(span: StartedSpan, context: Context): LocalTrace {
  const { traceId } = span.spanContext()
  const carried = context.getValue(carriedKey) as LocalTrace | undefined
  let local = carried
  if (local === undefined || (local.traceId !== undefined && local.traceId !== traceId)) {
    local = createLocalTrace()
    // A new trace in the midst of a request, such as a span with `root: true`: of the same user still.
    local.session = carried?.session
    local.explicit = carried?.explicit ?? false
  }
  const parent = span.parentSpanContext
  local.traceId = traceId
  local.random = parent === undefined || (parent.traceFlags & 2) !== 0
  local.root ??= span
  return local
}

/** The session of what happens in this context: set by the app, or by baggage, or what came with the request. */
export function sessionOf(context: Context): string | undefined {
  const span = spanOf(context)
  const scope = scopeOf(context) ?? (span && sessionScopeOfSpan(span))
  if (scope !== undefined) return scope.session
  const local = localTraceOf(context)
  if (local?.explicit !== true) {
    const baggage = baggageOf(context)
    if (baggage !== undefined && baggage !== local?.baggage) {
      const session = baggage.getEntry(sessionKey)?.value
      if (isSessionId(session)) return session
    }
  }
  return local?.session
}
