// Metrics that OpenTelemetry's own packages would tell a second time, by the names that ours have. An app that also uses
// those packages gets from them what is only theirs; with our switch off, all of theirs.
import type { ViewOptions } from "@opentelemetry/sdk-metrics"
import type { Config } from "./config.ts"
import { sdkMetrics } from "./opentelemetry.ts"

const doubled = {
  runtime: {
    meterNames: ["@opentelemetry/instrumentation-runtime-node"],
    names: [
      "nodejs.eventloop.*",
      "v8js.gc.duration",
      "v8js.memory.heap.limit",
      "v8js.memory.heap.used",
      "v8js.memory.heap.space.available_size",
      "v8js.memory.heap.space.physical_size",
    ],
  },
  host: {
    meterNames: ["@opentelemetry/host-metrics", "@opentelemetry/instrumentation-host-metrics"],
    names: ["process.cpu.*", "process.memory.usage", "system.cpu.*", "system.memory.*"],
  },
} as const

export function withoutDoubled({ on }: Pick<Config["instrumentation"], "on">): ViewOptions[] {
  const { DROP } = sdkMetrics().AggregationType
  return (["runtime", "host"] as const)
    .filter((name) => on.has(name))
    .flatMap((name) => {
      const { meterNames, names } = doubled[name]
      return meterNames.flatMap((meterName) =>
        names.map((instrumentName) => ({ meterName, instrumentName, aggregation: { type: DROP } })),
      )
    })
}
