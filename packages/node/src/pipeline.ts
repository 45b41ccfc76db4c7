// What a signal's SDK needs from us: the deliveries to its destinations, as a processor or reader hands items over.
import type { Resource } from "@opentelemetry/resources"
import type { SpanProcessor } from "@opentelemetry/sdk-trace-base"
import type { Config } from "./config.ts"
import type { Budget } from "./delivery/budget.ts"
import type { Send } from "./delivery/attempt.ts"
import { createDelivery, type Delivery } from "./delivery/delivery.ts"
import { spoolAt } from "./delivery/open-spool.ts"
import type { Outages } from "./delivery/outages.ts"
import type { ItemKind } from "./delivery/pack.ts"
import type { Snapshot, SnapshotOptions } from "./delivery/snapshot.ts"
import type { StatsOf } from "./delivery/self-metrics.ts"
import { createRelay, linkToMain } from "./delivery/worker-relay.ts"
import type { Target } from "./destinations.ts"
import type { Signal } from "./signals.ts"
import type { Say } from "./stderr.ts"
import { untraced } from "./untraced.ts"

/** What a signal's module gets to build its provider from. */
export interface Parts<E> {
  readonly config: Config
  readonly resource: Resource
  readonly targets: readonly Target<E>[]
  readonly say: Say
  /** Sees spans start and end, beside the deliveries. */
  readonly watch?: SpanProcessor | undefined
  /** The memory that all deliveries share. */
  readonly budget: Budget
  readonly outages: Outages
  readonly statsOf: StatsOf
  /** Tells init() of each delivery, which then counts, flushes and closes it. */
  readonly opened: (delivery: OpenDelivery) => void
}

export interface OpenDelivery extends Pick<Delivery<never>, "flush" | "close" | "exit" | "stats" | "lose"> {
  readonly signal: Signal
  readonly destination: string
  /** What a worker thread has packed. */
  readonly take: (packed: unknown) => void
}

export function openDelivery<T, E extends { shutdown(): Promise<void> }>(
  signal: Signal,
  parts: Parts<E>,
  target: Target<E>,
  { kind, snapshot, send }: SignalDelivery<T, E>,
): Delivery<T> {
  const { config, resource, say, budget, outages } = parts
  const link = linkToMain()
  if (link !== undefined) return openRelay(signal, parts, target, { kind, snapshot, send }, link)
  const { batchSize, delay } = signal === "metrics" ? { batchSize: 1, delay: 0 } : config[signal]
  const delivery = createDelivery<T>((items) => untraced(() => send(target.exporter, items)), {
    what: signal,
    place: target.place,
    kind,
    snapshot: snapshot({ caps: capsFor(signal, config) }),
    batchSize,
    delay,
    timeout: config[signal].timeout,
    budget,
    outages,
    say,
    openSpool: spoolFor(signal, parts, target),
    abort: () => (target.exporter as { abort?: () => void }).abort?.(),
    ready: resource.asyncAttributesPending ? resource.waitForAsyncAttributes?.() : undefined,
  })
  const close = async (timeout: number) => {
    await delivery.close(timeout)
    await target.exporter.shutdown().catch(() => undefined)
  }
  const { flush, exit, stats, lose, accept } = delivery
  const take = (packed: unknown) => accept(kind.unpack(packed))
  parts.opened({ signal, destination: target.place, flush, exit, close, stats, take, lose })
  return delivery
}

/** In a worker thread the main thread delivers. */
function openRelay<T, E>(
  signal: Signal,
  parts: Parts<E>,
  target: Target<E>,
  { kind, snapshot }: SignalDelivery<T, E>,
  link: NonNullable<ReturnType<typeof linkToMain>>,
): Delivery<T> {
  const relay = createRelay<T>(link, {
    signal,
    target: parts.targets.indexOf(target),
    kind,
    snapshot: snapshot({ caps: capsFor(signal, parts.config) }),
  })
  const { flush, exit, close, stats } = relay
  parts.opened({
    signal,
    destination: target.place,
    flush,
    exit,
    close,
    stats,
    take: () => undefined,
    lose: relay.lose,
  })
  return relay
}

export interface SignalDelivery<T, E> {
  readonly kind: ItemKind<T>
  readonly snapshot: (options: SnapshotOptions) => Snapshot<T>
  readonly send: (exporter: E, items: T[]) => ReturnType<Send<T>>
}

function spoolFor<E>(signal: Signal, { config, resource }: Parts<E>, target: Target<E>) {
  const { spool, stateDirectory, spoolBytes, spoolAge } = config
  return spoolAt({
    root: spool === true ? stateDirectory : spool === false ? undefined : spool,
    service: String(resource.attributes["service.name"] ?? ""),
    endpoint: target.endpoint,
    signal,
    maxBytes: spoolBytes,
    maxAge: spoolAge,
  })
}

function capsFor(signal: Signal, { limits }: Config): SnapshotOptions["caps"] {
  const { valueBytes, recordBytes, spanAttributes, logAttributes } = limits
  return { valueBytes, recordBytes, attributes: signal === "logs" ? logAttributes : spanAttributes }
}
