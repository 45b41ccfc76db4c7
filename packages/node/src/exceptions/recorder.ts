// Records exceptions: an event on a span, with parsed frames, and a log record of that span, with the stack as a text,
// because the UI shows the text where an event has both. Loaded with the first exception.
import type { Attributes, Context, Span, TimeInput } from "@opentelemetry/api"
import type { LoggerProvider } from "@opentelemetry/api-logs"
import type { Config } from "../config.ts"
import { activeContext } from "../context/current.ts"
import { spanOf } from "../context/local-trace.ts"
import { isSampled } from "../context/sampled.ts"
import { api } from "../opentelemetry.ts"
import { attributesOf } from "./exception-attributes.ts"
import type { LocalVariables } from "./local-variables.ts"
import { createFrameReader, type Effort } from "./read-frames.ts"
import { readThrown, type Thrown } from "./read-thrown.ts"
import type { ExceptionRecorder, Occurrence } from "./record-exception.ts"

const name = "exception" // of the event, and of a span that is made for it
const scope = "@clickstack/node"
const error = 2 // SpanStatusCode.ERROR
const server = 1 // SpanKind.SERVER
const severity = 17 // SeverityNumber.ERROR
const framesKey = "exception.parsed_stacktrace"
const stackKey = "exception.stacktrace"
const causesKey = "exception.cause"
const mostCauses = 10
// In one second. Reading sources takes time and storms come without end; what exceeds these is recorded all the same,
// but without source lines, then with the stack as a text alone.
const mostWithSource = 20
const mostWithFrames = 200

interface ExceptionEvent {
  readonly name: string
  attributes?: Attributes
}
type ReadableSpan = Span & { readonly kind?: number; readonly events?: readonly ExceptionEvent[] }

interface Recorded {
  /** In which it was; the same error may be thrown in others, too. */
  readonly trace: string | undefined
  readonly span: Span | undefined
  readonly attributes: Attributes | undefined
}

/** What is one for the whole process. */
export interface Surroundings {
  readonly logs: LoggerProvider
  readonly seenEsModules: ReadonlySet<string>
  readonly variables: LocalVariables | undefined
}

