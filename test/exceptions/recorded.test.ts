// What is recorded, where, and what never is.
import { afterAll, expect, test } from "vitest"
import { App, framesOf } from "./crashing-app.ts"

const apps: App[] = []
afterAll(async () => {
  for (const app of apps) await app[Symbol.asyncDispose]()
})

function appOf(files: Readonly<Record<string, string>>): App {
  const app = new App(files)
  apps.push(app)
  return app
}

const record = (script: string, options: Parameters<App["record"]>[1] = {}, files = {}) =>
  appOf({ "app.mjs": script, ...files }).record("app.mjs", options)

const imports = `import { recordException, withSpan } from "@clickstack/node"
import { trace } from "@opentelemetry/api"
`
const traced = { env: { CLICKSTACK_INSTRUMENTATION: "true" } }
// A stack has the lines that every request and every handler comes through.
const request = `
const ask = async (server) => {
  const { port } = server.address()
  console.log(await (await fetch("http://127.0.0.1:" + port + "/orders/7")).text())
  server.close()
}
`

test("express: what a handler throws is on the request's span, with its line", async () => {
  const { did, events, logs, telemetry } = await record(
    `import express from "express"
import { createServer } from "node:http"
${request}
const app = express()
app.get("/orders/:id", async function findOrder(request, response) {
  await null
  const order = undefined
  response.json(order.id)
})
app.use((error, request, response, next) => response.status(500).send("sorry"))
const server = createServer(app).listen(0, () => ask(server))
`,
    traced,
  )
  expect(did).toMatchObject({ code: 0, stdout: "sorry\n", stderr: "" })
  expect(logs.map(({ body }) => body)).toEqual([
    "TypeError: Cannot read properties of undefined (reading 'id')",
  ])
  expect(events.map(({ span }) => [span.name, span.status])).toEqual([["GET /orders/:id", "error"]])
  expect(framesOf(events[0]!).at(-1)).toMatchObject({
    filename: "app.mjs",
    function: "findOrder",
    context_line: "  response.json(order.id)",
    in_app: true,
  })
  expect(logs[0]!.spanId).toBe(telemetry.find("GET /orders/:id")!.spanId)
})

test("fastify: the same, once for the error that several layers see", async () => {
  const { did, events, logs } = await record(
    `${imports}import fastify from "fastify"
${request}
const app = fastify()
app.get("/orders/:id", () => withSpan("outer", () => withSpan("find", async () => {
  throw new RangeError("none")
})).catch((error) => {
  recordException(error, { "order.id": 7 })
  throw error
}))
app.setErrorHandler((error, request, reply) => reply.status(500).send("sorry"))
await app.listen({ port: 0 })
await ask(app.server)
`,
    traced,
  )
  expect(did).toMatchObject({ code: 0, stdout: "sorry\n", stderr: "" })
  expect(logs.map(({ body, attributes }) => [body, attributes["order.id"]])).toEqual([
    ["RangeError: none", undefined],
  ])
  // The request's own span shows what it failed with, too.
  expect(events.map(({ span, attributes }) => [span.name, attributes["order.id"]])).toEqual([
    ["find", undefined], // it has ended, and is on its way
    ["GET /orders/:id", 7],
  ])
  for (const event of events) {
    expect(framesOf(event).at(-1)).toMatchObject({ context_line: '  throw new RangeError("none")' })
  }
})

test("a request whose handler kills the process arrives, with its exception", async () => {
  const { did, events, telemetry } = await record(
    `import express from "express"
import { createServer } from "node:http"
const app = express()
app.get("/orders/:id", () => setTimeout(() => { throw new Error("fatal") }))
const server = createServer(app).listen(0, () => {
  fetch("http://127.0.0.1:" + server.address().port + "/orders/7").catch(() => {})
})
`,
    traced,
  )
  expect(did.code).toBe(1)
  const span = telemetry.find("GET /orders/:id")
  expect(span).toMatchObject({ kind: "server", status: "error", attributes: { "error.type": "Error" } })
  expect(events.map((event) => event.span.spanId)).toEqual([span?.spanId])
})

test("in promises, timers, and a worker thread: in the span that is active there", async () => {
  const { events, logs } = await record(
    `${imports}import { Worker, isMainThread } from "node:worker_threads"
process.on("unhandledRejection", () => {})
process.on("uncaughtException", () => {})
const name = isMainThread ? "main" : "worker"
await withSpan(name + " promise", async () => {
  void Promise.all([Promise.reject(new Error(name + " rejected"))])
  await new Promise((resolve) => setTimeout(resolve, 20))
})
await withSpan(name + " timer", async () => {
  setTimeout(() => { throw new Error(name + " thrown") }, 5)
  await new Promise((resolve) => setTimeout(resolve, 20))
})
if (isMainThread) new Worker(new URL(import.meta.url))
`,
  )
  const of = ["main rejected", "main thrown", "worker rejected", "worker thrown"]
  expect(logs.map(({ attributes }) => String(attributes["exception.message"])).toSorted()).toEqual(of)
  expect(events.map(({ span }) => span.name).toSorted()).toEqual([
    "main promise",
    "main timer",
    "worker promise",
    "worker timer",
  ])
  for (const event of events) {
    expect(framesOf(event).findLast((frame) => frame.in_app)).toMatchObject({
      filename: "app.mjs",
      in_app: true,
    })
  }
})

