// The statistics as OpenTelemetry metrics, by the names of its semantic conventions for SDKs.
import type { Attributes, Meter, ObservableResult } from "@opentelemetry/api"
import type { Signal } from "../signals.ts"
import type { DeliveryStats } from "./tally.ts"

/** What is known of each signal's destinations when it is asked. */
export type StatsOf = (signal: Signal) => readonly (DeliveryStats & { readonly destination: string })[]

const items = { traces: "span", logs: "log", metrics: "metric_data_point" } as const

export function observeDeliveries(meter: Meter, statsOf: StatsOf, queueBytes: number): void {
  for (const [signal, item] of Object.entries(items) as [Signal, string][]) {
    const observe =
      (value: (stats: DeliveryStats) => Iterable<readonly [number, Attributes?]>) =>
      (result: ObservableResult) => {
        for (const stats of statsOf(signal)) {
          const component = { "otel.component.type": "clickstack", "otel.component.name": stats.destination }
          for (const [count, more] of value(stats)) result.observe(count, { ...component, ...more })
        }
      }
    const counter = (name: string, unit: string, value: Parameters<typeof observe>[0]) =>
      meter.createObservableCounter(name, { unit }).addCallback(observe(value))
    const gauge = (name: string, unit: string, value: Parameters<typeof observe>[0]) =>
      meter.createObservableUpDownCounter(name, { unit }).addCallback(observe(value))
    counter(`otel.sdk.exporter.${item}.exported`, `{${item}}`, exported)
    gauge(`otel.sdk.exporter.${item}.inflight`, `{${item}}`, ({ waiting, spooled }) => [[waiting + spooled]])
    if (signal === "metrics") continue
    counter(`otel.sdk.processor.${item}.processed`, `{${item}}`, processed)
    gauge(`otel.sdk.processor.${item}.queue.size`, "By", (stats) => [[stats.queueBytes]])
    gauge(`otel.sdk.processor.${item}.queue.capacity`, "By", () => [[queueBytes]])
  }
}

/** Delivered, and what the destination would not have, by reason. */
function* exported({ delivered, dropped }: DeliveryStats): Iterable<readonly [number, Attributes?]> {
  yield [delivered]
  for (const reason of ["refused", "rejected", "too_large"] as const) {
    if (dropped[reason] > 0) yield [dropped[reason], { "error.type": reason }]
  }
}

/** What went on to the exporter, and what was dropped before, by reason. */
function* processed({ produced, dropped }: DeliveryStats): Iterable<readonly [number, Attributes?]> {
  let lost = 0
  for (const [reason, count] of Object.entries(dropped)) {
    if (count === 0 || reason === "refused" || reason === "rejected" || reason === "too_large") continue
    lost += count
    yield [count, { "error.type": reason }]
  }
  yield [Math.max(0, produced - lost)]
}
