// Everything that is on, as one owner: the providers behind the globals, the deliveries they opened, and their end.
import type { ContextManager, DiagLogger } from "@opentelemetry/api"
import type { Resource } from "@opentelemetry/resources"
import type { LoggerProvider } from "@opentelemetry/sdk-logs"
import type { MeterProvider } from "@opentelemetry/sdk-metrics"
import type { BasicTracerProvider, SpanProcessor } from "@opentelemetry/sdk-trace-base"
import type { AtStart } from "./at-start.ts"
import { createRequire, isMainThread } from "./builtins.ts"
import type { Config } from "./config.ts"
import type { Propagation } from "./context/propagation.ts"
import type { FlushOptions } from "./delivery/delivery.ts"
import type { DeliveryStats } from "./delivery/tally.ts"
import type { Destinations, Exporters } from "./destinations.ts"
import { releaseFirstLines } from "./logging/app-lines.ts"
import { contextAsyncHooks } from "./opentelemetry.ts"
import type { OpenDelivery, Parts } from "./pipeline.ts"
import type { Holding } from "./sampling/hold-spans.ts"
import type { SamplingStats } from "./sampling/holder.ts"
import type { Signal } from "./signals.ts"
import { type AttachingContextManager, lazy, type Sources } from "./stand-ins.ts"
import type { Say } from "./stderr.ts"

// Loaded when first needed, and by require(), since the first span cannot wait for an import.
const require = createRequire(import.meta.url)
const load = {
  budget: (): typeof import("./delivery/budget.ts") => require("./delivery/budget.js"),
  destinations: (): typeof import("./destinations.ts") => require("./destinations.js"),
  outages: (): typeof import("./delivery/outages.ts") => require("./delivery/outages.js"),
  redaction: (): typeof import("./redaction/redaction.ts") => require("./redaction/redaction.js"),
  resource: (): typeof import("./resource.ts") => require("./resource.js"),
  traces: (): typeof import("./traces.ts") => require("./traces.js"),
  logs: (): typeof import("./logs.ts") => require("./logs.js"),
  metrics: (): typeof import("./metrics.ts") => require("./metrics.js"),
  workerHost: (): typeof import("./delivery/worker-host.ts") => require("./delivery/worker-host.js"),
  propagation: (): typeof import("./context/propagation.ts") => require("./context/propagation.js"),
}

export interface DestinationStats extends DeliveryStats {
  readonly destination: string
  /** Of traces that are held until their end, by `sampling.keep` and rules by route; the same for each destination. */
  readonly sampling?: SamplingStats
}

/** By signal, one entry per destination; empty until the signal is first used. */
export type Stats = Record<Signal, DestinationStats[]>

export interface Sdk {
  readonly sources: Sources
  readonly diag: DiagLogger
  /** Loads what the first span needs. */
  readonly warm: () => void
  /** Before the app makes its first worker thread, which then hands over what it records. */
  readonly hostWorkers: () => void
  /** What was made before is sent, unless the time is up. Never rejects. */
  readonly flush: (timeout?: number) => Promise<void>
  readonly close: (timeout: number) => Promise<void>
  readonly stats: () => Stats
  /** Sends what is in memory before the process ends by itself. */
  readonly flushBriefly: (timeout: number) => Promise<void>
  /** Puts on disk what is in memory, at once. */
  readonly exit: () => void
  readonly produced: () => number
}

interface SdkOptions {
  /** Made when it is first asked for. */
  readonly config: () => Config
  readonly at: AtStart
  readonly say: Say
  /** Sees spans start and end, beside the deliveries. */
  readonly watch: SpanProcessor | undefined
}

