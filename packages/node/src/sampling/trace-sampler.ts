// Decides which traces are sampled, when they begin: by path, ratio and limit, through the threshold that everybody else
// can check; what began elsewhere as it was decided there. Spans that are not sampled are recorded all the same while
// something may still keep them.
import type { Attributes, Context, Span, SpanContext, TraceState } from "@opentelemetry/api"
import type { Sampler, SamplingResult } from "@opentelemetry/sdk-trace-base"
import { spanOf } from "../context/local-trace.ts"
import { isSampled, setSampled } from "../context/sampled.ts"
import { heldTraceOf } from "./held-trace.ts"
import { randomIn, thresholdIn, withThreshold } from "./ot-member.ts"
import { createRateLimit } from "./rate-limit.ts"
import { compileRules } from "./rules.ts"
import type { SamplingConfig } from "./sampling-config.ts"
import { reaches, type Threshold, thresholdFor } from "./threshold.ts"

// SamplingDecision
const notRecorded = 0
const recorded = 1
const sampled = 2

/** What was decided about a trace that began here, until its route is known. */
export interface Choice {
  readonly path: unknown
  /** The factor that the limit lowered ratios by when it began. */
  readonly share: number
  ratio: number
  isChosen: boolean
}

export interface TraceSampler extends Sampler {
  /** Of a local trace's first span, just begun; undefined when its route will change nothing. */
  readonly choiceOf: (root: Span) => Choice | undefined
  /** Decides anew, now that the route is known, also for the calls that the trace makes from now on. */
  readonly reroute: (root: Span, choice: Choice, route: unknown) => void
}

interface Begun extends Span {
  readonly attributes: Attributes
  readonly parentSpanContext?: SpanContext | undefined
}

type Options = Pick<SamplingConfig, "ratio" | "followsParent" | "perSecond" | "rules" | "keep">

export function createTraceSampler(
  { ratio: general, followsParent, perSecond, rules: given, keep }: Options,
  now: () => number = () => performance.now(),
): TraceSampler {
  const rules = compileRules(given)
  const limit = perSecond === undefined ? undefined : createRateLimit(perSecond, now)
  let share = 1
  /** For the share of now. */
  let thresholds = new Map<number, Threshold | undefined>()

  const otherwise = keep === undefined ? notRecorded : recorded
  const beginning = keep === undefined && !rules.byRoute ? notRecorded : recorded
  const results = [notRecorded, recorded, sampled].map((decision): SamplingResult => ({ decision }))

  const ratioFor = (path: unknown) => rules.atStart(path) ?? general

  function thresholdOf(ratio: number): Threshold | undefined {
    let threshold = thresholds.get(ratio)
    if (threshold === undefined && !thresholds.has(ratio)) {
      thresholds.set(ratio, (threshold = thresholdFor(ratio * share)))
    }
    return threshold
  }

  function begin(traceId: string, path: unknown, state: TraceState | undefined): SamplingResult {
    const ratio = ratioFor(path)
    if (limit !== undefined && ratio > 0) {
      const wanted = limit.offer(ratio)
      if (wanted !== share) {
        share = wanted
        thresholds = new Map()
      }
    }
    const threshold = thresholdOf(ratio)
    const isChosen = threshold !== undefined && reaches(randomIn(state, traceId), threshold)
    if (isChosen) limit?.keep()
    const traceState = withThreshold(state, isChosen ? threshold : undefined)
    const decision = isChosen ? sampled : beginning
    return traceState === undefined ? results[decision]! : { decision, traceState }
  }

  function follow(parent: SpanContext, isHeld: boolean): SamplingResult {
    if (!isSampled(parent)) return results[isHeld ? recorded : otherwise]!
    const { isRemote, traceState, traceId } = parent
    const threshold = isRemote === true ? thresholdIn(traceState) : undefined
    if (threshold === undefined || reaches(randomIn(traceState, traceId), threshold)) return results[sampled]!
    // It was not kept by that: nobody after us should count by it.
    return { decision: sampled, traceState: withThreshold(traceState, undefined)! }
  }

  return {
    shouldSample(context: Context, traceId: string, _name, _kind, attributes: Attributes) {
      const span = spanOf(context)
      const parent = span?.spanContext()
      const isChild = parent?.traceId === traceId
      if (!isChild) return begin(traceId, attributes["url.path"], undefined)
      if (parent.isRemote === true && !followsParent)
        return begin(traceId, attributes["url.path"], parent.traceState)
      const held = heldTraceOf(span!)
      if (held?.isLeftOut === true) return results[notRecorded]!
      return follow(parent, held !== undefined)
    },
    toString: () => `clickstack{${general}}`,
    choiceOf: (root) => {
      if (!rules.byRoute) return undefined
      const { parentSpanContext: parent, attributes } = root as Begun
      if (parent !== undefined && (followsParent || parent.isRemote !== true)) return undefined
      const path = attributes["url.path"]
      return { path, share, ratio: ratioFor(path), isChosen: isSampled(root.spanContext()) }
    },
    reroute: (root, choice, route) => {
      const ratio = rules.atEnd(choice.path, route) ?? ratioFor(choice.path)
      if (ratio === choice.ratio) return
      const context = root.spanContext()
      const { traceId, traceState } = context
      const threshold = choice.share === share ? thresholdOf(ratio) : thresholdFor(ratio * choice.share)
      const isChosen = threshold !== undefined && reaches(randomIn(traceState, traceId), threshold)
      limit?.correct(ratio - choice.ratio, Number(isChosen) - Number(choice.isChosen))
      choice.ratio = ratio
      choice.isChosen = isChosen
      setSampled(context, isChosen)
      const changed = withThreshold(traceState, isChosen ? threshold : undefined)
      if (changed === undefined) delete context.traceState
      else context.traceState = changed
    },
  }
}

/** A sampler of the app's own, when what it does not choose may be kept all the same. */
export function recordAll(sampler: Sampler): Sampler {
  return {
    shouldSample: (...args) => {
      const result = sampler.shouldSample(...args)
      return (result.decision as number) === notRecorded ? { ...result, decision: recorded } : result
    },
    toString: () => sampler.toString(),
  }
}
