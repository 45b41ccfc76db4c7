// What is written with console.*: as Node formats it, with what it is about as attributes, and never our own doing.
import { expect, test } from "vitest"
import { lines, runScript, runUnchanged } from "./run-script.ts"

const lostStack = expect.stringMatching(/^(x )?TypeError: boom\n {4}at /)

test.each([
  ["console.log('hello')", ["info", "hello", {}]],
  ["console.info('%s has %d', 'cart', 2)", ["info", "cart has 2", {}]],
  ["console.debug('100%')", ["debug", "100%", {}]],
  ["console.warn('a', 1, true, null)", ["warn", "a 1 true null", {}]],
  [
    "console.error('x', new TypeError('boom'))",
    [
      "error",
      lostStack,
      { "exception.type": "TypeError", "exception.message": "boom", stack: "TypeError: boom" },
    ],
  ],
  [
    "console.log('order', { id: 7, user: { name: 'Ann', tags: ['a'] }, none: null })",
    [
      "info",
      "order { id: 7, user: { name: 'Ann', tags: [ 'a' ] }, none: null }",
      { id: 7, "user.name": "Ann", "user.tags": ["a"] },
    ],
  ],
  [
    "console.error('failed', { err: new TypeError('boom'), attempt: 3 })",
    [
      "error",
      expect.stringContaining("failed {"),
      {
        "exception.type": "TypeError",
        "exception.message": "boom",
        attempt: 3,
        stack: "TypeError: boom",
      },
    ],
  ],
  ["console.trace('here')", ["trace", expect.stringMatching(/^Trace: here\n {4}at file:/), {}]],
  [
    "console.dir({ deep: { er: { est: { x: 1 } } } }, { depth: 0 })",
    ["info", "{ deep: [Object] }", { "deep.er.est.x": 1 }],
  ],
  ["console.assert(1 > 2, 'math')", ["warn", "Assertion failed: math", {}]],
  ["console.count()", ["info", "default: 1", {}]],
  ["console.table([{ a: 1 }])", ["info", expect.stringContaining("│ (index) │ a │"), {}]],
  ["console.log('\\u001b[31mred\\u001b[39m')", ["info", "red", {}]],
] as const)("%s", async (code, line) => {
  const run = await runUnchanged(code)
  expect(lines(run)).toEqual([line])
})

test("arguments that throw or are cyclic cost the app nothing, and the line is there", async () => {
  const run = await runUnchanged(`
    const cyclic = { name: "c" }
    cyclic.self = cyclic
    console.log("cyclic", cyclic)
    console.log("getter", { get bad() { throw new Error("no") }, good: 1 })
    console.log("big", 10n, Symbol("s"), new Map([[1, 2]]), { big: 10n })`)
  expect(run.logs.map(({ body }) => String(body).split(" ")[0])).toEqual(["cyclic", "getter", "big"])
  expect(run.logs[1]!.attributes).toEqual({ good: 1 })
  expect(run.logs[2]!.attributes).toEqual({ big: "10" })
})

test("nothing of the app runs that would not without us, and what is odd is a line all the same", async () => {
  const run = await runUnchanged(`
    let ran = 0
    const trap = () => ran++
    const trapped = new Proxy({ a: 1 }, { get: trap, ownKeys: () => { throw new Error("trap") },
      getPrototypeOf: () => { throw new Error("trap") } })
    console.log({ get x() { return ran++ }, y: { get z() { return ran++ }, trapped } })
    console.log(trapped)
    console.log(ran, "ran")`)
  expect(lines(run)).toEqual([
    ["info", "{ x: [Getter], y: { z: [Getter], trapped: { a: 1 } } }", {}],
    ["info", "{ a: 1 }", {}],
    ["info", "0 ran", {}],
  ])
})