export function createRecorder(
  config: Config,
  { logs, seenEsModules, variables }: Surroundings,
): ExceptionRecorder {
  const recorded = new WeakMap<object, Recorded>()
  const ours = new WeakSet<ExceptionEvent>()
  const readFrames = createFrameReader(config, seenEsModules)
  const logger = logs.getLogger(scope)
  const effortNow = createEffort()
  let primitive: { readonly value: unknown; readonly trace: string | undefined } | undefined

  function record(thrown: unknown, { span: given, attributes, time, dying = false }: Occurrence): void {
    const context = activeContext()
    const active = given ?? (context && spanOf(context))
    const trace = active?.spanContext().traceId
    const known = isObject(thrown) ? recorded.get(thrown) : undefined
    if (known !== undefined && (trace === undefined || known.trace === trace)) {
      if (known.attributes !== undefined)
        showOnRequest(known, Object.assign(known.attributes, attributes), given)
      return
    }
    if (!isObject(thrown) && isRepeated(thrown, trace)) return

    const read = readThrown(thrown)
    const text = attributesOf(thrown, read)
    const frames = framesOf(thrown, read, dying ? "all" : effortNow())
    const [span, isFresh] = spanFor(active, context)
    const event = span && addEvent(span, { read, text, frames, attributes, time })
    if (isObject(thrown)) {
      const recordedTrace = (span ?? active)?.spanContext().traceId
      recorded.set(thrown, { trace: recordedTrace, span, attributes: event?.attributes })
    }
    emitLog({ ...attributes, ...text }, span ?? active, context, time)
    if (isFresh) span!.setStatus({ code: error, message: read.message }).end()
  }

  /** The span of a request shows what it failed with, also when a span within it has recorded that. */
  function showOnRequest(known: Recorded, attributes: Attributes, span: ReadableSpan | undefined): void {
    if (span === undefined || span === known.span || span.kind !== server || !span.isRecording()) return
    if (span.events?.some((event) => ours.has(event)) === true) return
    span.addEvent(name)
    const event = span.events?.at(-1)
    if (event?.name !== name) return
    event.attributes = attributes
    ours.add(event)
  }

  /** A text that is thrown through several functions comes along within one turn of the event loop. */
  function isRepeated(value: unknown, trace: string | undefined): boolean {
    if (primitive !== undefined && primitive.value === value && primitive.trace === trace) return true
    if (primitive === undefined) setImmediate(() => (primitive = undefined)).unref()
    primitive = { value, trace }
    return false
  }

  function framesOf(thrown: unknown, read: Thrown, effort: Effort): string | undefined {
    if (effort === "none" || read.stack === undefined) return undefined
    const calls = effort === "all" && isObject(thrown) ? variables?.of(thrown) : undefined
    return readFrames(read.stack, read.message, effort, calls)
  }

  function addEvent(
    span: ReadableSpan,
    {
      read,
      text,
      frames,
      attributes,
      time,
    }: {
      read: Thrown
      text: Attributes
      frames: string | undefined
      attributes: Attributes | undefined
      time: TimeInput | undefined
    },
  ): ExceptionEvent | undefined {
    // An instrumentation may have put it there itself, without telling whose it is.
    const there = span.events?.find(
      (event) =>
        event.name === name && !ours.has(event) && event.attributes?.["exception.message"] === read.message,
    )
    if (there === undefined) span.addEvent(name, { ...attributes, ...text }, time)
    const event = there ?? span.events?.at(-1)
    if (event?.name !== name) return undefined // no events allowed, or a span of another SDK
    ours.add(event)
    const own = { ...event.attributes, ...attributes, ...(there === undefined ? {} : text) }
    if (frames !== undefined) {
      delete own[stackKey] // or the UI shows it in the place of the frames
      own[framesKey] = frames
    }
    const causes = frames === undefined ? [] : causesOf(read)
    if (causes.length > 0) own[causesKey] = causes.join("\n")
    event.attributes = own
    return event
  }

  function emitLog(
    attributes: Attributes,
    span: Span | undefined,
    context: Context | undefined,
    time?: TimeInput,
  ) {
    const { trace, ROOT_CONTEXT } = api()
    const around = context ?? ROOT_CONTEXT
    logger.emit({
      severityNumber: severity,
      severityText: "ERROR",
      body: bodyOf(attributes),
      attributes,
      context: span === undefined || spanOf(around) === span ? around : trace.setSpan(around, span),
      ...(time === undefined ? {} : { timestamp: time }),
    })
  }

  function rewrite(span: unknown): void {
    for (const event of (span as ReadableSpan).events ?? []) {
      const { attributes } = event
      const stack = attributes?.[stackKey]
      if (event.name !== name || attributes === undefined || ours.has(event) || typeof stack !== "string")
        continue
      ours.add(event)
      emitLog({ ...attributes }, span as Span, undefined)
      const effort = effortNow()
      const frames =
        effort === "none"
          ? undefined
          : readFrames(stack, String(attributes["exception.message"] ?? ""), effort)
      if (frames === undefined) continue
      const { [stackKey]: _text, ...own } = attributes
      event.attributes = { ...own, [framesKey]: frames }
    }
  }

  return { record, rewrite }
}

const bodyOf = ({ "exception.type": type, "exception.message": message }: Attributes) =>
  [type, message].filter((one) => one !== undefined && one !== "").join(": ") || name

/** The span that gets the event; a fresh one where none is open. In a trace that is not sampled there is none. */
function spanFor(
  active: Span | undefined,
  context: Context | undefined,
): [Span | undefined, isFresh: boolean] {
  if (active?.isRecording() === true) return [active, false]
  if (active !== undefined && !isSampled(active.spanContext())) return [undefined, false]
  const { trace, ROOT_CONTEXT } = api()
  const around = context ?? ROOT_CONTEXT
  const parent = active === undefined || spanOf(around) === active ? around : trace.setSpan(around, active)
  const span = trace.getTracer(scope).startSpan(name, {}, parent)
  return span.isRecording() ? [span, true] : [undefined, false]
}

/** What led to it, the nearest first, and what an AggregateError stands for: the stack that says so is not on the span. */
function causesOf(thrown: Thrown): string[] {
  const causes: string[] = []
  const waiting = [...(thrown.cause === undefined ? [] : [thrown.cause.value]), ...(thrown.errors ?? [])]
  while (waiting.length > 0 && causes.length < mostCauses) {
    const { type, message, cause } = readThrown(waiting.shift())
    causes.push(message === "" ? type : `${type}: ${message}`)
    if (cause !== undefined) waiting.unshift(cause.value)
  }
  return causes
}

function createEffort(): () => Effort {
  let second = 0
  let count = 0
  return () => {
    const now = Math.floor(performance.now() / 1000)
    if (now !== second) {
      second = now
      count = 0
    }
    count++
    return count <= mostWithSource ? "all" : count <= mostWithFrames ? "frames" : "none"
  }
}

const isObject = (value: unknown): value is object =>
  (typeof value === "object" && value !== null) || typeof value === "function"
