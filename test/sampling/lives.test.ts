// What is held when the process ends, crashes, flushes, is ended by a signal, or has workers.
import { fileURLToPath } from "node:url"
import { connect } from "@clickstack/testing"
import type { DestinationStats } from "@clickstack/node"
import { describe, expect, test } from "vitest"
import { stateDirectory } from "../delivery/app.ts"
import { runApp } from "../node/run-app.ts"

const next = `
  require("@opentelemetry/api").trace.getTracer("x").startSpan("next").end()
  globalThis[Symbol.for("@clickstack/node")].clickstack.flush()`
const script = fileURLToPath(new URL("fixtures/lives.mjs", import.meta.url))

async function live(how: string, env: Record<string, string> = {}) {
  await using inbox = await connect({ port: 0 })
  using state = stateDirectory()
  const general = {
    ...inbox.env,
    XDG_STATE_HOME: state.path,
    CLICKSTACK_METRICS_EXPORTER: "none",
    CLICKSTACK_INSTRUMENTATION: "false",
  }
  const nodeOptions = ["--import", "@clickstack/node/register"]
  const run = await runApp(script, [how], {
    nodeOptions,
    env: { ...general, CLICKSTACK_SAMPLING_RATIO: "0", CLICKSTACK_SAMPLING_KEEP_ERRORS: "true", ...env },
  })
  // What was put on disk is sent by the next process.
  await runApp("-e", [next], { nodeOptions, env: general })
  await inbox.waitFor(() => inbox.find("next"))
  const names = inbox.spans
    .filter(({ name }) => name !== "next")
    .map(({ name, attributes }) => `${name} ${String(attributes["SampleRate"])}`)
    .toSorted()
  const said = run.stdout
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line) as DestinationStats)
  return { names, said, code: run.code, signal: run.signal, stderr: run.stderr }
}
const broken = ["broken 1", "in broken 1"]
const none = { leftOut: 0, held: 0, heldBytes: 0 }

describe("a process with a trace with an error, one that is open, and others, of which the ratio chooses none", () => {
  test("that ends by itself: the error is sent, the rest is left out and no loss", async () => {
    const { names, said, code, stderr } = await live("ends")
    expect({ names, code, stderr }).toEqual({ names: broken, code: 0, stderr: "" })
    expect(said[0]).toMatchObject({ produced: 2, delivered: 2, spooled: 0, waiting: 0 })
    expect(Object.values(said[0]!.dropped).every((count) => count === 0)).toBe(true)
    expect(said[0]!.sampling).toEqual({ ...none, leftOut: 41, kept: 1, decidedEarly: 1 })
  })

  test("that calls process.exit()", async () => {
    expect(await live("exits")).toMatchObject({ names: broken, code: 0, stderr: "" })
  })

  test.each(["crashes", "rejects"])("that %s: what was open is an error", async (how) => {
    const { names, code, stderr } = await live(how)
    expect({ names: names.filter((name) => /broken|open/.test(name)), code }).toEqual({
      names: [...broken, "in open 1"].toSorted(),
      code: 1,
    })
    expect(stderr).toContain("Error: crash")
  })

  test("that catches what nobody caught goes on, and its trace is none with an error", async () => {
    const { names, code } = await live("catches")
    expect({ names: names.filter((name) => /broken|open/.test(name)), code }).toEqual({
      names: broken,
      code: 3,
    })
  })

  test("that is ended by SIGTERM", async () => {
    expect(await live("is ended")).toMatchObject({ names: broken, signal: "SIGTERM", stderr: "" })
  })

  test("that flushes: what is held is decided, and what ends later is held anew", async () => {
    const { names, said } = await live("flushes")
    expect(names).toEqual([...broken, "open 1"].toSorted())
    expect(said.map(({ produced, delivered, sampling }) => [produced, delivered, sampling])).toEqual([
      [2, 2, { ...none, leftOut: 41, kept: 1, decidedEarly: 1 }],
      [3, 3, { ...none, leftOut: 41, kept: 2, decidedEarly: 1 }],
    ])
  })

  test("that shuts down", async () => {
    const { names, said } = await live("shuts down")
    expect(names).toEqual(broken)
    expect(said[0]).toMatchObject({ produced: 2, delivered: 2, sampling: { held: 0, leftOut: 41 } })
  })

  test("whose trace does not end is sent when it is known to be slow", async () => {
    const { names } = await live("waits", { CLICKSTACK_SAMPLING_KEEP_SLOWER_THAN: "200" })
    expect(names).toEqual([...broken, "in open 1"].toSorted())
  })
})

describe("a worker", () => {
  test.each(["worker ends", "worker exits"])("%s: it decides about its part by itself", async (how) => {
    const { names, code, stderr } = await live(how)
    expect({ names, code, stderr }).toEqual({
      names: [...broken, "broken in the worker 1", "in broken in the worker 1"].toSorted(),
      code: 0,
      stderr: "",
    })
  })

  test("that crashes: what was open there is an error", async () => {
    const { names, code } = await live("worker crashes")
    expect(code).toBe(0)
    expect(names).toEqual(
      expect.arrayContaining([...broken, "in broken in the worker 1", "in open in the worker 1"]),
    )
    expect(names.filter((name) => /fine/.test(name))).toEqual([])
  })
})

test("chosen traces are sent with their weight at the end, also what was open", async () => {
  const { names } = await live("ends", { CLICKSTACK_SAMPLING_RATIO: "1" })
  expect(names).toHaveLength(43)
  expect(names).toContain("in open undefined")
})
