// Much at once: D12, D13.
import { expect } from "vitest"
import type { Fault } from "../fault.ts"
import { durable, everywhere } from "./everywhere.ts"

const mebibyte = 1024 * 1024
const queueBytes = 64 * mebibyte // the default
// With plenty of it, V8 lets garbage lie. With this much heap, a process that needs more than the queue may hold and
// 30 % of that, beside the 13 MiB of this app, ends with a fatal error.
const heap = "--max-old-space-size=96"

export const volumeFaults: readonly Fault[] = [
  {
    id: "D12",
    when: "10,000 spans in one turn of the event loop, 100,000 before a flush",
    happens: "All arrive. (ClickHouse: with `traces.batchSize` 5,000.)",
    on: [...everywhere, ...durable],
    run: async (world) => {
      // The embedded ClickHouse of this test would take some minutes for 220 inserts of 512 rows on a busy machine.
      const app = world.start(world.kind === "clickhouse" ? { CLICKSTACK_TRACES_BATCH_SIZE: "5000" } : {})
      await app.ask("spans", 10_000)
      await world.settled(app)
      await app.ask("spans", 100_000)
      await app.ask("flush")
      return world.settled(app)
    },
  },
  {
    id: "D13",
    when: "2,048 spans of 512 KB while nothing is answered",
    happens:
      "Memory holds no more than `queueBytes` (64 MiB); what passes that goes to disk. A heap of 96 MiB suffices.",
    on: everywhere,
    run: async (world) => {
      const app = world.start({}, { nodeOptions: [heap] })
      await app.ask("wide", 64, 8, 1000)
      await world.settled(app)
      await world.proxy.become({ kind: "stall" })
      const before = await app.ask("collect")
      const { stats, peak } = await app.ask("wide", 2048, 8, 64_000)
      const growth = peak - before.rss
      console.log(`${world.kind}: grew by ${Math.round(growth / mebibyte)} MiB at the most`)
      const { queueBytes: inMemory, spooled, waiting } = stats.traces[0]!
      expect(inMemory).toBeLessThanOrEqual(queueBytes)
      expect(spooled + waiting).toBe(2048)
      expect(growth).toBeLessThanOrEqual(3 * queueBytes)
      await app.ask("exit", 0)
      await app.ended
      return world.tally(2048)
    },
  },
]
