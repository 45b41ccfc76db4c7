// What durable() gives: an exporter that takes everything at once, and brings it to another one in batches, with
// retries, and over the disk when it has to.
import type { ReadableLogRecord } from "@opentelemetry/sdk-logs"
import type { ResourceMetrics } from "@opentelemetry/sdk-metrics"
import type { ReadableSpan } from "@opentelemetry/sdk-trace-base"
import { ClickstackError } from "../clickstack-error.ts"
import { stateDirectory } from "../config.ts"
import { createBudget, defaultMaxBytes } from "./budget.ts"
import { createDelivery, type Delivery } from "./delivery.ts"
import { endpointOf } from "./endpoint-of.ts"
import { observeExchanges } from "./exchange.ts"
import { keepPlain } from "./keeping.ts"
import { spoolAt } from "./open-spool.ts"
import { createOutages } from "./outages.ts"
import { type ItemKind, logKind, metricsKind, spanKind } from "./pack.ts"
import { watchEnd } from "./process-end.ts"
import {
  type Snapshot,
  snapshotLogs,
  snapshotMetrics,
  type SnapshotOptions,
  snapshotSpans,
  uncapped,
} from "./snapshot.ts"
import { exportWith } from "../destinations.ts"
import type { AnyExporter, Durable, DurableOptions } from "../durable.ts"
import { createSay } from "../stderr.ts"
import { untraced } from "../untraced.ts"
import { printableUrl } from "../endpoints.ts"

// By itself it changes nothing; only what no exporter could encode is made plain.

export function createDurable<E extends AnyExporter>(exporter: E, options: DurableOptions): Durable<E> {
  const { delay = 1000, batchSize = 512, timeout = 30_000, exitBudget = 2000, spool = true } = options
  const say = createSay(options.logLevel ?? "warn")
  const endpoint = options.endpoint ?? endpointOf(exporter)
  const place = endpoint === undefined ? exporter.constructor.name : printableUrl(endpoint)
  const observer = observeExchanges()
  let delivery: Delivery<unknown> | undefined
  let produced = 0

  function open(first: unknown): Delivery<unknown> {
    const { what, kind, snapshot } = signalOf(first)
    const { resource } = first as ReadableSpan
    return createDelivery<unknown>(
      (items, exchange) =>
        observer.run(exchange, () =>
          untraced(() => exportWith(exporter, (what === "metrics" ? items[0] : items) as never)),
        ),
      {
        what,
        place,
        keeping: keepPlain(kind, snapshot({ caps: uncapped, redact: options.redact })),
        batchSize: what === "metrics" ? 1 : batchSize,
        delay,
        timeout,
        budget: createBudget(options.queueBytes ?? defaultMaxBytes),
        outages: createOutages(say),
        say,
        openSpool: spoolAt({
          root: spool === true ? stateDirectory() : spool === false ? undefined : spool,
          service: options.service ?? String(resource.attributes["service.name"] ?? ""),
          endpoint,
          signal: what,
          form: "objects",
          maxBytes: options.spoolBytes ?? 512 * 1024 * 1024,
          maxAge: options.spoolAge ?? 7 * 24 * 3600,
        }),
        ready: resource.asyncAttributesPending ? resource.waitForAsyncAttributes?.() : undefined,
      },
    )
  }

  const flush = async (ms: number, brief: boolean) => delivery?.flush(ms, { brief })
  const unwatch = watchEnd({
    budget: () => exitBudget,
    onSignals: options.stopOnSignals ?? true,
    flush: async (ms) => flush(ms, true),
    exit: () => delivery?.exit(),
    produced: () => produced,
  })
  let closing: Promise<void> | undefined

  async function close(): Promise<void> {
    await delivery?.close(exitBudget)
    unwatch()
    observer.close()
    await exporter.shutdown()
  }

  const wrapped = {
    export: (items: unknown, done: (result: { code: number; error?: Error }) => void) => {
      if (closing !== undefined)
        return done({ code: 1, error: new ClickstackError("TIMEOUT", "the exporter is shut down") })
      const list = Array.isArray(items) ? (items as unknown[]) : [items]
      if (list.length > 0) delivery ??= open(list[0])
      for (const item of list) delivery!.push(item)
      produced += Array.isArray(items) ? list.length : 0
      done({ code: 0 })
    },
    forceFlush: async () => {
      await flush(timeout, false)
    },
    shutdown: () => (closing ??= close()),
    stats: () => delivery?.stats(),
  }
  // What else it has, such as a metric exporter's temporality, is the other one's.
  return new Proxy(exporter, {
    get: (target, name) => {
      if (Object.hasOwn(wrapped, name)) return wrapped[name as keyof typeof wrapped]
      const value: unknown = Reflect.get(target, name, target)
      return typeof value === "function" ? (value.bind(target) as unknown) : value
    },
  }) as Durable<E>
}

interface SignalParts {
  readonly what: string
  readonly kind: ItemKind<unknown>
  readonly snapshot: (options: SnapshotOptions) => Snapshot<unknown>
}

function signalOf(item: unknown): SignalParts {
  const parts =
    typeof (item as Partial<ReadableSpan>).spanContext === "function"
      ? { what: "traces", kind: spanKind, snapshot: snapshotSpans }
      : (item as Partial<ResourceMetrics>).scopeMetrics !== undefined
        ? { what: "metrics", kind: metricsKind, snapshot: snapshotMetrics }
        : { what: "logs", kind: logKind, snapshot: snapshotLogs }
  return parts as unknown as SignalParts & { readonly of?: ReadableLogRecord }
}
