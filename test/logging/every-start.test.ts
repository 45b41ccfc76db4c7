// Each logger, as CommonJS and as an ES module, in each way to start, in a worker thread, at each kind of end: each line
// is there once, with its severity, its span and its session, and the app prints what it prints without us.
import type { CaptureOptions } from "@clickstack/testing"
import { expect, test } from "vitest"
import { nodeBinary } from "../tools/node-matrix.mjs"
import { comparable, logged, runBare, runLogged, runToTheEnd } from "./logged.ts"

const formats = ["mjs", "cjs"] as const

const starts: Readonly<Record<string, { app: string; preload: NonNullable<CaptureOptions["preload"]> }>> = {
  "--import register": { app: "app", preload: "import" },
  "--require register": { app: "app", preload: "require" },
  "init() in code": { app: "init", preload: false },
  "a worker thread": { app: "worker", preload: "import" },
}

const modules: Readonly<Record<string, readonly string[]>> = {
  console: ["console"],
  pino: ["pino", "pino-9", "pino-8"],
  winston: ["winston"],
  bunyan: ["bunyan", "bunyan-1"],
}

const before = { severity: "INFO", text: "info", body: "before any trace" }
const within = { severity: "WARN", text: "warn", body: "within a trace", span: "job", session: "session-1" }
const last = { severity: "ERROR", text: "error", body: "just before the end" }
const inHandler = { severity: "ERROR", text: "error", body: "in an exit handler" }

const cases = Object.entries(modules).flatMap(([logger, names]) =>
  names.flatMap((module) =>
    formats.flatMap((format) => Object.keys(starts).map((start) => [module, format, start, logger] as const)),
  ),
)

test.each(cases)("%s, %s, %s", { timeout: 60_000 }, async (module, format, start, logger) => {
  const { app, preload } = starts[start]!
  const options = { args: [logger], env: { LOGGER_MODULE: module } }
  const bareApp = app === "init" ? "app" : app
  const [run, bare] = await Promise.all([
    runLogged(`${app}.${format}`, { ...options, preload }),
    runBare(`${bareApp}.${format}`, options),
  ])
  expect(logged(run)).toEqual([before, within, last])
  expect(run.logs.map(({ scope }) => scope.name)).toEqual([logger, logger, logger])
  expect(run.stderr).toBe(bare.stderr)
  expect(comparable(run.stdout)).toBe(comparable(bare.stdout))
  expect(run.code).toBe(bare.code)
})

test.each(["22", "24", "26"])("all of them on Node %s", { timeout: 180_000 }, async (version) => {
  const node = await nodeBinary(version)
  for (const logger of Object.keys(modules)) {
    const run = await runLogged("app.mjs", { args: [logger], node })
    const bare = await runBare("app.mjs", { args: [logger], node })
    expect(logged(run)).toEqual([before, within, last])
    expect(comparable(run.stdout)).toBe(comparable(bare.stdout))
    expect(run.stderr).toBe(bare.stderr)
  }
})

const ends = [
  ["exit", [before, within, last, inHandler]],
  ["throw", [before, within, last, inHandler]],
  ["SIGTERM", [before, within, last]],
] as const

const atEnds = Object.keys(modules).flatMap((logger) =>
  formats.flatMap((format) => ends.map(([end, expected]) => [logger, format, end, expected] as const)),
)

test.each(atEnds)("%s, %s, at the end by %s", { timeout: 60_000 }, async (logger, format, end, expected) => {
  const { run, logs } = await runToTheEnd(`app.${format}`, [logger, end])
  const bare = await runBare(`app.${format}`, { args: [logger, end] })
  // What is thrown is a log of its own.
  expect(logs.filter(({ body }) => !String(body).includes("thrown at the end"))).toEqual(expected)
  expect({ code: run.code, signal: run.signal }).toEqual({ code: bare.code, signal: bare.signal })
  expect(comparable(run.stdout)).toBe(comparable(bare.stdout))
  expect(comparable(run.stderr)).toBe(comparable(bare.stderr))
})
