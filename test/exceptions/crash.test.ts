// Processes that die of an exception, or nearly: what Node does stays as it is, and what killed them arrives.
import { afterAll, expect, test } from "vitest"
import { App, framesOf } from "./crashing-app.ts"

const node = process.env["CLICKSTACK_TEST_NODE"]

const thrower = `function thrower() {
  throw new RangeError("thrown")
}`

interface Crash {
  readonly says: string
  readonly script: string
  readonly name?: string
  readonly nodeArgs?: readonly string[]
  readonly recorded: readonly string[]
}

const crashes: readonly Crash[] = [
  { says: "throws at once", script: `${thrower}\nthrower()`, recorded: ["RangeError: thrown"] },
  {
    says: "throws at once, in an ES module",
    name: "mjs",
    script: `${thrower}\nthrower()`,
    recorded: ["RangeError: thrown"],
  },
  {
    says: "throws in a timer",
    script: `${thrower}\nsetTimeout(thrower, 5)`,
    recorded: ["RangeError: thrown"],
  },
  { says: "rejects", script: `${thrower}\n(async () => thrower())()`, recorded: ["RangeError: thrown"] },
  {
    says: "rejects, where that only warns",
    script: `${thrower}\n(async () => thrower())()`,
    nodeArgs: ["--unhandled-rejections=warn"],
    recorded: ["RangeError: thrown"],
  },
  {
    says: "rejects, where nothing comes of it",
    script: `${thrower}\n(async () => thrower())()`,
    nodeArgs: ["--unhandled-rejections", "none"],
    recorded: ["RangeError: thrown"],
  },
  {
    says: "rejects, where that throws at once",
    script: `${thrower}\n(async () => thrower())()`,
    nodeArgs: ["--unhandled-rejections=strict"],
    recorded: ["RangeError: thrown"],
  },
  {
    says: "rejects with a text",
    script: `Promise.reject("text")`,
    recorded: [
      `UnhandledPromiseRejection: This error originated either by throwing inside of an async function without a catch block, or by rejecting a promise which was not handled with .catch(). The promise rejected with the reason "text".`,
    ],
  },
  { says: "throws a text", script: `throw "text"`, recorded: ["string: text"] },
  { says: "throws nothing", script: `throw undefined`, recorded: ["undefined: undefined"] },
  { says: "throws null", script: `throw null`, recorded: ["null: null"] },
  {
    says: "throws an object",
    script: `throw { code: 1, secret: 2 }`,
    recorded: ["Object: [Object with code, secret]"],
  },
  {
    says: "throws an error with a cause",
    script: `throw new Error("outer", { cause: new TypeError("inner") })`,
    recorded: ["Error: outer"],
  },
  {
    says: "throws an AggregateError",
    script: `throw new AggregateError([new Error("one"), "two"], "all")`,
    recorded: ["AggregateError: all"],
  },
  {
    says: "throws an error whose getters throw",
    script: `const error = new Error("x")
const get = () => { throw new Error("no") }
Object.defineProperties(error, { stack: { get }, message: { get }, name: { get } })
setTimeout(() => { throw error })`,
    recorded: ["Error"],
  },
  {
    says: "throws, and writes stacks its own way",
    script: `Error.prepareStackTrace = (error, sites) => error + " in " + sites[0].getFunctionName()
${thrower}
setTimeout(() => { console.log(typeof Error.prepareStackTrace); thrower() })`,
    recorded: ["RangeError: thrown"],
  },
  {
    says: "hears uncaught exceptions, and goes on",
    script: `${thrower}
process.on("uncaughtException", (error, origin) => console.log(error.message, origin))
setTimeout(thrower)
setTimeout(() => console.log("goes on"), 20)`,
    recorded: ["RangeError: thrown"],
  },
  {
    says: "hears them, and exits with 3",
    script: `${thrower}\nprocess.on("uncaughtException", () => process.exit(3))\nsetTimeout(thrower)`,
    recorded: ["RangeError: thrown"],
  },
  {
    says: "hears rejections, and goes on",
    script: `${thrower}
process.on("unhandledRejection", (error) => console.log("heard", error.message))
void (async () => thrower())()
setTimeout(() => console.log("goes on"), 20)`,
    recorded: ["RangeError: thrown"],
  },
  {
    says: "hears one rejection, and dies of the next",
    script: `process.once("unhandledRejection", (error) => console.log("heard", error.message))
void Promise.reject(new Error("first"))
setTimeout(() => Promise.reject(new Error("second")), 20)`,
    recorded: ["Error: first", "Error: second"],
  },
  {
    says: "throws anew in its handler",
    script: `process.on("unhandledRejection", (error) => { throw new Error("anew", { cause: error }) })
void Promise.reject(new Error("first"))`,
    recorded: ["Error: first", "Error: anew"],
  },
  {
    says: "throws in a worker thread",
    script: `const { Worker, isMainThread } = require("node:worker_threads")
${thrower}
if (isMainThread) new Worker(__filename).on("error", (error) => console.log("worker:", error.message))
else thrower()`,
    recorded: ["RangeError: thrown"],
  },
  {
    says: "handles what it throws",
    script: `${thrower}\ntry { thrower() } catch { console.log("fine") }\nPromise.reject(new Error("late")).catch(() => {})`,
    recorded: [],
  },
]

const app = new App({})
afterAll(() => app[Symbol.asyncDispose]())

test.each(crashes)("an app that $says", async ({ says, script, name = "cjs", nodeArgs = [], recorded }) => {
  const file = `${says.replace(/[^a-z]+/gi, "-")}.${name}`
  app.write({ [file]: `${script}\n` })
  const options = { node, nodeArgs }
  const [alone, { did, logs, events }] = await Promise.all([
    app.run(file, options),
    app.record(file, options),
  ])
  expect(did).toEqual(alone)
  expect(logs.map(({ body }) => body)).toEqual(recorded)
  expect(logs.map(({ severity }) => severity)).toEqual(recorded.map(() => "ERROR"))
  expect(events.map(({ span }) => [span.name, span.status])).toEqual(
    recorded.map(() => ["exception", "error"]),
  )
  expect(logs.map(({ spanId }) => spanId)).toEqual(events.map(({ span }) => span.spanId))
  if (recorded[0] !== "RangeError: thrown" || script.includes("prepareStackTrace")) return
  const thrown = framesOf(events.at(-1)!).find((frame) => frame.function.endsWith("thrower"))
  expect(thrown).toMatchObject({
    filename: file,
    in_app: true,
    context_line: '  throw new RangeError("thrown")',
  })
})