export function createSdk({ config, at, say, watch }: SdkOptions): Sdk {
  const open: OpenDelivery[] = []
  let holding: Holding | undefined
  const budget = lazy(() => load.budget().createBudget(config().queueBytes))
  const outages = lazy(() => load.outages().createOutages(say))
  const destinations = lazy<Destinations>(() => load.destinations().createDestinations(config(), say))
  const redaction = lazy(() => load.redaction().createRedaction(config().redact))
  const resource = lazy<Resource>(() =>
    load.resource().createResource(config(), { redact: redaction.get()?.value }),
  )
  const parts = <S extends Signal>(signal: S): Parts<Exporters[S]> => ({
    config: config(),
    resource: resource.get(),
    targets: destinations.get().targets(signal),
    redaction: redaction.get(),
    say,
    watch,
    budget: budget.get(),
    outages: outages.get(),
    statsOf: (of) =>
      deliveriesOf(of).map((one) => Object.assign({ destination: one.destination }, one.stats())),
    opened: (delivery) => open.push(delivery),
    holding: (held) => (holding = held),
  })
  const tracer = lazy<BasicTracerProvider>(() => load.traces().createTracerProvider(parts("traces")))
  const logger = lazy<LoggerProvider>(() => load.logs().createLoggerProvider(parts("logs")))
  const meter = lazy<MeterProvider>(() => load.metrics().createMeterProvider(parts("metrics")))
  const context = lazy<AttachingContextManager>(createContextManager)
  const propagation = lazy<Propagation>(() => load.propagation().createPropagation(config()))
  const sources: Sources = {
    context,
    propagation: lazy(() => propagation.get().propagator),
    headers: propagation,
    ...(at.signals.has("traces") ? { trace: tracer } : {}),
    ...(at.signals.has("logs") ? { logs: logger } : {}),
    ...(at.signals.has("metrics") ? { metrics: meter } : {}),
  }

  const made = { traces: tracer, logs: logger, metrics: meter }
  const deliveriesOf = (signal: Signal) => open.filter((one) => one.signal === signal)
  let closed = false
  const host = lazy(() =>
    load.workerHost().hostWorkers((signal, target, packed) => {
      made[signal].get()
      deliveriesOf(signal)[target]?.take(packed)
    }),
  )
  const takeFromWorkers = () =>
    host.made()?.drain((signal, count) => {
      made[signal].get()
      deliveriesOf(signal)[0]?.lose(count)
    })

  const attempt = (fn: () => Promise<void> | undefined) =>
    Promise.resolve()
      .then(fn)
      .catch((error: unknown) => say("warn", "flush", `flush: ${String(error)}`))

  async function flush(timeout?: number, options?: FlushOptions): Promise<void> {
    releaseFirstLines()
    holding?.decide()
    const collected = attempt(() => meter.made()?.forceFlush())
    // Without deliveries of ours (delivery: false) this is all there is to flush.
    const upstream = [attempt(() => tracer.made()?.forceFlush()), attempt(() => logger.made()?.forceFlush())]
    await Promise.all([
      ...upstream,
      collected,
      ...open
        .filter(({ signal }) => signal !== "metrics")
        .map((one) => one.flush(timeout ?? config()[one.signal].exportTimeout, options)),
    ])
    const metrics = open.filter(({ signal }) => signal === "metrics")
    await Promise.all(metrics.map((one) => one.flush(timeout ?? config().metrics.exportTimeout, options)))
  }

  async function close(timeout: number): Promise<void> {
    releaseFirstLines()
    await attempt(() => meter.made()?.shutdown()) // collects one last time
    holding?.close()
    takeFromWorkers()
    host.made()?.close()
    closed = true
    await Promise.all(open.map((one) => one.close(timeout)))
    await Promise.all([attempt(() => tracer.made()?.shutdown()), attempt(() => logger.made()?.shutdown())])
    context.made()?.disable()
  }

  return {
    sources,
    diag: diagLogger(say),
    warm: () => {
      if (!at.signals.has("traces")) return
      context.get()
      tracer.get()
    },
    hostWorkers: () => {
      if (!at.disabled && !closed && isMainThread() && config().delivery) host.get()
    },
    flush: (timeout) => flush(timeout),
    close,
    stats: () => {
      releaseFirstLines()
      const stats: Stats = { traces: [], logs: [], metrics: [] }
      const sampling = holding?.stats()
      for (const one of open) {
        const own = one.signal === "traces" && sampling !== undefined ? { sampling } : {}
        stats[one.signal].push({ destination: one.destination, ...one.stats(), ...own })
      }
      return stats
    },
    flushBriefly: (timeout) => flush(timeout, { brief: true }),
    exit: () => {
      releaseFirstLines()
      takeFromWorkers()
      holding?.close()
      for (const one of open) one.exit()
    },
    // A flush collects metrics, which is no reason for another one.
    produced: () => {
      releaseFirstLines()
      // What is held stays one number until it is decided, then another, or the same.
      const { held = 0, leftOut = 0 } = holding?.stats() ?? {}
      return open.reduce(
        (sum, one) => sum + (one.signal === "metrics" ? 0 : one.stats().produced),
        held + leftOut,
      )
    },
  }
}

function createContextManager(): AttachingContextManager {
  const { AsyncLocalStorageContextManager } = contextAsyncHooks()
  const manager = new AsyncLocalStorageContextManager()
  return manager.enable() as ContextManager as AttachingContextManager
}

/** What OpenTelemetry's own packages say. */
function diagLogger(say: Say): DiagLogger {
  const at =
    (level: Parameters<Say>[0]) =>
    (message: string, ...rest: unknown[]) =>
      // Ours say who they are, for apps without us.
      say(level, message, [message.replace(/^clickstack: /, ""), ...rest.map(String)].join(" "))
  return {
    error: at("error"),
    warn: at("warn"),
    info: at("info"),
    debug: at("debug"),
    verbose: at("verbose"),
  }
}
