// Holds the ended spans of each local trace until its first span ends, and decides then: what `keep` matches goes on
// whole and counts once, of the rest what the ratio, or the rule for the route, has chosen, with its weight. A trace that
// matches goes on at once, since nothing can change that any more.
//
// What is held is bounded in bytes, spans and time. Beyond that, and whenever all has to go (a flush, the end of the
// process), the oldest are decided by what is known of them; what ends in them later is held anew.
import type { Span } from "@opentelemetry/api"
import type { ReadableSpan } from "@opentelemetry/sdk-trace-base"
import { isSampled, setSampled } from "../context/sampled.ts"
import type { Budget } from "../delivery/budget.ts"
import { heldTraceOf, type HeldTrace, markHeld } from "./held-trace.ts"
import { sampleRateKey, sampleRateOf } from "./sample-rate.ts"
import type { KeepConfig } from "./sampling-config.ts"
import { sizeOfSpan } from "./span-size.ts"
import type { Choice, TraceSampler } from "./trace-sampler.ts"

export interface SamplingStats {
  /** Spans that wait for the end of their local trace, and about how many bytes they take. */
  readonly held: number
  readonly heldBytes: number
  /** Spans that had ended and were left out. They are neither produced nor lost. */
  readonly leftOut: number
  /** Local traces that `keep` has matched. */
  readonly kept: number
  /** Times that a local trace was decided before its end: for want of room, by age, or by a flush. */
  readonly decidedEarly: number
}

export interface HolderOptions {
  readonly keep: KeepConfig | undefined
  /** Of the sampler that decides here; left out for one of the app's own. */
  readonly routes?: Pick<TraceSampler, "choiceOf" | "reroute"> | undefined
  /** Takes a span that is to be sent. */
  readonly send: (span: ReadableSpan) => void
  readonly budget: Budget
  readonly maxBytes: number
  readonly maxSpans: number
  readonly now?: () => number
}

export interface Holder {
  readonly started: (span: Span, parent: Span | undefined) => void
  readonly ended: (span: ReadableSpan) => void
  /** Decides all by what is known now. `crashed`: the process ends of an error, which is one of all that it cuts off. */
  readonly decide: (crashed?: boolean) => void
  /** Decides what is too old; called about once a second. */
  readonly sweep: () => void
  readonly isEmpty: () => boolean
  /** Nothing is held from now on. */
  readonly close: () => void
  readonly stats: () => SamplingStats
}

const oldest = 30_000 // milliseconds that spans wait, unless a slower trace is asked for
const error = 2 // SpanStatusCode.ERROR

interface Held extends HeldTrace {
  readonly root: Span
  readonly begun: number
  readonly choice: Choice | undefined
  spans: ReadableSpan[]
  bytes: number
  /** When the first of these spans ended. */
  since: number
  isMatched: boolean
  hasEnded: boolean
  isLeftOut: boolean
}

