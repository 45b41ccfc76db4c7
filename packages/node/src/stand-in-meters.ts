// Stand-ins for meters and their instruments, which are kept even longer than tracers: most are made when a module is
// loaded, and many are never used. An instrument is made in the SDK, which is loaded for it, when it is first used
// there; those that the SDK asks itself, the observable ones, at once and when it takes its place.
import type {
  Attributes,
  BatchObservableCallback,
  Meter,
  MeterProvider,
  MetricOptions,
  Observable,
  ObservableCallback,
} from "@opentelemetry/api"
import { api } from "./opentelemetry.ts"
import type { Lazy } from "./stand-ins.ts"

type Scope = Parameters<MeterProvider["getMeter"]>
type Create = "createCounter" | "createUpDownCounter" | "createHistogram" | "createGauge"
type CreateObservable = "createObservableCounter" | "createObservableUpDownCounter" | "createObservableGauge"

export interface StandInMeters extends MeterProvider {
  /** Another SDK is behind the stand-ins now. */
  moved(): void
}

export function meterProviders(provider: () => Lazy<MeterProvider> | undefined): StandInMeters {
  let turn = 0
  const observables: StandInObservable[] = []
  const batches = new Map<
    BatchObservableCallback,
    { meter: () => Meter; observables: readonly Observable[] }
  >()

  /** The SDK's meter, or one that does nothing; again only after a move. */
  function keepMeter(scope: Scope): () => Meter {
    let meter: Meter | undefined
    let madeIn = -1
    return () => {
      if (meter === undefined || madeIn !== turn) {
        madeIn = turn
        meter =
          provider()
            ?.get()
            .getMeter(...scope) ?? api().createNoopMeter()
      }
      return meter
    }
  }

  function instrument(meter: () => Meter, create: Create, name: string, options?: MetricOptions) {
    let made: { add?: Measure; record?: Measure } | undefined
    let madeIn = -1
    const current = () => {
      if (made === undefined || madeIn !== turn) {
        madeIn = turn
        made = meter()[create](name, options) as { add?: Measure; record?: Measure }
      }
      return made
    }
    return {
      add: (...args: Parameters<Measure>) => current().add?.(...args),
      record: (...args: Parameters<Measure>) => current().record?.(...args),
    }
  }

  class StandInObservable implements Observable {
    readonly #make: () => Observable
    readonly #callbacks = new Set<ObservableCallback>()
    made: Observable

    constructor(make: () => Observable) {
      this.#make = make
      this.made = make()
    }

    addCallback(callback: ObservableCallback): void {
      this.#callbacks.add(callback)
      this.made.addCallback(callback)
    }

    removeCallback(callback: ObservableCallback): void {
      this.#callbacks.delete(callback)
      this.made.removeCallback(callback)
    }

    move(): void {
      this.made = this.#make()
      for (const callback of this.#callbacks) this.made.addCallback(callback)
    }
  }

  const madeOf = (given: readonly Observable[]) =>
    given.map((one) => (one instanceof StandInObservable ? one.made : one))

  /** The SDK knows its own observables, the app ours. */
  function observeBatch(meter: Meter, callback: BatchObservableCallback, given: readonly Observable[]): void {
    const bound: BatchObservableCallback = (result) =>
      callback({
        observe: (observable: Observable, value: number, attributes?: Attributes) =>
          result.observe(
            observable instanceof StandInObservable ? observable.made : observable,
            value,
            attributes,
          ),
      })
    bounds.set(callback, bound)
    meter.addBatchObservableCallback(bound, madeOf(given))
  }
  const bounds = new Map<BatchObservableCallback, BatchObservableCallback>()

  function standInMeter(scope: Scope): Meter {
    const meter = keepMeter(scope)
    const observable = (create: CreateObservable, name: string, options?: MetricOptions) => {
      const made = new StandInObservable(() => meter()[create](name, options))
      observables.push(made)
      return made
    }
    return {
      createCounter: (name, options) => instrument(meter, "createCounter", name, options),
      createUpDownCounter: (name, options) => instrument(meter, "createUpDownCounter", name, options),
      createHistogram: (name, options) => instrument(meter, "createHistogram", name, options),
      createGauge: (name, options) => instrument(meter, "createGauge", name, options),
      createObservableCounter: (name, options) => observable("createObservableCounter", name, options),
      createObservableUpDownCounter: (name, options) =>
        observable("createObservableUpDownCounter", name, options),
      createObservableGauge: (name, options) => observable("createObservableGauge", name, options),
      addBatchObservableCallback: (callback: BatchObservableCallback, given: Observable[]) => {
        batches.set(callback, { meter, observables: given })
        observeBatch(meter(), callback, given)
      },
      removeBatchObservableCallback: (callback: BatchObservableCallback, given: Observable[]) => {
        batches.delete(callback)
        meter().removeBatchObservableCallback(bounds.get(callback) ?? callback, madeOf(given))
        bounds.delete(callback)
      },
    }
  }

  return {
    getMeter: (...scope) => standInMeter(scope),
    moved: () => {
      turn++
      if (provider() === undefined) return
      for (const one of observables) one.move()
      for (const [callback, { meter, observables: given }] of batches) observeBatch(meter(), callback, given)
    },
  }
}

type Measure = (value: number, attributes?: Attributes, context?: unknown) => void
