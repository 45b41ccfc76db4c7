// bunyan in whatever way the app has set it up.
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { expect, test } from "vitest"
import { lines, runScript, runUnchanged } from "./run-script.ts"

const bunyan = (code: string) => `import bunyan from "bunyan"
const make = (options) => bunyan.createLogger({ name: "shop", ...options })
${code}`

const boom = { "exception.type": "RangeError", "exception.message": "boom", stack: "RangeError: boom" }

test.each([
  [
    "fields",
    `make().info({ id: 1, user: { name: "Ann" } }, "in %d", 5)`,
    ["info", "in 5", { id: 1, "user.name": "Ann" }],
  ],
  [
    "serializers",
    `make({ serializers: { user: ({ id }) => ({ id }) } }).info({ user: { id: 1, pin: 2 } }, "in")`,
    ["info", "in", { "user.id": 1 }],
  ],
  [
    "children",
    `make().child({ request: "r" }).child({ part: 1 }, true).warn("in")`,
    ["warn", "in", { request: "r", part: 1 }],
  ],
  ["an error first", `make().error(new RangeError("boom"), "failed")`, ["error", "failed", boom]],
  ["an error alone", `make().fatal(new RangeError("boom"))`, ["fatal", "boom", boom]],
  [
    "err with a serializer",
    `make({ serializers: bunyan.stdSerializers }).error({ err: new RangeError("boom") }, "failed")`,
    ["error", "failed", boom],
  ],
  ["err without one", `make().error({ err: new RangeError("boom") }, "failed")`, ["error", "failed", boom]],
  ["error", `make().error({ error: new RangeError("boom") }, "failed")`, ["error", "failed", boom]],
  [
    "several streams",
    `make({ streams: [{ stream: process.stdout }, { stream: process.stderr, level: "error" }] }).error("in")`,
    ["error", "in", {}],
  ],
  [
    "a stream that prints with the console",
    `make({ streams: [{ type: "raw", stream: { write: (record) => console.log(record.msg) } }] }).info("in")`,
    ["info", "in", {}],
  ],
] as const)("%s", async (_, code, [level, text, attributes]) => {
  const run = await runUnchanged(bunyan(code))
  expect(lines(run)).toEqual([[level, text, { name: "shop", ...attributes }]])
})

test("levels below those of all its streams are not recorded", async () => {
  const run = await runUnchanged(
    bunyan(`const log = make({ streams: [{ stream: process.stdout, level: "warn" }] })
      log.info("not taken")
      log.warn("taken")`),
  )
  expect(lines(run)).toEqual([["warn", "taken", { name: "shop" }]])
})

test("rotating files get the ids too, a record has the line's time, and what the app has set stays", async () => {
  const directory = mkdtempSync(join(tmpdir(), "clickstack-bunyan-"))
  try {
    const path = join(directory, "app.log")
    const run = await runScript(
      bunyan(`import { readFileSync } from "node:fs"
        const log = make({ streams: [{ type: "rotating-file", path: ${JSON.stringify(path)}, period: "1d", count: 2 }] })
        inSpan(() => log.info({ span_id: "mine", time: new Date("2026-01-02T03:04:05.678Z") }, "in"))
        setTimeout(() => {
          process.stdout.write(readFileSync(${JSON.stringify(path)}, "utf8"))
          process.exitCode = 0
          log.streams[0].stream.end?.()
        }, 200)`),
    )
    const [span] = run.spans
    expect(JSON.parse(run.stdout)).toMatchObject({
      trace_id: span!.traceId,
      span_id: "mine",
      trace_flags: "01",
    })
    expect(new Date(run.logs[0]!.time).toISOString()).toBe("2026-01-02T03:04:05.678Z")
    expect(run.logs[0]!.spanId).toBe(span!.spanId)
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
})

test("what upstream's instrumentation sends is not recorded again", async () => {
  const run = await runScript(
    bunyan(`class OpenTelemetryBunyanStream { write() {} }
      make({ streams: [{ type: "raw", stream: new OpenTelemetryBunyanStream() }] }).info("sent by upstream's")
      make({ streams: [{ type: "raw", stream: { write() {} } }] }).info("sent by us")`),
  )
  expect(lines(run)).toEqual([["info", "sent by us", { name: "shop" }]])
})
