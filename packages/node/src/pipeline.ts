// What a signal's SDK needs from us: the deliveries to its destinations, as a processor or reader hands items over.
import type { Resource } from "@opentelemetry/resources"
import type { SpanProcessor } from "@opentelemetry/sdk-trace-base"
import { createRequire, isMainThread } from "./builtins.ts"
import type { Config } from "./config.ts"
import type { Budget } from "./delivery/budget.ts"
import type { Send } from "./delivery/attempt.ts"
import { createDelivery, type Delivery } from "./delivery/delivery.ts"
import { observeExchanges } from "./delivery/exchange.ts"
import { keepPlain, type Keeping } from "./delivery/keeping.ts"
import type { OpenSpool } from "./delivery/open-spool.ts"
import type { Outages } from "./delivery/outages.ts"
import type { ItemKind } from "./delivery/pack.ts"
import type { Snapshot, SnapshotOptions } from "./delivery/snapshot.ts"
import type { StatsOf } from "./delivery/self-metrics.ts"
import type { Link } from "./delivery/worker-host.ts"
import type { Target } from "./destinations.ts"
import type { EncodedItem, ItemEncoder } from "./otlp/encoded-item.ts"
import { keepEncoded, keepForJson } from "./otlp/keep-encoded.ts"
import type { Holding } from "./sampling/hold-spans.ts"
import type { Redaction } from "./redaction/redaction.ts"
import type { Signal } from "./signals.ts"
import type { Say } from "./stderr.ts"
import { untraced } from "./untraced.ts"

const require = createRequire(import.meta.url)
const load = {
  openSpool: (): typeof import("./delivery/open-spool.ts") => require("./delivery/open-spool.js"),
  relay: (): typeof import("./delivery/worker-relay.ts") => require("./delivery/worker-relay.js"),
}

/** What a signal's module gets to build its provider from. */
export interface Parts<E> {
  readonly config: Config
  readonly resource: Resource
  readonly targets: readonly Target<E>[]
  readonly say: Say
  /** undefined when the app has turned it off. */
  readonly redaction?: Redaction | undefined
  /** Sees spans start and end, beside the deliveries. */
  readonly watch?: SpanProcessor | undefined
  /** The memory that all deliveries share. */
  readonly budget: Budget
  readonly outages: Outages
  readonly statsOf: StatsOf
  /** Tells init() of each delivery, which then counts, flushes and closes it. */
  readonly opened: (delivery: OpenDelivery) => void
  /** Tells it of what is held until its trace ends, to be handed over before a flush and at the end. */
  readonly holding: (holding: Holding) => void
}

export interface OpenDelivery extends Pick<Delivery<never>, "flush" | "close" | "exit" | "stats" | "lose"> {
  readonly signal: Signal
  readonly destination: string
  /** What a worker thread has packed. */
  readonly take: (packed: unknown) => void
}

// A request has its price, whatever is in it: four times as many spans in one took 1 to 2 us of CPU off each of them. What
// is plain is encoded when it is sent, and more of it at once would block the event loop.
const encodedBatch = 2048
const plainBatch = 512

export function openDelivery<T, E extends { shutdown(): Promise<void> }>(
  signal: Signal,
  parts: Parts<E>,
  target: Target<E>,
  own: SignalDelivery<T, E>,
): Delivery<T> {
  const { config, resource, say, budget, outages } = parts
  const link = isMainThread() ? undefined : load.relay().linkToMain()
  if (link !== undefined) return openRelay(signal, parts, target, own, link)
  // Ours says what its answers mean, and lets the process end.
  const observer = target.otlp === undefined ? observeExchanges() : undefined
  const send = (items: T[]) => untraced(() => own.send(target.exporter, items))
  const { batchSize, delay } = signal === "metrics" ? { batchSize: 1, delay: 0 } : config[signal]
  const delivery = createDelivery<T, Kept<T>>(
    (items, exchange) =>
      observer === undefined ? send(items as T[]) : observer.run(exchange, () => send(items as T[])),
    {
      what: signal,
      place: target.place,
      keeping: keepingFor(signal, parts, target, own),
      batchSize: batchSize ?? (target.otlp === "protobuf" ? encodedBatch : plainBatch),
      delay,
      timeout: config[signal].timeout,
      budget,
      outages,
      say,
      openSpool: spoolFor(signal, parts, target),
      abort: () => (target.exporter as { abort?: () => void }).abort?.(),
      ready: resource.asyncAttributesPending ? resource.waitForAsyncAttributes?.() : undefined,
    },
  )
  const close = async (timeout: number) => {
    await delivery.close(timeout)
    await untraced(() => target.exporter.shutdown()).catch(() => undefined)
    observer?.close()
  }
  const { flush, exit, stats, lose } = delivery
  const take = (packed: unknown) => {
    for (const item of own.kind.unpack(packed)) delivery.push(item)
  }
  parts.opened({ signal, destination: target.place, flush, exit, close, stats, take, lose })
  return delivery
}

/** In a worker thread the main thread delivers. */
function openRelay<T, E>(
  signal: Signal,
  parts: Parts<E>,
  target: Target<E>,
  { kind, snapshot }: SignalDelivery<T, E>,
  link: Link,
): Delivery<T> {
  const relay = load.relay().createRelay<T>(link, {
    signal,
    target: parts.targets.indexOf(target),
    kind,
    snapshot: snapshot(snapshotOptions(signal, parts)),
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

/** What is encoded goes only to our own exporter for OTLP. */
type Kept<T> = T | EncodedItem

export interface SignalDelivery<T, E> {
  readonly kind: ItemKind<T>
  readonly snapshot: (options: SnapshotOptions) => Snapshot<T>
  /** Left out for a signal that is encoded when it is sent. */
  readonly encoder?: (options: SnapshotOptions) => ItemEncoder<T>
  readonly send: (exporter: E, items: T[]) => ReturnType<Send<T>>
}

/** This step redacts, caps, and makes safe to keep: as the bytes that are sent, or as plain objects. */
function keepingFor<T, E>(
  signal: Signal,
  parts: Parts<E>,
  target: Target<E>,
  { kind, snapshot, encoder }: SignalDelivery<T, E>,
): Keeping<T, Kept<T>> {
  const options = snapshotOptions(signal, parts)
  const keep = () => {
    if (encoder === undefined || target.otlp === undefined) return keepPlain(kind, snapshot(options))
    return target.otlp === "protobuf"
      ? keepEncoded(kind, encoder(options))
      : keepForJson(keepPlain(kind, snapshot(options)))
  }
  return keep() as Keeping<T, Kept<T>>
}

/** undefined when none is wanted, or there is no place for one. */
function spoolFor<E>(
  signal: Signal,
  { config, resource }: Parts<E>,
  target: Target<E>,
): OpenSpool | undefined {
  const { spool, stateDirectory, spoolBytes, spoolAge } = config
  const root = spool === true ? stateDirectory : spool === false ? undefined : spool
  if (root === undefined) return undefined
  return load.openSpool().spoolAt({
    root,
    service: String(resource.attributes["service.name"] ?? ""),
    endpoint: target.endpoint,
    signal,
    form: target.otlp === undefined ? "objects" : "otlp",
    maxBytes: spoolBytes,
    maxAge: spoolAge,
  })
}

function snapshotOptions<E>(signal: Signal, { config, redaction }: Parts<E>): SnapshotOptions {
  const { valueBytes, recordBytes, spanAttributes, logAttributes } = config.limits
  return {
    caps: { valueBytes, recordBytes, attributes: signal === "logs" ? logAttributes : spanAttributes },
    redact: redaction?.value,
    redactText: redaction?.text,
  }
}