test("methods that the app takes out, replaces before or after, or routes to one another, give each line once", async () => {
  const run = await runUnchanged(`
    const { log } = console
    log("taken out")
    const warn = console.warn
    console.warn = (...args) => warn("[app]", ...args)
    console.warn("replaced")
    console.info = (...args) => console.log("routed", ...args)
    console.info("on")`)
  expect(lines(run)).toEqual([
    ["info", "taken out", {}],
    ["warn", "[app] replaced", {}],
    ["info", "routed on", {}],
  ])
})

test("methods that were replaced before the SDK came are the app's still", async () => {
  const code = `
    const print = console.log
    console.log = (...args) => print("app:", ...args)
    console.info = (...args) => console.log("info", ...args)
    const { init } = await import("@clickstack/node")
    if (process.env.OTEL_SERVICE_NAME) init()
    console.log("one")
    console.info("two")`
  const run = await runUnchanged(code, { preload: false })
  expect(lines(run)).toEqual([
    ["info", "one", {}],
    ["info", "info two", {}],
  ])
})

test("a Console of the app's own counts if it prints where the console does", async () => {
  const run = await runUnchanged(`
    import { Console } from "node:console"
    import { Writable } from "node:stream"
    new Console(process.stdout, process.stderr).error("to stderr")
    new Console(new Writable({ write: (chunk, encoding, done) => done() })).log("elsewhere")`)
  expect(lines(run)).toEqual([["error", "to stderr", {}]])
})

test.each([
  ["CLICKSTACK_INSTRUMENTATION_CONSOLE", "false"],
  ["HDX_NODE_CONSOLE_CAPTURE", "0"],
  ["CLICKSTACK_LOGS_EXPORTER", "none"],
])("%s=%s turns it off", async (name, value) => {
  const run = await runUnchanged("console.log('not sent')", { env: { [name]: value } })
  expect(run.logs).toEqual([])
})

test.each([
  ["with our delivery", "true"],
  ["with OpenTelemetry's own", "false"],
])(
  "what an exporter prints, and OpenTelemetry's diagnostics on the console, are no logs, %s",
  async (_, delivery) => {
    const code = `
    import { diag, DiagConsoleLogger, DiagLogLevel } from "@opentelemetry/api"
    import { init } from "@clickstack/node"
    const seen = []
    const exporter = {
      export(batch, done) {
        console.log("exporting", batch.length)
        for (const { body } of batch) if (body !== undefined) seen.push(body)
        setTimeout(() => {
          console.log("exported")
          done({ code: 0 })
        }, 5)
      },
      forceFlush: async () => console.log("flushed"),
      shutdown: async () => console.log("shut down"),
    }
    const clickstack = init({ destination: { logs: exporter, spans: exporter }, logLevel: "debug", delivery: ${delivery} })
    diag.setLogger(new DiagConsoleLogger(), { logLevel: DiagLogLevel.ALL, suppressOverrideMessage: true })
    console.log("the app's line")
    inSpan(() => console.log("within a span"))
    for (let round = 0; round < 5; round++) await clickstack.flush()
    process.stdout.write("SEEN" + JSON.stringify(seen) + "\\n")
    await clickstack.shutdown()`
    const run = await runScript(code, { preload: false })
    const [, seen = ""] = /^SEEN(.*)$/m.exec(run.stdout) ?? []
    expect(JSON.parse(seen)).toEqual(["the app's line", "within a span"])
    expect(run.stdout).toContain("exported")
  },
)

test("texts and errors of megabytes are there, cut and marked", async () => {
  const run = await runScript(`
    const long = "x".repeat(3_000_000)
    process.stdout.write = () => true
    process.stderr.write = () => true
    console.log(long)
    console.log("%s and %s", long, "more")
    console.error("failed", Object.assign(new TypeError("boom"), { stack: "TypeError: boom " + long }))`)
  const found = (lines(run) as [string, string][]).map(([level, text]) => [
    level,
    text.slice(0, 20),
    text.slice(-13),
    text.length < 70_000,
  ])
  expect(found).toEqual([
    ["info", "x".repeat(20), "x…[truncated]", true],
    ["info", "x".repeat(20), "x…[truncated]", true],
    ["error", "failed TypeError: bo", "x…[truncated]", true],
  ])
})
