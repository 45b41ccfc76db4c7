// pino in whatever way the app has set it up: a record is what the line is, and the line is the app's but for the ids.
import { expect, test } from "vitest"
import { lines, runScript, runUnchanged } from "./run-script.ts"

const pino = (code: string) =>
  `import pino from "pino"\nconst sync = pino.destination({ sync: true })\n${code}`

test.each([
  [
    "redacts",
    `pino({ redact: ["alias", "user.nick"] }, sync).info({ alias: "x", user: { id: 1, nick: "t" } }, "in")`,
    ["info", "in", { alias: "[Redacted]", "user.id": 1, "user.nick": "[Redacted]" }],
  ],
  [
    "redacts by removing",
    `pino({ redact: { paths: ["alias"], remove: true } }, sync).info({ alias: "x", id: 1 }, "in")`,
    ["info", "in", { id: 1 }],
  ],
  [
    "redacts the whole line in a hook",
    `pino({ hooks: { streamWrite: (line) => line.replaceAll("hunter2", "***") } }, sync).info({ key: "hunter2" }, "with hunter2")`,
    ["info", "with ***", { key: "***" }],
  ],
  [
    "serializes",
    `pino({ serializers: { user: ({ id }) => ({ id }) } }, sync).info({ user: { id: 1, name: "Ann" } }, "in")`,
    ["info", "in", { "user.id": 1 }],
  ],
  [
    "formats",
    `pino({ formatters: { level: (label) => ({ severity: label }), log: (o) => ({ ...o, added: true }) } }, sync).warn({ id: 1 }, "in")`,
    ["warn", "in", { severity: "warn", id: 1, added: true }],
  ],
  [
    "has other keys",
    `pino({ messageKey: "message", errorKey: "problem", nestedKey: "payload", timestamp: () => ',"at":"2026-01-02T03:04:05.678Z"' }, sync).info({ id: 1 }, "in")`,
    ["info", "in", { "payload.id": 1 }],
  ],
  ["has levels of its own", `pino({ customLevels: { audit: 35 } }, sync).audit("in")`, ["audit", "in", {}]],
  ["has a mixin", `pino({ mixin: () => ({ mixed: 1 }) }, sync).info("in")`, ["info", "in", { mixed: 1 }]],
  [
    "has children",
    `pino({ name: "shop" }, sync).child({ request: "r1" }).child({ part: 2 }).info("in %d", 5)`,
    ["info", "in 5", { name: "shop", request: "r1", part: 2 }],
  ],
  [
    "gets an error first",
    `pino(sync).error(new RangeError("boom"), "failed")`,
    [
      "error",
      "failed",
      { "exception.type": "RangeError", "exception.message": "boom", stack: "RangeError: boom" },
    ],
  ],
  [
    "gets an error alone",
    `pino(sync).fatal(new RangeError("boom"))`,
    [
      "fatal",
      "boom",
      { "exception.type": "RangeError", "exception.message": "boom", stack: "RangeError: boom" },
    ],
  ],
  [
    "gets err, with more to it",
    `pino(sync).error({ err: Object.assign(new RangeError("boom"), { code: "E1" }), id: 1 }, "failed")`,
    [
      "error",
      "failed",
      {
        "exception.type": "RangeError",
        "exception.message": "boom",
        "err.code": "E1",
        id: 1,
        stack: "RangeError: boom",
      },
    ],
  ],
  [
    "gets an error where pino does not look",
    `pino(sync).error({ error: new RangeError("boom") }, "failed")`,
    [
      "error",
      "failed",
      { "exception.type": "RangeError", "exception.message": "boom", stack: "RangeError: boom" },
    ],
  ],
  [
    "redacts its errors",
    `pino({ redact: ["err.message", "err.stack"] }, sync).error({ err: new RangeError("boom") }, "failed")`,
    [
      "error",
      "failed",
      { "exception.type": "RangeError", "exception.message": "[Redacted]", stack: "[Redacted]" },
    ],
  ],
] as const)("%s", async (_, code, line) => {
  const outside = await runUnchanged(pino(code))
  expect(lines(outside)).toEqual([line])
  const within = await runUnchanged(pino(`inSpan(() => ${code})`))
  expect(lines(within)).toEqual([line])
  const [span] = within.spans
  expect(within.logs.map(({ traceId, spanId }) => [traceId, spanId])).toEqual([[span!.traceId, span!.spanId]])
  const ids = `"trace_id":"${span!.traceId}","span_id":"${span!.spanId}","trace_flags":"01"}\n`
  expect(within.stdout.endsWith(ids)).toBe(true)
})

test("a record has the line's time and the number of its level", async () => {
  const run = await runScript(
    pino(`pino({ timestamp: () => ',"time":"2026-01-02T03:04:05.678Z"' }, sync).info("iso")
      pino({ timestamp: pino.stdTimeFunctions.unixTime }, sync).info("seconds")
      pino({ customLevels: { audit: 35 } }, sync).audit("now")`),
  )
  expect(run.logs.map(({ time }) => new Date(time).toISOString())[0]).toBe("2026-01-02T03:04:05.678Z")
  const printed = run.stdout
    .trim()
    .split("\n")
    .map((line) => (JSON.parse(line) as { time: number }).time)
  expect(run.logs[1]!.time).toBe(printed[1]! * 1000)
  expect(run.logs[2]!.time).toBe(printed[2])
  expect(run.logs[2]!.severity).toBe("INFO")
})

