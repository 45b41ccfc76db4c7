// Much at once: D12, D13.
import { expect } from "vitest"
import type { Fault } from "../fault.ts"
import { durable, everywhere } from "./everywhere.ts"

const mebibyte = 1024 * 1024
const queueBytes = 64 * mebibyte // the default
// With plenty of it, V8 lets more garbage lie.
const heap = "--max-old-space-size=96"

export const volumeFaults: readonly Fault[] = [
  {
    id: "D12",
    when: "10,000 spans in one turn of the event loop, 100,000 before a flush",
    happens: "All arrive.",
    on: [...everywhere, ...durable],
    run: async (world) => {
      const app = world.start()
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
      "The process holds at most `queueBytes` (64 MiB) and 30 % of that more than the same app without us; what passes that goes to disk. With the garbage that V8 and malloc let lie, twice `queueBytes`.",
    on: everywhere,
    run: async (world) => {
      const app = world.start({}, { nodeOptions: [heap] })
      await app.ask("wide", 64, 8, 1000)
      await world.settled(app)
      await world.proxy.become({ kind: "stall" })
      const before = await app.ask("weighed", 32, 8, 1000)
      const { stats, peak } = await app.ask("wide", 2048, 8, 64_000)
      const { held } = await app.ask("weighed", 256, 8, 64_000)
      const { queueBytes: inMemory, spooled, waiting } = stats.traces[0]!
      expect(inMemory).toBeLessThanOrEqual(queueBytes)
      expect(spooled + waiting).toBe(2048 + 32)

      // The app alone makes the same spans, for nobody.
      const bare = world.start({ CLICKSTACK_DISABLED: "true", BARE: "1" }, { nodeOptions: [heap] })
      const bareBefore = await bare.ask("weighed", 96, 8, 1000)
      const bareAfter = await bare.ask("wide", 2048, 8, 64_000)
      const holds = held - before.held
      const resident = peak - before.rss - (bareAfter.peak - bareBefore.rss)
      console.log(
        `${world.kind}: holds ${Math.round(holds / mebibyte)} MiB more at the most; resident ${Math.round(resident / mebibyte)} MiB more than without us`,
      )
      expect(holds).toBeLessThanOrEqual(1.3 * queueBytes)
      // Beside what is held: garbage that V8 lets lie, and what malloc does not give back at once.
      expect(resident).toBeLessThanOrEqual(2 * queueBytes)
      await app.ask("exit", 0)
      await app.ended
      return world.tally(2048 + 32 + 256)
    },
  },
]
