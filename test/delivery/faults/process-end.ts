// The ways in which a process ends: L1, L2, L3, L5. Each is also run without us, and must look the same from outside.
import { execFileSync } from "node:child_process"
import { expect } from "vitest"
import type { App } from "../app.ts"
import type { Fault } from "../fault.ts"
import { eventually, type Tally, type World } from "../world.ts"
import { durable, everywhere } from "./everywhere.ts"

type Command = readonly [command: string, ...args: (string | number)[]]

const canUnshare = (() => {
  try {
    execFileSync("unshare", ["-pf", "--mount-proc", "true"], { stdio: "ignore" })
    return true
  } catch {
    return false
  }
})()

const withoutOurs = (stderr: string) => stderr.replaceAll(/^clickstack:.*\n/gm, "")

// Node 20 adds this frame of its own once anybody uses an AsyncLocalStorage, as the active context does.
const withoutHooks = (stderr: string) =>
  stderr.replaceAll(/^ +at process\.callbackTrampoline \(node:internal\/async_hooks.*\n/gm, "")

/** The end as it looks from outside: code, signal, both outputs byte for byte, without our lines. */
async function lookOf(app: App) {
  const { code, signal, stdout, stderr } = await app.ended
  return { code, signal, stdout, stderr: withoutHooks(withoutOurs(stderr)) }
}

async function doAll(app: App, commands: readonly Command[]): Promise<void> {
  await app.ask("print", "from the app")
  for (const command of commands) await app.ask(...command)
}

type End = (app: App) => unknown

/** Does the same with us and without us, and compares how it ended. */
async function sameAsWithoutUs(world: World, before: readonly Command[], end: End): Promise<void> {
  const app = world.start()
  const bare = world.start({ CLICKSTACK_DISABLED: "true", BARE: "1" })
  await Promise.all([doAll(app, before), doAll(bare, before)])
  await Promise.all([end(app), end(bare)])
  const [withUs, withoutUs] = await Promise.all([lookOf(app), lookOf(bare)])
  expect(withUs).toEqual(withoutUs)
  expect(withUs.stdout).toMatch(/^from the app\n/)
}

/** What was recorded arrives, from this process or the next. */
const arrives =
  (before: readonly Command[], end: End) =>
  async (world: World): Promise<Tally> => {
    await sameAsWithoutUs(world, before, end)
    return successor(world)
  }

/** What another process finds on disk is delivered by it. */
async function successor(world: World): Promise<Tally> {
  const next = world.start()
  // durable() opens its place on disk with the first item.
  if (world.kind.startsWith("durable")) await next.ask("spans", 1)
  return world.settled(next)
}

/** The end comes while the destination does not answer; it takes no longer than the budget, and the disk has it all. */
const unanswered =
  (before: readonly Command[], end: End, delay = 60_000, kind: "stall" | "black hole" = "stall") =>
  async (world: World): Promise<Tally> => {
    await world.proxy.become({ kind })
    const app = world.start({ CLICKSTACK_EXIT_BUDGET: "1000", CLICKSTACK_TRACES_DELAY: String(delay) })
    await doAll(app, before)
    const began = performance.now()
    await end(app)
    await app.ended
    const took = performance.now() - began
    console.log(`${world.kind}: ended after ${Math.round(took)} ms`)
    // The budget is 1 s; a busy machine adds to it, a hanging export would add its 10 s.
    expect(took).toBeLessThan(5000)
    const recorded = (await world.tally(100)).recorded
    expect(recorded).toBe(100)
    await world.proxy.become({ kind: "none" })
    return successor(world)
  }

const asks =
  (...command: Command): End =>
  (app) =>
    app.ask(...command)
const signals =
  (signal: NodeJS.Signals): End =>
  (app) =>
    app.process.kill(signal)

const hundred: readonly Command[] = [["spans", 100]]
const underWay: readonly Command[] = [
  ["spans", 100],
  ["pause", 500],
]
const server: readonly Command[] = [["serve"], ["spans", 100]]

export const endFaults: readonly Fault[] = [
  {
    id: "L1",
    when: "a natural end",
    happens:
      "What is in memory is sent, within 80 % of the exit budget (`exitBudget`, 2 s); the rest goes to disk.",
    on: [...everywhere, ...durable],
    run: arrives(hundred, asks("end")),
  },
  {
    id: "L1",
    when: "a natural end while nothing is answered",
    happens: "It is over within the budget; what is in memory goes to disk.",
    on: everywhere,
    run: unanswered(hundred, asks("end")),
  },
  {
    id: "L1",
    when: "a natural end while an export is under way that nothing answers",
    happens: "The same, also with durable() over HTTP.",
    on: [...everywhere, "durable 2.12", "durable 3.1"],
    run: unanswered(underWay, asks("end"), 100),
  },
  {
    id: "L1",
    when: "a natural end while a connection is being made that nothing answers",
    happens: "The same.",
    on: [...everywhere, "durable 2.12", "durable 3.1"],
    run: unanswered(underWay, asks("end"), 100, "black hole"),
  },
  {
    id: "L1",
    when: "`process.exit()`",
    happens: "What is in memory goes to disk; exit code, stack and output are as without us.",
    on: [...everywhere, ...durable],
    run: arrives(hundred, asks("exit", 7)),
  },
  {
    id: "L1",
    when: "a throw",
    happens: "The same.",
    on: [...everywhere, ...durable],
    run: arrives(hundred, asks("throw")),
  },
  {
    id: "L1",
    when: "an unhandled rejection",
    happens: "The same.",
    on: everywhere,
    run: arrives(hundred, asks("reject")),
  },
  ...(["SIGTERM", "SIGINT"] as const).flatMap((signal): Fault[] => [
    {
      id: "L2",
      when: `${signal} with an open server, nobody else listens to it`,
      happens: "As at a natural end; then it dies by that signal.",
      on: everywhere,
      run: arrives(server, signals(signal)),
    },
    {
      id: "L2",
      when: `${signal} with an open server while nothing is answered`,
      happens: "It dies by that signal within the budget; what is in memory goes to disk.",
      on: everywhere,
      run: unanswered(server, signals(signal)),
    },
  ]),
  ...(["SIGTERM", "SIGINT"] as const).map((signal): Fault => ({
    id: "L2",
    when: `${signal} with \`stopOnSignals: false\``,
    happens:
      "It is left to Node and the app entirely. Without a handler of the app what is only in memory is lost, as with SIGKILL.",
    on: everywhere,
    env: { HDX_NODE_STOP_ON_TERMINATION_SIGNALS: "false", CLICKSTACK_TRACES_DELAY: "60000" },
    run: async (world) => {
      const app = world.start()
      await app.ask("serve")
      expect((await app.ask("listeners", signal)).answer).toBe(0)
      await app.ask("spans", 100)
      app.process.kill(signal)
      expect(await lookOf(app)).toEqual({ code: null, signal, stdout: "", stderr: "" })
      const handling = world.start()
      await handling.ask("handleAndExit", 0)
      expect((await handling.ask("listeners", "SIGTERM")).answer).toBe(1)
      await handling.ask("spans", 10)
      handling.process.kill("SIGTERM")
      expect(await lookOf(handling)).toMatchObject({ code: 7, signal: null, stdout: "drained\n" })
      // Only what the second one had, 11 with the last of its handler, was put on disk at its end.
      const next = world.start()
      await eventually(async () => {
        await next.ask("flush")
        expect(await world.numbers()).toHaveLength(11)
      })
    },
  })),
  ...(
    [
      ["SIGTERM", 143],
      ["SIGINT", 130],
    ] as const
  ).map(([signal, code]): Fault => ({
    id: "L2",
    when: `${signal} as process 1`,
    happens: `What is in memory is sent; it exits with ${code}, since the kernel ignores what process 1 does to itself.`,
    on: everywhere,
    missing: canUnshare ? undefined : "the right to make a PID namespace",
    run: async (world) => {
      // What is left on disk is not adopted here: its owner's number is that of the machine's own first process.
      const env = { CLICKSTACK_EXIT_BUDGET: "20000" }
      const app = world.start(env, { wrapper: ["unshare", "-pf", "--mount-proc"] })
      await app.ask("serve")
      await app.ask("spans", 100)
      await app.ask("signalMyself", signal)
      expect(await lookOf(app)).toEqual({ code, signal: null, stdout: "", stderr: "" })
      return world.tally(0)
    },
  })),
  {
    id: "L3",
    when: "SIGTERM with a handler of the app that drains for 5 s",
    happens: "Nothing is cut short. What is recorded meanwhile goes out every 200 ms.",
    on: everywhere,
    run: drains("handle", 0),
  },
  {
    id: "L3",
    when: "the same, and the handler then calls `process.exit(7)`",
    happens: "The same; what came last goes to disk.",
    on: everywhere,
    run: drains("handleAndExit", 7),
  },
  {
    id: "L5",
    when: "flushes ten at a time, during an export, after a shutdown; two shutdowns",
    happens: "Each waits for what came before it, none hangs, none rejects.",
    on: [...everywhere, ...durable],
    run: async (world) => {
      const app = world.start()
      await app.ask("spans", 2000)
      const { stats } = await app.ask("flushes")
      expect(stats.traces[0]).toMatchObject({ delivered: 2000, waiting: 0 })
      await app.ask("spans", 100)
      await app.ask("shutdowns")
      await app.ask("flushes")
      const tally = await world.tally(app)
      await app.ask("spans", 5) // nobody takes them, and nothing breaks
      await app.ask("flushes")
      await app.ask("end")
      expect(await app.ended).toMatchObject({ code: 0, signal: null, stdout: "" })
      return tally
    },
  },
  {
    id: "L1",
    when: "SIGKILL, out of memory",
    happens: "What was on disk is sent by the next process; what was only in memory is lost.",
    on: everywhere,
    run: async (world) => {
      await world.proxy.become({ kind: "refuse" })
      const app = world.start()
      await app.ask("spans", 1000)
      await eventually(async () => expect((await app.ask("stats")).stats.traces[0]!.spooled).toBe(1000))
      app.process.kill("SIGKILL")
      await app.ended
      await world.proxy.become({ kind: "none" })
      return world.settled(world.start())
    },
  },
]

/** 100 spans a second until the handler is done, and one more. */
function drains(handler: string, code: number) {
  return async (world: World): Promise<Tally> => {
    const app = world.start()
    await app.ask(handler, 5000)
    await app.ask("spans", 10)
    const began = performance.now()
    app.process.kill("SIGTERM")
    // The embedded ClickHouse may take longer for its first insert than the app for its end.
    if (world.kind !== "clickhouse") {
      await eventually(async () => expect((await world.numbers()).length).toBeGreaterThan(10))
      expect(app.process.exitCode).toBeNull() // long before its end
    }
    expect(await lookOf(app)).toEqual({ code, signal: null, stdout: "drained\n", stderr: "" })
    expect(performance.now() - began).toBeGreaterThanOrEqual(4900)
    world.start() // for what went to disk
    await eventually(async () => expect((await world.numbers()).length).toBe(511))
    expect(await world.numbers()).toEqual(Array.from({ length: 511 }, (_, index) => index))
    return { recorded: 511, delivered: 511, dropped: {}, spooled: 0 }
  }
}
