// What the API's globals hold, and so what modules keep: stand-ins for tracers, loggers and meters. They load the SDK
// when the first span, log record, instrument or context is made: loading it takes about as long as starting Node
// does, and much of what starts never needs it. And they outlive it: after shutdown() they do nothing, and the next
// init() has them, wherever they are kept. That costs a span one comparison.
import type {
  Context,
  ContextManager,
  Span,
  TextMapPropagator,
  Tracer,
  TracerProvider,
} from "@opentelemetry/api"
import type { MeterProvider } from "@opentelemetry/api"
import type { Logger, LoggerProvider } from "@opentelemetry/api-logs"
import { activeContext } from "./context/current.ts"
import type { Propagation } from "./context/propagation.ts"
import { createRequire } from "./builtins.ts"
import type { Providers } from "./globals.ts"
import { api } from "./opentelemetry.ts"
import type { StandInMeters } from "./stand-in-meters.ts"

const require = createRequire(import.meta.url)
const load = {
  meters: (): typeof import("./stand-in-meters.ts") => require("./stand-in-meters.js"),
  readable: (): typeof import("./readable-record.ts") => require("./readable-record.js"),
}

export interface Lazy<T> {
  readonly get: () => T
  readonly made: () => T | undefined
}

/** A value that is made when it is first needed. */
export function lazy<T>(make: () => T): Lazy<T> {
  let value: T | undefined
  let done = false
  return {
    get: () => {
      if (!done) {
        value = make()
        done = true
      }
      return value as T
    },
    made: () => value,
  }
}

/** As 1.10 has it, so that `attach` is there too. */
export interface AttachingContextManager extends ContextManager {
  attach(context: Context): { dispose(): void }
}

/** What an SDK makes when it is needed; a signal left out is off. */
export interface Sources {
  readonly context?: Lazy<AttachingContextManager>
  readonly propagation?: Lazy<TextMapPropagator>
  /** The same, for instrumentations of our own. */
  readonly headers?: Lazy<Propagation>
  readonly trace?: Lazy<TracerProvider>
  readonly logs?: Lazy<LoggerProvider>
  readonly metrics?: Lazy<MeterProvider>
}

export type StandInProviders = Required<Omit<Providers, "diag">>

// The last one seated is the one behind the stand-ins.
const seated: Sources[] = []
let now: Sources = {}
let turn = 0 // grows whenever that changes

/** Puts an SDK behind the stand-ins until the returned function is called. `below` is put under those seated. */
export function seat(sources: Sources, { below = false }: { below?: boolean } = {}): () => void {
  if (below) seated.unshift(sources)
  else seated.push(sources)
  settle()
  return () => {
    const index = seated.indexOf(sources)
    if (index >= 0) seated.splice(index, 1)
    settle()
  }
}

function settle(): void {
  const next = seated.at(-1) ?? {}
  if (next === now) return
  now = next
  turn++
  meters?.moved()
}

class StandInTracer implements Tracer {
  readonly #scope: Parameters<TracerProvider["getTracer"]>
  #tracer: Tracer | undefined
  #turn = -1

  constructor(scope: Parameters<TracerProvider["getTracer"]>) {
    this.#scope = scope
  }

  startSpan(...[name, options, context]: Parameters<Tracer["startSpan"]>): Span {
    if (this.#turn !== turn) this.#move()
    return this.#tracer!.startSpan(name, options, context)
  }

  startActiveSpan(...args: unknown[]): never {
    if (this.#turn !== turn) this.#move()
    return (this.#tracer!.startActiveSpan as (...given: unknown[]) => never).apply(this.#tracer, args)
  }

  #move(): void {
    this.#turn = turn
    this.#tracer = (now.trace?.get() ?? new (api().ProxyTracerProvider)()).getTracer(...this.#scope)
  }
}

const silent: Logger = { emit: () => undefined, enabled: () => false }

class StandInLogger implements Logger {
  readonly #scope: Parameters<LoggerProvider["getLogger"]>
  #logger: Logger = silent
  #turn = -1

  constructor(scope: Parameters<LoggerProvider["getLogger"]>) {
    this.#scope = scope
  }

  emit(record: Parameters<Logger["emit"]>[0]): void {
    if (this.#turn !== turn) this.#move()
    try {
      this.#logger.emit(record)
    } catch {
      this.#logger.emit(load.readable().readableRecord(record))
    }
  }

  enabled(...args: Parameters<Logger["enabled"]>): boolean {
    if (this.#turn !== turn) this.#move()
    return this.#logger.enabled(...args)
  }

  #move(): void {
    this.#turn = turn
    this.#logger = now.logs?.get().getLogger(...this.#scope) ?? silent
  }
}

const context: AttachingContextManager = {
  active: () => now.context?.get().active() ?? api().ROOT_CONTEXT,
  with: (active, fn, thisArg, ...args) =>
    now.context === undefined
      ? fn.call(thisArg as ThisParameterType<typeof fn>, ...args)
      : now.context.get().with(active, fn, thisArg, ...args),
  bind: (active, target) => now.context?.get().bind(active, target) ?? target,
  attach: (active) => now.context?.get().attach(active) ?? { dispose: () => undefined },
  enable: () => context,
  disable: () => {
    now.context?.made()?.disable()
    return context
  },
}

const propagation: TextMapPropagator = {
  inject: (...args) => now.propagation?.get().inject(...args),
  extract: (...args) => now.propagation?.get().extract(...args) ?? args[0],
  fields: () => now.propagation?.get().fields() ?? [],
}

const noPropagation: Propagation = {
  propagator: propagation,
  incoming: () => api().ROOT_CONTEXT,
  outgoing: () => undefined,
  serverTiming: () => undefined,
}

/** What comes in and goes out by HTTP headers; instrumentations of our own know more than a propagator is told. */
export const currentPropagation = (): Propagation => now.headers?.get() ?? noPropagation

/** Whether a log record goes anywhere. */
export const takesLogs = (): boolean => now.logs !== undefined

/** Nothing is active, and nothing need be loaded to know it, until something has made the first context. */
export const contextOfLine = (): Context | undefined =>
  now.context !== undefined && now.context.made() === undefined ? undefined : activeContext()

let meters: StandInMeters | undefined

/** One for the whole process, since what they hand out is kept. */
export const standIns: StandInProviders = {
  context,
  propagation,
  trace: { getTracer: (...scope) => new StandInTracer(scope) },
  logs: { getLogger: (...scope) => new StandInLogger(scope) },
  metrics: {
    getMeter: (...scope) => {
      meters ??= load.meters().meterProviders(() => now.metrics)
      return meters.getMeter(...scope)
    },
  },
}
