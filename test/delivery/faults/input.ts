// What an app hands over: B1, B2, B4. Only what is odd suffers, and what was recorded beside it arrives.
import { expect } from "vitest"
import type { Fault } from "../fault.ts"
import { durable, everywhere } from "./everywhere.ts"

/** Odd items between good ones: none is lost, and none throws. */
const among =
  (command: string, count: number): Fault["run"] =>
  async (world) => {
    const app = world.start()
    await app.ask("spans", 10)
    await app.ask("prepareHuge")
    const { longestBlock, stats } = await app.ask(command)
    expect(stats.traces[0]!.produced).toBe(10 + count)
    console.log(`${world.kind}: the event loop was blocked for ${Math.round(longestBlock)} ms at the most`)
    await app.ask("spans", 10)
    await app.ask("flush")
    await world.settled(app)
    const { stats: after } = await app.ask("flush")
    // Its logs, where it has any, too.
    for (const log of after.logs) {
      expect(log).toMatchObject({ delivered: log.produced, waiting: 0, spooled: 0 })
    }
    const tally = await world.tally(app)
    await app.ask("end")
    expect(await app.ended).toMatchObject({ code: 0, signal: null, stdout: "" })
    expect((await app.ended).stderr).toMatch(/^(clickstack: .*\n)*$/)
    return tally
  }

export const inputFaults: readonly Fault[] = [
  {
    id: "B1",
    when: "an attribute or body that is cyclic, has a throwing getter, is a BigInt, Symbol, Error, Map, Proxy, NaN, -0, a lone surrogate, nested 20,000 deep",
    happens: "Only that value is degraded, to something readable.",
    // OpenTelemetry 3.1's own spans throw at some of these.
    on: [...everywhere, ...durable.filter((kind) => kind.includes("2.12"))],
    run: among("oddValues", 13),
  },
  {
    id: "B2",
    when: "a log body and an attribute of 100 MB, 100,000 attributes",
    happens:
      "Cut and marked with `…[truncated]`: a value above 64 KiB, a record above 1 MiB, more than 128 attributes. The event loop runs on.",
    on: everywhere,
    run: among("huge", 2),
  },
  {
    id: "B4",
    when: "a span without a name, ended twice, with wrong times, changed after its end",
    happens: "No throw, and the batch is intact.",
    on: [...everywhere, ...durable],
    run: among("misused", 6),
  },
]
