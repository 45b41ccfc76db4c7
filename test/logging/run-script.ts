// Runs a script of a test with the SDK and without it, from a directory where it finds the loggers.
import { mkdirSync, writeFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { type Captured, captureProcess, type CaptureOptions } from "@clickstack/testing"
import { expect } from "vitest"
import { comparable } from "./logged.ts"

const directory = fileURLToPath(new URL("dist/", import.meta.url))
let scripts = 0

const span = `import { trace } from "@opentelemetry/api"
const inSpan = (fn) => trace.getTracer("shop").startActiveSpan("job", (span) => {
  try { return fn(span.spanContext()) } finally { span.end() }
})
`

export function script(code: string): string {
  mkdirSync(directory, { recursive: true })
  const file = `${directory}script-${process.pid}-${scripts++}.mjs`
  writeFileSync(file, span + code)
  return file
}

export const runScript = (code: string, options: CaptureOptions = {}): Promise<Captured> =>
  captureProcess(script(code), { ...options, env: { OTEL_SERVICE_NAME: "shop", ...options.env } })

/** What it prints must be as without us, but for the ids of a trace. */
export async function runUnchanged(code: string, options: CaptureOptions = {}): Promise<Captured> {
  const file = script(code)
  const [run, bare] = await Promise.all([
    captureProcess(file, { ...options, env: { OTEL_SERVICE_NAME: "shop", ...options.env } }),
    captureProcess(file, { ...options, preload: false }),
  ])
  expect(comparable(run.stdout)).toBe(comparable(bare.stdout))
  expect(comparable(run.stderr)).toBe(comparable(bare.stderr))
  expect(run.code).toBe(bare.code)
  return run
}

/** Level, text and attributes, the stack of an error in short. */
export const lines = (run: Pick<Captured, "logs">): unknown[] =>
  run.logs.map(({ severityText, body, attributes }) => {
    const { "exception.stacktrace": stack, ...rest } = attributes
    const short = stack === undefined ? {} : { stack: String(stack).split("\n")[0] }
    return [severityText, body, { ...rest, ...short }]
  })
