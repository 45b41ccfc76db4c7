// What was recorded, as a test reads it and waits for it. Whatever records feeds it: an SDK in this process, or a
// receiver for other processes.
import { TestingError } from "../errors.ts"
import { haveTrace } from "../matchers/have-trace.ts"
import type { DrawOptions } from "../tree/draw.ts"
import { type LogLike, readLog, type RecordedLog } from "./log.ts"
import { type MetricsLike, readMetrics, type RecordedMetric } from "./metric.ts"
import { describeTelemetry } from "./describe.ts"
import { nextTurn, now, pause } from "./real-time.ts"
import { readSpan, type RecordedSpan, type SpanKind, type SpanLike } from "./span.ts"
import { buildTraces, type Trace, type TraceSpan } from "./trace.ts"

/** By its name, by some of what it has, or by a function. */
export type SpanFilter =
  | string
  | RegExp
  | {
      readonly name?: string | RegExp
      readonly kind?: SpanKind
      readonly service?: string
      readonly status?: RecordedSpan["status"]
      readonly attributes?: RecordedSpan["attributes"]
    }
  | ((span: TraceSpan) => boolean)

export interface WaitOptions {
  /** Milliseconds; 5000 unless given. Fake timers do not change it. */
  readonly timeout?: number
}

export interface OpenSpan {
  readonly name: string
  readonly traceId: string
  readonly spanId: string
  /** How long it has been open, in milliseconds. */
  readonly age: number
}

export interface Telemetry {
  /** Spans that have ended, in the order in which they did. */
  readonly spans: readonly RecordedSpan[]
  readonly logs: readonly RecordedLog[]
  /** As of the last `flush()`, which `trace()` and `waitFor()` do as well. */
  readonly metrics: readonly RecordedMetric[]
  /** Spans that have begun and not ended; known only in this process. */
  readonly open: readonly OpenSpan[]
  /** By the time they began. */
  traces(): Trace[]
  /** All traces, drawn. */
  tree(options?: DrawOptions): string
  /** The first span of that kind, with its children and logs. */
  find(filter: SpanFilter): TraceSpan | undefined
  /**
   * The one trace, when it is complete: no span of it is open. Of several it is the one whose root is meant.
   * @throws TestingError TIMED_OUT, telling what is open; AMBIGUOUS, when there are several.
   */
  trace(root?: SpanFilter, options?: WaitOptions): Promise<Trace>
  /**
   * Waits until a drawn tree is there, or a function gives something.
   * @throws TestingError TIMED_OUT, telling what is missing.
   */
  waitFor(tree: string, options?: WaitOptions): Promise<TraceSpan>
  waitFor<T>(
    find: (telemetry: Telemetry) => T,
    options?: WaitOptions,
  ): Promise<Exclude<T, undefined | null | false>>
  /** Brings in what is on its way. */
  flush(): Promise<void>
  /** Forgets everything. */
  reset(): void
}

/** The side that records. */
export interface Recorder {
  readonly telemetry: Telemetry
  started(span: SpanLike): void
  ended(span: SpanLike): void
  spans(spans: readonly SpanLike[]): void
  logs(logs: readonly LogLike[]): void
  metrics(metrics: MetricsLike): void
}

interface RecorderOptions {
  /** Makes whatever records hand over what it has. */
  readonly flush?: () => Promise<void>
  /** What records is in this process, so that it is known which spans are open. */
  readonly local?: boolean
}

const defaultTimeout = 5000
const look = 20 // milliseconds between two looks, when nothing tells of a change

const timeoutOf = ({ timeout = defaultTimeout }: WaitOptions = {}) => timeout