test("levels below the threshold, of the logger or of all its streams, are not recorded", async () => {
  const run = await runUnchanged(
    pino(`pino({ level: "warn" }, sync).info("not taken")
      pino({ level: "silent" }, sync).fatal("not taken")
      const many = pino({ level: "trace" }, pino.multistream([{ level: "warn", stream: sync }, { level: "error", stream: sync }]))
      many.info("not taken")
      many.error("taken")`),
  )
  expect(lines(run)).toEqual([["error", "taken", {}]])
})

test("a stream of the app's that prints with the console is no second line, and what a serializer logs is one of its own", async () => {
  const run = await runUnchanged(
    pino(`const other = pino({ name: "other" }, sync)
      const log = pino({ serializers: { id: (id) => (other.info("serializing"), id) } }, { write: (line) => console.log(line.trim()) })
      log.info({ id: 1 }, "in")`),
  )
  expect(lines(run)).toEqual([
    ["info", "serializing", { name: "other" }],
    ["info", "in", { id: 1 }],
  ])
})

test("a transport in a thread of its own, which prints with the console too, records nothing again", async () => {
  const code = `
    import { writeFileSync } from "node:fs"
    import pino from "pino"
    const target = new URL("printing-transport.mjs", import.meta.url)
    writeFileSync(target, \`export default async () => {
      const { Writable } = await import("node:stream")
      return new Writable({ write(chunk, encoding, done) { console.log("transport:", String(chunk).trim()); done() } })
    }\`)
    const transport = pino.transport({ target: target.href })
    const log = pino(transport)
    transport.on("ready", () => {
      inSpan(() => log.info("through a thread"))
      setTimeout(() => transport.end(), 200)
    })`
  for (const preload of ["import", "require"] as const) {
    const run = await runScript(code, { preload })
    expect(lines(run)).toEqual([["info", "through a thread", {}]])
    expect(run.stdout).toMatch(/^transport: .*"msg":"through a thread","trace_id":/)
  }
})

test("fields that the app has set stay, in the line and in the record", async () => {
  const run = await runScript(
    pino(`inSpan(() => pino(sync).info({ trace_id: "mine", nested: { span_id: "theirs" } }, "in"))`),
  )
  const [span] = run.spans
  const line = JSON.parse(run.stdout) as Record<string, unknown>
  expect(line).toMatchObject({ trace_id: "mine", span_id: span!.spanId, trace_flags: "01" })
  expect(run.stdout.match(/"trace_id"/g)).toHaveLength(1)
  expect(lines(run)).toEqual([["info", "in", { trace_id: "mine", "nested.span_id": "theirs" }]])
  expect(run.logs[0]!.traceId).toBe(span!.traceId)
})

test("without injection the app's output is byte for byte its own", async () => {
  const env = { CLICKSTACK_LOGS_INJECT_TRACE_IDS: "false" }
  const run = await runScript(pino(`inSpan(() => pino({ base: null, timestamp: false }, sync).info("in"))`), {
    env,
  })
  expect(run.stdout).toBe('{"level":30,"msg":"in"}\n')
  expect(run.logs.map(({ traceId }) => traceId)).toEqual([run.spans[0]!.traceId])
})

test("switched off it is neither recorded nor changed; without logs it still gets ids", async () => {
  const code = pino(`inSpan(() => pino({ base: null, timestamp: false }, sync).info("in"))`)
  const off = await runScript(code, { env: { CLICKSTACK_INSTRUMENTATION_PINO: "false" } })
  expect([off.stdout, off.logs.length, off.spans.length]).toEqual(['{"level":30,"msg":"in"}\n', 0, 1])
  const injected = await runScript(code, { env: { CLICKSTACK_LOGS_EXPORTER: "none" } })
  expect(injected.stdout).toContain(injected.spans[0]!.traceId)
  expect(injected.logs).toEqual([])
})

test("loaded before init() it is named as too early", async () => {
  const run = await runScript(
    pino(`import { init } from "@clickstack/node"
      process.stdout.write(JSON.stringify(init().describe().instrumentation.tooEarly))`),
    { preload: false },
  )
  expect(JSON.parse(run.stdout)).toContain("pino")
  expect(run.stderr).toContain("clickstack: init() came after pino")
})

test("a line of megabytes is there, marked, and is not read", async () => {
  const run = await runScript(
    pino(`pino({ base: null }, { write() {} }).info({ big: "x".repeat(5_000_000) }, "in")`),
  )
  expect(lines(run)).toEqual([["info", expect.stringMatching(/^\[a line of 50000\d\d characters\]$/), {}]])
})

test("where the app sends its lines by itself they are not recorded again", async () => {
  const sender = "node_modules/pino-opentelemetry-transport/index.mjs"
  const code = `
    import { mkdirSync, writeFileSync } from "node:fs"
    import pino from "pino"
    const target = new URL("${sender}", import.meta.url)
    mkdirSync(new URL(".", target), { recursive: true })
    writeFileSync(target, \`import { Writable } from "node:stream"
      export default async () => new Writable({ write: (chunk, encoding, done) => done() })\`)
    pino(pino.transport({ target: target.href })).info("sent by the app")
    class OTelPinoStream { write() {} }
    pino({}, pino.multistream([{ stream: new OTelPinoStream() }])).info("sent by upstream's instrumentation")
    pino({}, { write() {} }).info("sent by us")`
  const run = await runScript(code)
  expect(lines(run)).toEqual([["info", "sent by us", {}]])
})
