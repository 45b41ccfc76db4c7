// What a signal's SDK needs from us: the deliveries to its destinations, as a processor or reader hands items over.
import type { Resource } from "@opentelemetry/resources"
import type { Config } from "./config.ts"
import { createDelivery, type Delivery } from "./delivery.ts"
import type { Target } from "./destinations.ts"
import type { Signal } from "./settings.ts"
import type { Say } from "./stderr.ts"
import { untraced } from "./untraced.ts"

const defaultQueueSize = 32_768
const metricsQueueSize = 60 // an hour of collections at the default interval

/** What a signal's module gets to build its provider from. */
export interface Parts<E> {
  readonly config: Config
  readonly resource: Resource
  readonly targets: readonly Target<E>[]
  readonly say: Say
  /** Tells init() of each delivery, which then counts, flushes and closes it. */
  readonly opened: (delivery: OpenDelivery) => void
}

export interface OpenDelivery extends Pick<Delivery<never>, "flush" | "close" | "stats"> {
  readonly signal: Signal
  readonly destination: string
}

export function openDelivery<T, E extends { shutdown(): Promise<void> }>(
  signal: Signal,
  parts: Parts<E>,
  target: Target<E>,
  send: (exporter: E, items: T[]) => Promise<void>,
): Delivery<T> {
  const { config, resource, say } = parts
  const queued =
    signal === "metrics" ? { queueSize: metricsQueueSize, batchSize: 1, delay: 0 } : config[signal]
  const queueSize = queued.queueSize ?? defaultQueueSize
  const delivery = createDelivery<T>((items) => untraced(() => send(target.exporter, items)), {
    what: signal,
    place: target.place,
    queueSize,
    batchSize: Math.min(queued.batchSize, queueSize), // a fuller batch would never come together
    delay: queued.delay,
    say,
    ready: resource.asyncAttributesPending ? resource.waitForAsyncAttributes?.() : undefined,
  })
  const close = async (timeout: number) => {
    await delivery.close(timeout)
    await target.exporter.shutdown().catch(() => undefined)
  }
  parts.opened({ signal, destination: target.place, flush: delivery.flush, close, stats: delivery.stats })
  return delivery
}