test("events that others put on a span get the same form, and a log record", async () => {
  const { events, logs } = await record(`${imports}
const error = new TypeError("theirs")
withSpan("adds", (span) => {
  span.addEvent("exception", { "exception.type": "TypeError", "exception.message": "theirs", "exception.stacktrace": error.stack })
})
withSpan("records", (span) => span.recordException(new Error("own", { cause: error })))
`)
  expect(logs.map(({ body }) => body)).toEqual(["TypeError: theirs", "Error: own"])
  expect(events.map(({ attributes }) => attributes["exception.stacktrace"])).toEqual([undefined, undefined])
  expect(events.map(({ attributes }) => attributes["exception.cause"])).toEqual([
    undefined,
    "TypeError: theirs",
  ])
  expect(events.map((event) => framesOf(event).at(-1)!.lineno)).toEqual([4, 8])
  expect(logs[1]!.attributes["exception.stacktrace"]).toMatch(
    /^Error: own\n[^]*\[cause\]: TypeError: theirs\n/,
  )
})

test("in a trace that is not sampled there is the log record", async () => {
  const { events, logs } = await record(
    `${imports}withSpan("work", () => recordException(new Error("quiet")))`,
    {
      env: { CLICKSTACK_SAMPLER: "parentbased_always_off" },
    },
  )
  expect(events).toEqual([])
  expect(logs.map(({ body, traceId }) => [body, /^[0-9a-f]{32}$/.test(traceId ?? "")])).toEqual([
    ["Error: quiet", true],
  ])
})

test("before init() it does nothing", async () => {
  const app = appOf({ "app.mjs": `${imports}recordException(new Error("early")); console.log("fine")` })
  expect(await app.run("app.mjs")).toEqual({ code: 0, signal: null, stdout: "fine\n", stderr: "" })
})

test("a stack that lies reads no file but the app's scripts", async () => {
  const secret = "hunter2"
  const { events } = await record(
    `${imports}
import { fileURLToPath } from "node:url"
const here = fileURLToPath(new URL(".", import.meta.url))
const files = ["/etc/passwd", here + ".env", here + "secret.js", here + "../secret.js", here + "package.json", here + "node_modules/../secret.js"]
for (const file of files) {
  const error = new Error("forged\\n    at x (" + file + ":1:1)")
  error.stack = "Error: other\\n" + ["x (" + file, "async file://" + file].map((place) => "    at " + place + ":1:1" + (place.startsWith("x") ? ")" : "")).join("\\n")
  recordException(error)
}
`,
    {},
    { ".env": `PASSWORD=${secret}\n`, "secret.js": `const password = "${secret}"\n` },
  )
  expect(events).toHaveLength(6)
  for (const event of events) {
    expect(framesOf(event)).toHaveLength(2)
    for (const frame of framesOf(event)) expect(frame).not.toHaveProperty("context_line")
  }
  expect(JSON.stringify(events)).not.toContain(secret)
})

test("a source map reads no file but sources of the app", async () => {
  const map = (source: string) =>
    `data:application/json,${encodeURIComponent(JSON.stringify({ version: 3, sources: [source], mappings: "AAAA" }))}`
  const { events } = await record(
    `${imports}
for (const name of ["a", "b", "c"]) await import("./" + name + ".mjs").catch(recordException)
`,
    {},
    {
      ".env": "PASSWORD=hunter2\n",
      "a.mjs": `throw new Error("a")\n//# sourceMappingURL=${map(".env")}\n`,
      "b.mjs": `throw new Error("b")\n//# sourceMappingURL=${map("/etc/passwd")}\n`,
      "c.mjs": `throw new Error("c")\n//# sourceMappingURL=../../../../../etc/passwd\n`,
    },
  )
  expect(events).toHaveLength(3)
  expect(JSON.stringify(events)).not.toMatch(/hunter2|root:/)
})

test("source lines are off by one switch, and so is what nobody caught by another", async () => {
  const script = `${imports}recordException(new Error("seen"))\nthrow new Error("fatal")\n`
  const off = await record(script, { env: { CLICKSTACK_CAPTURE_SOURCE_LINES: "false" } })
  expect(off.events).toHaveLength(2)
  for (const event of off.events) {
    expect(framesOf(event).at(-1)).toMatchObject({ filename: "app.mjs", in_app: true })
    expect(framesOf(event).at(-1)).not.toHaveProperty("context_line")
  }
  const unheard = await record(script, { env: { CLICKSTACK_CAPTURE_EXCEPTIONS: "false" } })
  expect(unheard.did.code).toBe(1)
  expect(unheard.logs.map(({ body }) => body)).toEqual(["Error: seen"])
})

test("a storm of 10,000 errors is recorded whole, and read in part", async () => {
  const { did, logs, telemetry } = await record(
    `${imports}
function storm() { return new Error("storm") }
for (let turn = 0; turn < 100; turn++) {
  for (let index = 0; index < 100; index++) withSpan("one", () => recordException(storm()))
  await new Promise((resolve) => setImmediate(resolve))
}
`,
  )
  expect(did.code).toBe(0)
  expect(logs).toHaveLength(10_000)
  const withFrames = telemetry.spans.map(({ events }) => (events[0] === undefined ? [] : framesOf(events[0])))
  const read = withFrames.filter((frames) => frames.some((frame) => frame.context_line !== undefined))
  expect(read.length).toBeGreaterThan(0)
  expect(read.length).toBeLessThan(1000)
})
