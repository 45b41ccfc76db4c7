// Metrics through sdk-metrics; the package is loaded when the first instrument is made.
import type {
  AggregationOption,
  AggregationTemporality,
  InstrumentType,
  MeterProvider,
  PushMetricExporter,
  ResourceMetrics,
} from "@opentelemetry/sdk-metrics"
import { createRequire } from "./builtins.ts"
import type { MetricsConfig } from "./config.ts"
import type { Delivery } from "./delivery/delivery.ts"
import { withoutDoubled } from "./doubled-metrics.ts"
import { exportWith, success } from "./destinations.ts"
import { metricsKind } from "./delivery/pack.ts"
import { observeDeliveries } from "./delivery/self-metrics.ts"
import { snapshotMetrics } from "./delivery/snapshot.ts"
import { sdkMetrics } from "./opentelemetry.ts"
import { openDelivery, type Parts, type SignalDelivery } from "./pipeline.ts"

const require = createRequire(import.meta.url)
const upstream = (): typeof import("./upstream.ts") => require("./upstream.js")

export function createMeterProvider(parts: Parts<PushMetricExporter>): MeterProvider {
  const { MeterProvider: Provider, PeriodicExportingMetricReader } = sdkMetrics()
  const { config, resource, targets } = parts
  const readers = targets.map((target) => {
    const exporter = config.delivery
      ? queuedExporter(
          target.exporter,
          config.metrics,
          openDelivery<ResourceMetrics, PushMetricExporter>("metrics", parts, target, metricsDelivery),
        )
      : upstream().upstreamMetricExporter(parts, target)
    const { interval, exportTimeout } = config.metrics
    return new PeriodicExportingMetricReader({
      exporter,
      exportIntervalMillis: interval,
      exportTimeoutMillis: Math.min(exportTimeout, interval), // the reader refuses a longer one
    })
  })
  const provider = new Provider({ resource, readers, views: withoutDoubled(config.instrumentation) })
  // `delivery: false` has upstream's own.
  if (config.delivery)
    observeDeliveries(provider.getMeter("@clickstack/node"), parts.statsOf, config.queueBytes)
  return provider
}

const metricsDelivery: SignalDelivery<ResourceMetrics, PushMetricExporter> = {
  kind: metricsKind,
  snapshot: snapshotMetrics,
  send: (exporter, [collected]) => exportWith(exporter, collected!),
}

/** What the reader collects only waits in the queue; the delivery brings it to the exporter. */
export function queuedExporter(
  exporter: PushMetricExporter,
  config: Pick<MetricsConfig, "temporality" | "histogram">,
  delivery: Pick<Delivery<ResourceMetrics>, "push">,
): PushMetricExporter {
  return {
    export: (collected, done) => {
      delivery.push(collected)
      done({ code: success })
    },
    forceFlush: () => Promise.resolve(),
    shutdown: () => Promise.resolve(),
    selectAggregationTemporality: (type) =>
      exporter.selectAggregationTemporality?.(type) ?? temporality(config.temporality, type),
    selectAggregation: (type) => exporter.selectAggregation?.(type) ?? aggregation(config.histogram, type),
  }
}

/** As the specification of the OTLP metrics exporter names them. */
export function temporality(
  preference: MetricsConfig["temporality"],
  type: InstrumentType,
): AggregationTemporality {
  const { AggregationTemporality: Temporality, InstrumentType: Instrument } = sdkMetrics()
  const goesUpAndDown = type === Instrument.UP_DOWN_COUNTER || type === Instrument.OBSERVABLE_UP_DOWN_COUNTER
  if (preference === "cumulative" || goesUpAndDown) return Temporality.CUMULATIVE
  // A delta of an observable counter needs the last value kept, which low memory avoids.
  if (preference === "lowmemory" && type === Instrument.OBSERVABLE_COUNTER) return Temporality.CUMULATIVE
  return Temporality.DELTA
}

export function aggregation(histogram: MetricsConfig["histogram"], type: InstrumentType): AggregationOption {
  const { AggregationType, InstrumentType: Instrument } = sdkMetrics()
  return type === Instrument.HISTOGRAM && histogram === "base2_exponential_bucket_histogram"
    ? { type: AggregationType.EXPONENTIAL_HISTOGRAM }
    : { type: AggregationType.DEFAULT }
}