export function createRecorder({ flush = async () => {}, local = true }: RecorderOptions = {}): Recorder {
  const recorded: { spans: RecordedSpan[]; logs: RecordedLog[]; metrics: Map<string, RecordedMetric> } = {
    spans: [],
    logs: [],
    metrics: new Map(),
  }
  const open = new Map<
    string,
    { name: string; traceId: string; spanId: string; since: number; span: SpanLike }
  >()
  const order = new Map<string, number>()
  let traces: Trace[] | undefined
  let forgotten = new Set<string>() // open spans of before the last reset
  let changed: (() => void)[] = []

  function change(): void {
    traces = undefined
    const told = changed
    changed = []
    for (const tell of told) tell()
  }

  const telemetry: Telemetry = {
    get spans() {
      return recorded.spans
    },
    get logs() {
      return recorded.logs
    },
    get metrics() {
      return [...recorded.metrics.values()]
    },
    get open() {
      return [...open.values()].map(({ traceId, spanId, since, span }) => ({
        name: span.name, // it may have got another one meanwhile
        traceId,
        spanId,
        age: now() - since,
      }))
    },
    traces: () => (traces ??= buildTraces(recorded.spans, recorded.logs, (spanId) => order.get(spanId) ?? 0)),
    tree: (options) =>
      telemetry
        .traces()
        .map((trace) => trace.tree(options))
        .join("\n"),
    find: (filter) => {
      const matches = filterOf(filter)
      for (const trace of telemetry.traces()) {
        const found = trace.spans.find(matches)
        if (found !== undefined) return found
      }
      return undefined
    },
    trace: async (root, options) => {
      const matches = root === undefined ? () => true : filterOf(root)
      const find = () => {
        const found = telemetry.traces().filter((trace) => trace.roots.some(matches))
        const isOpen = (trace: Trace) => [...open.values()].some(({ traceId }) => traceId === trace.traceId)
        if (found.length === 0 || found.some(isOpen) || (root === undefined && open.size > 0))
          return undefined
        return local || found.every(isWhole) ? found : undefined
      }
      const found = await wait(find, options, () => {
        const which =
          root === undefined ? "a complete trace" : `a complete trace whose root is ${showFilter(root)}`
        return `waited for ${which}\n\nafter ${timeoutOf(options)} ms:\n${describeTelemetry(telemetry)}`
      })
      if (found.length === 1) return found[0]!
      throw new TestingError(
        "AMBIGUOUS",
        `there are ${found.length} traces; say which: trace("...") takes the name of its root, traces() gives all\n\n${describeTelemetry(telemetry)}`,
      )
    },
    waitFor: (async (wanted: string | ((telemetry: Telemetry) => unknown), options?: WaitOptions) => {
      if (typeof wanted === "function") {
        const found = () => wanted(telemetry) || undefined
        return wait(
          found,
          options,
          () =>
            `waited ${timeoutOf(options)} ms for what the function looks for\n\n${describeTelemetry(telemetry)}`,
        )
      }
      const find = () => {
        const result = haveTrace(telemetry, wanted)
        return result.pass ? result.found[0] : undefined
      }
      return wait(
        find,
        options,
        () => `waited ${timeoutOf(options)} ms; ${haveTrace(telemetry, wanted).message()}`,
      )
    }) as Telemetry["waitFor"],
    flush,
    reset: () => {
      recorded.spans = []
      recorded.logs = []
      recorded.metrics = new Map()
      forgotten = new Set([...forgotten, ...open.keys()])
      open.clear()
      order.clear()
      change()
    },
  }

  async function wait<T>(
    find: () => T | undefined,
    options: WaitOptions | undefined,
    tell: () => string,
  ): Promise<T> {
    const until = now() + timeoutOf(options)
    for (;;) {
      await flush()
      await nextTurn() // what ends in the same turn belongs to it
      await flush()
      const found = find()
      if (found !== undefined) return found
      const left = until - now()
      if (left <= 0) break
      await Promise.race([new Promise<void>((resolve) => changed.push(resolve)), pause(Math.min(look, left))])
    }
    throw new TestingError("TIMED_OUT", tell())
  }

  return {
    telemetry,
    started: (span) => {
      const { traceId, spanId } = span.spanContext()
      open.set(spanId, { name: span.name, traceId, spanId, since: now(), span })
      order.set(spanId, order.size + 1)
      change()
    },
    ended: (span) => {
      open.delete(span.spanContext().spanId)
      change()
    },
    spans: (spans) => {
      for (const span of spans) {
        const read = readSpan(span, local)
        if (!forgotten.delete(read.spanId)) recorded.spans.push(read)
      }
      change()
    },
    logs: (logs) => {
      recorded.logs.push(...logs.map(readLog))
      change()
    },
    metrics: (metrics) => {
      for (const metric of readMetrics(metrics)) {
        recorded.metrics.set(`${metric.service}\n${metric.scope.name}\n${metric.name}`, metric)
      }
      change()
    },
  }
}

/** Every parent that is known to be in the same process has arrived. */
function isWhole(trace: Trace): boolean {
  return trace.roots.every(
    ({ parentId, parentIsRemote }) => parentId === undefined || parentIsRemote !== false,
  )
}

function filterOf(filter: SpanFilter): (span: TraceSpan) => boolean {
  if (typeof filter === "function") return filter
  const wanted = typeof filter === "string" || filter instanceof RegExp ? { name: filter } : filter
  return (span) => {
    const { name, kind, service, status, attributes = {} } = wanted
    if (name !== undefined && !(name instanceof RegExp ? name.test(span.name) : name === span.name))
      return false
    if (kind !== undefined && kind !== span.kind) return false
    if (service !== undefined && service !== span.service) return false
    if (status !== undefined && status !== span.status) return false
    return Object.entries(attributes).every(([key, value]) => isSame(span.attributes[key], value))
  }
}

const isSame = (a: unknown, b: unknown) =>
  a === b || (typeof b === "object" && JSON.stringify(a) === JSON.stringify(b))

const showFilter = (filter: SpanFilter) =>
  typeof filter === "function" || filter instanceof RegExp ? String(filter) : JSON.stringify(filter)
