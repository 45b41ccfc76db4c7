// What the API's globals hold from the start: stand-ins that load the SDK when the first span, log record, instrument
// or context is made. Loading it takes about as long as starting Node does, and much of what starts never needs it.
import type {
  Context,
  ContextManager,
  Meter,
  MeterProvider,
  Span,
  TextMapPropagator,
  Tracer,
  TracerProvider,
} from "@opentelemetry/api"
import type { Logger, LoggerProvider } from "@opentelemetry/api-logs"
import type { lazy } from "./lazy.ts"

type Lazy<T> = ReturnType<typeof lazy<T>>

export function lazyTracerProvider(provider: Lazy<TracerProvider>): TracerProvider {
  return {
    getTracer: (...scope) => {
      const made = provider.made()
      return made === undefined
        ? new LazyTracer(() => provider.get().getTracer(...scope))
        : made.getTracer(...scope)
    },
  }
}

class LazyTracer implements Tracer {
  readonly #make: () => Tracer
  #tracer: Tracer | undefined

  constructor(make: () => Tracer) {
    this.#make = make
  }

  startSpan(...args: Parameters<Tracer["startSpan"]>): Span {
    this.#tracer ??= this.#make()
    return this.#tracer.startSpan(...args)
  }

  startActiveSpan(...args: unknown[]): never {
    this.#tracer ??= this.#make()
    return (this.#tracer.startActiveSpan as (...given: unknown[]) => never).apply(this.#tracer, args)
  }
}

export function lazyLoggerProvider(provider: Lazy<LoggerProvider>): LoggerProvider {
  return {
    getLogger: (...scope) => {
      const made = provider.made()
      return made === undefined
        ? new LazyLogger(() => provider.get().getLogger(...scope))
        : made.getLogger(...scope)
    },
  }
}

class LazyLogger implements Logger {
  readonly #make: () => Logger
  #logger: Logger | undefined

  constructor(make: () => Logger) {
    this.#make = make
  }

  emit(...args: Parameters<Logger["emit"]>): void {
    this.#logger ??= this.#make()
    this.#logger.emit(...args)
  }

  enabled(...args: Parameters<Logger["enabled"]>): boolean {
    this.#logger ??= this.#make()
    return this.#logger.enabled(...args)
  }
}

/** A meter loads the SDK when it is asked for its first instrument. */
export function lazyMeterProvider(provider: Lazy<MeterProvider>): MeterProvider {
  return {
    getMeter: (...scope) => {
      const made = provider.made()
      return made === undefined ? lazyMeter(() => provider.get().getMeter(...scope)) : made.getMeter(...scope)
    },
  }
}

function lazyMeter(make: () => Meter): Meter {
  let made: Meter | undefined
  const meter = () => (made ??= make())
  return {
    createGauge: (...args) => meter().createGauge(...args),
    createHistogram: (...args) => meter().createHistogram(...args),
    createCounter: (...args) => meter().createCounter(...args),
    createUpDownCounter: (...args) => meter().createUpDownCounter(...args),
    createObservableGauge: (...args) => meter().createObservableGauge(...args),
    createObservableCounter: (...args) => meter().createObservableCounter(...args),
    createObservableUpDownCounter: (...args) => meter().createObservableUpDownCounter(...args),
    addBatchObservableCallback: (...args) => meter().addBatchObservableCallback(...args),
    removeBatchObservableCallback: (...args) => meter().removeBatchObservableCallback(...args),
  }
}

/** As 1.10 has it, so that `attach` is there too. */
export interface AttachingContextManager extends ContextManager {
  attach(context: Context): { dispose(): void }
}

export function lazyContextManager(manager: Lazy<AttachingContextManager>): AttachingContextManager {
  const stand: AttachingContextManager = {
    active: () => manager.get().active(),
    with: (...args) => manager.get().with(...args),
    bind: (...args) => manager.get().bind(...args),
    attach: (context) => manager.get().attach(context),
    enable: () => stand,
    disable: () => {
      manager.made()?.disable()
      return stand
    },
  }
  return stand
}

export function lazyPropagator(propagator: Lazy<TextMapPropagator>): TextMapPropagator {
  return {
    inject: (...args) => propagator.get().inject(...args),
    extract: (...args) => propagator.get().extract(...args),
    fields: () => propagator.get().fields(),
  }
}
