// Metrics that are there from the start of a process, for the main thread alone: those of workers would be told under
// the same names, of the same process.
import type { Instrumentation, InstrumentationContext } from "../row.ts"

export function metricsOfProcess({ config }: InstrumentationContext, observe: () => void): Instrumentation {
  const isOn =
    config.metrics.exporter !== "none" && process.getBuiltinModule("node:worker_threads").isMainThread
  return { patches: isOn ? [{ module: "start", patch: observe }] : [] }
}
