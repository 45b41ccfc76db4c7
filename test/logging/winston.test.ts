// winston in whatever way the app has set it up: a record is what the logger's format has made of the line.
import { expect, test } from "vitest"
import { runToTheEnd } from "./logged.ts"
import { lines, runScript, runUnchanged, script } from "./run-script.ts"

const winston = (code: string) => `import winston from "winston"
const { combine, timestamp, json, splat, errors, colorize, simple, printf, label } = winston.format
const { Console } = winston.transports
const make = (options) => winston.createLogger({ transports: [new Console()], ...options })
${code}`

const boom = { "exception.type": "RangeError", "exception.message": "boom", stack: "RangeError: boom" }

test.each([
  [
    "meta",
    `make().info("in", { id: 1, user: { name: "Ann" } })`,
    ["info", "in", { id: 1, "user.name": "Ann" }],
  ],
  [
    "splat",
    `make({ format: combine(splat(), json()) }).warn("%s has %d", "cart", 2, { id: 1 })`,
    ["warn", "cart has 2", { id: 1 }],
  ],
  [
    "colours",
    `make({ format: combine(colorize({ all: true }), simple()) }).error("in")`,
    ["error", "in", {}],
  ],
  [
    "a format of its own that takes out",
    `make({ format: combine(winston.format((info) => { info.pin = "***"; delete info.other; return info })(), json()) }).info("in", { pin: 1, other: 2 })`,
    ["info", "in", { pin: "***" }],
  ],
  [
    "default meta and children",
    `make({ defaultMeta: { shop: "s" } }).child({ request: "r" }).info("in", { id: 1 })`,
    ["info", "in", { shop: "s", request: "r", id: 1 }],
  ],
  ["an object alone", `make().log({ level: "info", message: "in", id: 1 })`, ["info", "in", { id: 1 }]],
  ["syslog's levels", `make({ levels: winston.config.syslog.levels }).emerg("in")`, ["emerg", "in", {}]],
  ["an error in meta", `make().error("failed", new RangeError("boom"))`, ["error", "failed boom", boom]],
  [
    "an error as err",
    `make().error("failed", { err: new RangeError("boom"), id: 1 })`,
    ["error", "failed", { ...boom, id: 1 }],
  ],
  [
    "an error alone",
    `make({ format: combine(errors({ stack: true }), json()) }).error(new RangeError("boom"))`,
    ["error", "boom", boom],
  ],
  [
    "an error as the message",
    `make({ format: combine(errors({ stack: true }), json()) }).log("error", new RangeError("boom"))`,
    ["error", "boom", boom],
  ],
  [
    "an error through a child",
    `make({ format: combine(errors({ stack: true }), json()) }).child({ id: 1 }).error(new RangeError("boom"))`,
    ["error", "boom", { ...boom, id: 1 }],
  ],
  [
    "forceConsole",
    `make({ transports: [new Console({ forceConsole: true })] }).info("in")`,
    ["info", "in", {}],
  ],
  [
    "a transport of its own that prints",
    `const { default: Transport } = await import(new URL("../node_modules/winston/node_modules/winston-transport/index.js", import.meta.url)).catch(() => ({ default: Object.getPrototypeOf(Console) }))
   make({ transports: [new (class extends Transport { log(info, done) { console.log("own", info.message); done() } })()] }).info("in")`,
    ["info", "in", {}],
  ],
] as const)("%s", async (_, code, line) => {
  const run = await runUnchanged(winston(code))
  expect(lines(run)).toEqual([line])
})

test("within a span a line gets its ids, and what the app handed over stays the app's", async () => {
  const run = await runUnchanged(
    winston(`const info = { level: "info", message: "in", id: 1 }
      const error = new RangeError("boom")
      const log = make({ format: json() })
      inSpan(() => { log.log(info); log.error(error) })
      log.error(error)
      process.stdout.write(JSON.stringify([Object.keys(info), Object.keys(error)]) + "\\n")`),
  )
  const [span] = run.spans
  expect(run.logs.map(({ traceId }) => traceId)).toEqual([span!.traceId, span!.traceId, undefined])
  const printed = run.stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, unknown>)
  expect(printed.map(({ trace_id: id }) => id)).toEqual([span!.traceId, span!.traceId, undefined, undefined])
})

test("what no transport takes, or a format leaves out, is not recorded; silent ones take nothing", async () => {
  const run = await runUnchanged(
    winston(`make({ level: "warn" }).info("not taken")
      make({ silent: true }).error("not taken")
      make({ transports: [new Console({ silent: true })] }).error("not taken")
      make({ transports: [new Console({ level: "error" })] }).warn("not taken")
      make({ format: winston.format(() => false)() }).error("not taken")
      make({ level: "error", transports: [new Console({ level: "debug" })] }).debug("taken")`),
  )
  expect(lines(run)).toEqual([["debug", "taken", {}]])
})

test("lines that wait for a slow transport have the span they were logged in, once, also at process.exit", async () => {
  const code = winston(`const Transport = Object.getPrototypeOf(Console)
    class Slow extends Transport { log(info, done) { setTimeout(done, 1) } }
    const log = make({ transports: [new Slow()] })
    inSpan(() => { for (let i = 0; i < 100; i++) log.info("line " + i) })
    if (process.argv[2] === "exit") process.exit(0)`)
  const bodies = Array.from({ length: 100 }, (_, i) => `line ${i}`)
  const run = await runScript(code)
  const { logs } = await runToTheEnd(script(code), ["exit"])
  expect(logs.map(({ body }) => body)).toEqual(bodies)
  expect(new Set(logs.map(({ span }) => span))).toEqual(new Set(["job"]))
  expect(run.logs.map(({ body }) => body)).toEqual(bodies)
  expect(new Set(run.logs.map(({ spanId }) => spanId))).toEqual(new Set([run.spans[0]!.spanId]))
})

test("what winston logs of an uncaught exception has the error, and nothing of the process's arguments", async () => {
  const run = await runScript(
    winston(`make({ transports: [new Console({ handleExceptions: true })] })
      setImmediate(() => { throw new RangeError("boom") })`),
    { args: ["--secret-argument"] },
  )
  const logs = run.logs.filter(({ scope }) => scope.name === "winston")
  expect(logs).toHaveLength(1)
  expect(logs[0]!.attributes).toMatchObject({ "exception.type": "RangeError", "exception.message": "boom" })
  expect(JSON.stringify(logs)).not.toContain("--secret-argument")
})

test("a time of format.timestamp() is the record's", async () => {
  const run = await runScript(winston(`make({ format: combine(timestamp(), json()) }).info("in")`))
  const { timestamp } = JSON.parse(run.stdout) as { timestamp: string }
  expect(new Date(run.logs[0]!.time).toISOString()).toBe(timestamp)
  expect(lines(run)).toEqual([["info", "in", {}]])
})

test("where the app sends its lines by itself they are not recorded again", async () => {
  const run = await runScript(
    winston(`const Transport = Object.getPrototypeOf(Console)
      for (const one of [
        class OpenTelemetryTransportV3 extends Transport { log(info, done) { done() } },
        class HyperDXWinston extends Transport { log(info, done) { done() } },
        class Other extends Transport { log(info, done) { done() } },
      ]) make({ transports: [new Console(), new one()] }).info("through " + one.name)`),
  )
  expect(lines(run)).toEqual([["info", "through Other", {}]])
})
