// Local variables of what throws, where that is asked for.
import { spawn } from "node:child_process"
import { once } from "node:events"
import { afterAll, describe, expect, test } from "vitest"
import { nodeBinary } from "../tools/node-matrix.mjs"
import { App, framesOf } from "./crashing-app.ts"

const on = { CLICKSTACK_CAPTURE_LOCAL_VARIABLES: "true" }
const imports = `import { recordException } from "@clickstack/node"\n`
const script = `${imports}
class Cart {
  #secret = 1
  total(items, password) {
    const order = { id: 7, apiKey: "hunter2", note: "x".repeat(1000), get costs() { throw new Error("not read") } }
    const list = [1, "two", { three: 3 }]
    let none, missing = null, big = 12n, many = new Map([[1, 2]]), call = () => {}
    {
      const inner = "q".repeat(1000)
      throw new RangeError("no total" + inner.length)
    }
  }
}
function checkout(user) {
  const token = "hunter2"
  return new Cart().total([user], "hunter2")
}
`

const apps: App[] = []
afterAll(async () => {
  for (const app of apps) await app[Symbol.asyncDispose]()
})

function appOf(text: string): App {
  const app = new App({ "app.mjs": text })
  apps.push(app)
  return app
}

const expected = [
  { function: "checkout", vars: { user: "ann", token: "[REDACTED]" } },
  {
    function: "Cart.total",
    vars: {
      inner: `${"q".repeat(200)}…`,
      items: ["ann"],
      password: "[REDACTED]",
      order: {
        id: 7,
        apiKey: "[REDACTED]",
        note: expect.stringMatching(/^x+…x+$/),
        costs: expect.any(String),
      },
      list: [1, "two", "Object"],
      none: "[undefined]",
      missing: null,
      big: "12n",
      many: "Map(1)",
      call: "[function]",
    },
  },
]

describe.each([
  ["20", process.execPath],
  ["24", undefined],
])("on Node %s", (version, given) => {
  test("of errors that are caught and recorded, and of what kills the process, which dies as it would", async () => {
    const node = given ?? (await nodeBinary(version))
    const app = appOf(`${script}
try { checkout("ann") } catch (error) { recordException(error) }
await (async () => { await null; checkout("ann") })().catch(recordException)
setTimeout(() => checkout("ann"))
`)
    const [alone, { did, events }] = await Promise.all([
      app.run("app.mjs", { node }),
      app.record("app.mjs", { node, env: on }),
    ])
    expect(did).toEqual(alone)
    expect(events).toHaveLength(3)
    for (const event of events) {
      expect(
        framesOf(event).filter((frame) => ["checkout", "Cart.total"].includes(frame.function)),
      ).toMatchObject(expected)
    }
    expect(JSON.stringify(events.flatMap(framesOf).map(({ vars }) => vars))).not.toContain("hunter2")
  })
})

test("are not there unless asked for, and nothing is paused", async () => {
  const { events } = await appOf(
    `${script}try { checkout("ann") } catch (error) { recordException(error) }`,
  ).record("app.mjs")
  for (const frame of framesOf(events[0]!)) expect(frame).not.toHaveProperty("vars")
})

test("a storm of errors that are caught pauses seldom, and what nobody catches still has them", async () => {
  const { events } = await appOf(`${script}
for (let index = 0; index < 20_000; index++) try { checkout("bob") } catch {}
setTimeout(() => checkout("ann"))
`).record("app.mjs", { env: on })
  expect(framesOf(events.at(-1)!).findLast((frame) => frame.function === "checkout")?.vars).toMatchObject({
    user: "ann",
  })
})

test("a worker thread has its own", async () => {
  const { events } = await appOf(`${script}
import { Worker, isMainThread } from "node:worker_threads"
if (isMainThread) new Worker(new URL(import.meta.url))
else try { checkout("ann") } catch (error) { recordException(error) }
`).record("app.mjs", { env: on })
  expect(framesOf(events[0]!).findLast((frame) => frame.function === "checkout")?.vars).toMatchObject({
    user: "ann",
  })
})

test("a debugger that is attached is left alone, which one line says", async () => {
  const app = appOf(`console.log("runs")`)
  const register = new URL("../../packages/node/dist/register.js", import.meta.url).href
  const child = spawn(
    process.execPath,
    ["--inspect=127.0.0.1:0", "--import", register, `${app.directory}/app.mjs`],
    {
      env: {
        ...on,
        PATH: process.env["PATH"],
        HOME: "",
        OTEL_LOGS_EXPORTER: "none",
        OTEL_METRICS_EXPORTER: "none",
        CLICKSTACK_STARTUP_LINE: "false",
      },
    },
  )
  let stderr = ""
  child.stderr.on("data", (chunk) => (stderr += String(chunk)))
  const [code] = (await once(child, "close")) as [number]
  expect(code).toBe(0)
  expect(stderr.match(/^clickstack: .*$/gm)).toEqual([
    "clickstack: local variables are not captured: a debugger is attached",
  ])
})