export function createHolder(options: HolderOptions): Holder {
  const { keep, routes, send, budget, maxBytes, maxSpans, now = () => performance.now() } = options
  const slowerThan = keep?.slowerThan ?? Infinity
  const latest = Number.isFinite(slowerThan) ? Math.max(oldest, slowerThan) : oldest
  /** In the order in which they began to wait. */
  const waiting = new Set<Held>()
  let held = 0
  let heldBytes = 0
  let leftOut = 0
  let kept = 0
  let decidedEarly = 0
  let isClosed = false

  function begin(root: Span): Held {
    const one: Held = {
      root,
      begun: now(),
      choice: routes?.choiceOf(root),
      spans: [],
      bytes: 0,
      since: 0,
      isMatched: false,
      hasEnded: false,
      isLeftOut: false,
      routed: (route) => {
        if (one.choice !== undefined) routes?.reroute(root, one.choice, route)
      },
      leaveOut: () => {
        one.isLeftOut = true
        setSampled(root.spanContext(), false)
        leftOut += take(one).length
      },
    }
    return one
  }

  function ended(span: ReadableSpan): void {
    const one = heldTraceOf(span as unknown as Span) as Held | undefined
    if (one === undefined) {
      if (isSampled(span.spanContext())) send(span)
      return
    }
    const isRoot = (span as unknown) === one.root
    if (isRoot) one.hasEnded = true
    if (one.isLeftOut) {
      leftOut++
      return
    }
    if (!one.isMatched && (hasError(span) || (isRoot && millisecondsOf(span) > slowerThan))) match(one)
    if (one.isMatched) return sendOnce(span)
    if (!one.hasEnded) return hold(one, span)
    if (isRoot) one.routed(span.attributes["http.route"] as string)
    // The root's end, or what ends after it.
    for (const before of take(one)) byRatio(one, before)
    byRatio(one, span)
  }

  function hasError({ status, events }: Pick<ReadableSpan, "status" | "events">): boolean {
    if (keep?.errors !== true) return false
    return (status.code as number) === error || events.some(({ name }) => name === "exception")
  }

  function match(one: Held): void {
    one.isMatched = true
    kept++
    for (const span of take(one)) sendOnce(span)
  }

  /** Kept for what it is, not by chance: so it stands for itself alone. */
  function sendOnce(span: ReadableSpan): void {
    span.attributes[sampleRateKey] = 1
    send(span)
  }

  function byRatio({ root, choice }: Held, span: ReadableSpan): void {
    const context = root.spanContext()
    if (!isSampled(context)) {
      leftOut++
      return
    }
    // It may have begun under another decision.
    if (choice !== undefined) span.attributes[sampleRateKey] = sampleRateOf(context)
    send(span)
  }

  function hold(one: Held, span: ReadableSpan): void {
    const bytes = sizeOfSpan(span)
    for (let [first] = waiting; first !== undefined && !fits(bytes); [first] = waiting) decideNow(first)
    if (one.isMatched) return sendOnce(span)
    if (isClosed || !fits(bytes)) {
      decideNow(one)
      return one.isMatched ? sendOnce(span) : byRatio(one, span)
    }
    if (one.spans.length === 0) {
      one.since = now()
      waiting.add(one)
    }
    one.spans.push(span)
    one.bytes += bytes
    held++
    heldBytes += bytes
    budget.used += bytes
  }

  const fits = (bytes: number): boolean =>
    held < maxSpans && heldBytes + bytes <= maxBytes && budget.used + bytes <= budget.max

  function take(one: Held): ReadableSpan[] {
    const { spans } = one
    if (spans.length === 0) return spans
    waiting.delete(one)
    held -= spans.length
    heldBytes -= one.bytes
    budget.used -= one.bytes
    one.spans = []
    one.bytes = 0
    return spans
  }

  /** By what is known so far. */
  function decideNow(one: Held, crashed = false): void {
    const root = one.root as unknown as ReadableSpan
    if (crashed || hasError(root) || isSlow(one)) return match(one)
    decidedEarly++
    for (const span of take(one)) byRatio(one, span)
  }

  const isSlow = ({ begun }: Held): boolean => now() - begun > slowerThan

  const decide = (crashed = false) => {
    for (const one of waiting) decideNow(one, crashed && keep?.errors === true)
  }

  return {
    started: (span, parent) => {
      const known = parent && heldTraceOf(parent)
      const isChild = known !== undefined && parent?.spanContext().traceId === span.spanContext().traceId
      markHeld(span, isChild ? known : begin(span))
    },
    ended,
    decide,
    sweep: () => {
      const at = now()
      for (const one of waiting) {
        if (isSlow(one)) match(one)
        else if (at - one.since > latest) decideNow(one)
      }
    },
    isEmpty: () => held === 0,
    close: () => {
      isClosed = true
      decide()
    },
    stats: () => ({ held, heldBytes, leftOut, kept, decidedEarly }),
  }
}

const millisecondsOf = ({ duration: [seconds, nanos] }: ReadableSpan): number => seconds * 1000 + nanos / 1e6
