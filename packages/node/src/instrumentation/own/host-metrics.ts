// What this process and its machine use of processor and memory, from Node's own counters. Upstream's package also
// counts the network's packets, and needs a library of 0.9 MB for that.
import type { CpuInfo } from "node:os"
import { api } from "../../opentelemetry.ts"

export function observeHost(): void {
  const meter = api().metrics.getMeter("@clickstack/node")
  const os = process.getBuiltinModule("node:os")
  const modes = ["user", "system"] as const

  const processTime = meter.createObservableCounter("process.cpu.time", { unit: "s" })
  const processUtilization = meter.createObservableGauge("process.cpu.utilization", { unit: "1" })
  let used = process.cpuUsage()
  let at = performance.now()
  meter.addBatchObservableCallback(
    (result) => {
      const [now, time] = [process.cpuUsage(), performance.now()]
      const possible = (time - at) * 1000 * os.availableParallelism()
      for (const mode of modes) {
        result.observe(processTime, now[mode] / 1e6, { "cpu.mode": mode })
        if (possible > 0)
          result.observe(processUtilization, (now[mode] - used[mode]) / possible, { "cpu.mode": mode })
      }
      ;[used, at] = [now, time]
    },
    [processTime, processUtilization],
  )
  meter
    .createObservableGauge("process.memory.usage", { unit: "By" })
    .addCallback((result) => result.observe(process.memoryUsage.rss()))

  const systemTime = meter.createObservableCounter("system.cpu.time", { unit: "s" })
  const systemUtilization = meter.createObservableGauge("system.cpu.utilization", { unit: "1" })
  let before = cpuTimes(os.cpus())
  meter.addBatchObservableCallback(
    (result) => {
      const now = cpuTimes(os.cpus())
      const passed = Object.keys(now).reduce((sum, mode) => sum + now[mode]! - before[mode]!, 0)
      for (const mode of Object.keys(now)) {
        result.observe(systemTime, now[mode]! / 1000, { "cpu.mode": mode })
        if (passed > 0)
          result.observe(systemUtilization, (now[mode]! - before[mode]!) / passed, { "cpu.mode": mode })
      }
      before = now
    },
    [systemTime, systemUtilization],
  )
  const memoryUsage = meter.createObservableGauge("system.memory.usage", { unit: "By" })
  const memoryUtilization = meter.createObservableGauge("system.memory.utilization", { unit: "1" })
  meter.addBatchObservableCallback(
    (result) => {
      const [free, total] = [os.freemem(), os.totalmem()]
      for (const [state, bytes] of [["used", total - free] as const, ["free", free] as const]) {
        result.observe(memoryUsage, bytes, { "system.memory.state": state })
        result.observe(memoryUtilization, bytes / total, { "system.memory.state": state })
      }
    },
    [memoryUsage, memoryUtilization],
  )
}

/** Milliseconds of all processors together, by the names that semantic conventions give the modes. */
function cpuTimes(cpus: readonly CpuInfo[]): Record<string, number> {
  const sum = (mode: keyof CpuInfo["times"]) => cpus.reduce((all, { times }) => all + times[mode], 0)
  return {
    user: sum("user"),
    nice: sum("nice"),
    system: sum("sys"),
    idle: sum("idle"),
    interrupt: sum("irq"),
  }
}
