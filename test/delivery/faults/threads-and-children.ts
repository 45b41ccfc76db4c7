// Worker threads, cluster workers and forked children: L4. The SDK is preloaded, and they inherit it.
import { expect } from "vitest"
import { balance } from "../app.ts"
import type { Stats } from "@clickstack/node"
import type { Fault } from "../fault.ts"
import { eventually, type Tally, type World } from "../world.ts"
import { everywhere } from "./everywhere.ts"

const nodeOptions = ["--import", "@clickstack/node/register"]
const numbers = (count: number) => Array.from({ length: count }, (_, index) => index)

/** A worker ends, and its spans are with those of the main thread, each once. */
const worker =
  (how: string, recorded: number, terminated = 0) =>
  async (world: World): Promise<Tally> => {
    const app = world.start({ HOW: how }, { file: "worker-app.mjs", nodeOptions })
    const { code, stdout, stderr } = await app.ended
    expect({ code, stderr: stderr.replaceAll(/^clickstack:.*\n/gm, "") }).toEqual({ code: 0, stderr: "" })
    const stats = JSON.parse(stdout) as Stats
    expect(balance(stats)).toEqual({ in: recorded, out: recorded })
    const { delivered, dropped, spooled, lastError } = stats.traces[0]!
    expect({ delivered, spooled, lastError, terminated: dropped.terminated }).toEqual({
      delivered: recorded - terminated,
      spooled: 0,
      lastError,
      terminated,
    })
    expect(await world.numbers()).toEqual(numbers(delivered))
    expect(await world.arrived()).toHaveLength(delivered)
    return { recorded, delivered, dropped: terminated === 0 ? {} : { terminated }, spooled: 0 }
  }

const processes =
  (file: string, recorded: number) =>
  async (world: World): Promise<Tally> => {
    const app = world.start({}, { file, nodeOptions })
    const { code, stdout, stderr } = await app.ended
    expect({ code, stdout, stderr: stderr.replaceAll(/^clickstack:.*\n/gm, "") }).toEqual({
      code: 0,
      stdout: "",
      stderr: "",
    })
    // A child that loses its parent exits at once: what it had is on disk, and the next process takes it.
    world.start()
    await eventually(async () => expect(await world.numbers()).toEqual(numbers(recorded)))
    return { recorded, delivered: recorded, dropped: {}, spooled: 0 }
  }

export const threadFaults: readonly Fault[] = [
  {
    id: "L4",
    when: "a worker thread ends by itself",
    happens: "Workers hand over to the main thread every 200 ms and at their end: all arrives, each once.",
    on: everywhere,
    run: worker("end", 110),
  },
  {
    id: "L4",
    when: "a worker thread ends by `process.exit()`",
    happens: "The same.",
    on: everywhere,
    run: worker("exit", 110),
  },
  {
    id: "L4",
    when: "`terminate()` of a worker thread",
    happens: "What it had handed over arrives.",
    on: everywhere,
    run: worker("terminate", 110),
  },
  {
    id: "L4",
    when: "`terminate()` just after it recorded something",
    happens: "What it had not handed over is lost, and counted as `terminated`.",
    on: everywhere,
    run: worker("terminate at once", 160, 50),
  },
  {
    id: "L4",
    when: "cluster workers",
    happens:
      "Each has an SDK of its own; what one leaves on disk is taken by the next that has the same service and endpoint.",
    on: everywhere,
    run: processes("cluster-app.mjs", 40),
  },
  {
    id: "L4",
    when: "a forked child inherits `--import`",
    happens: "It has an SDK of its own, and preloads it once.",
    on: everywhere,
    run: processes("fork-app.mjs", 20),
  },
]
