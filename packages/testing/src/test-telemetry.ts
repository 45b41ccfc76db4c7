// testTelemetry(): @clickstack/node with a memory behind it, in place of whatever the process has registered, until the
// test ends.
import { createRequire } from "node:module"
import type { Clickstack, Options } from "@clickstack/node"
import type { startIsolated } from "@clickstack/node/isolated"
import { TestingError } from "./errors.ts"
import { exportersTo, watcherOf } from "./memory.ts"
import { extend } from "./recorded/extend.ts"
import { createRecorder, type Telemetry } from "./recorded/telemetry.ts"

/** Those of init(); the environment's variables do not count. */
export type TestTelemetryOptions = Omit<Options, "destination">

export interface TestTelemetry extends Telemetry, AsyncDisposable {
  /** What init() gives, also to the app that calls it during the test. */
  readonly clickstack: Clickstack
  /** Gives back what was registered before. What was recorded can still be read. */
  close(): Promise<void>
}

let open: TestTelemetry | undefined

/**
 * @throws TestingError IN_USE, while another one is open in this process; PACKAGE_MISSING without @clickstack/node.
 * @throws ClickstackError for wrong options.
 */
export function testTelemetry(options: TestTelemetryOptions = {}): TestTelemetry {
  if (open !== undefined) {
    throw new TestingError(
      "IN_USE",
      "testTelemetry() is open already, and a process has one provider: close() it first, or share it and tell the traces apart by their roots",
    )
  }
  const start = loadStart()
  const recorder = createRecorder({ flush: async () => clickstack.flush() })
  const { traces = {}, logs = {}, instrumentation = {} } = options
  // Each item goes at once: what has ended is there after the next `await`.
  const atOnce = { batchSize: 1, delay: 0 }
  const clickstack = start(
    {
      startupLine: false,
      ...options,
      spool: false,
      destination: exportersTo(recorder),
      // What the machine does is in no test's hands.
      instrumentation:
        typeof instrumentation === "object"
          ? { runtime: false, host: false, ...instrumentation }
          : instrumentation,
      traces: typeof traces === "object" ? { ...atOnce, ...traces } : traces,
      logs: typeof logs === "object" ? { ...atOnce, ...logs } : logs,
    },
    { watch: watcherOf(recorder) },
  )
  const close = async () => {
    if (open === telemetry) open = undefined
    await clickstack.shutdown()
  }
  const telemetry = extend(recorder.telemetry, { clickstack, close, [Symbol.asyncDispose]: close })
  open = telemetry
  return telemetry
}

const require = createRequire(import.meta.url)

/** An optional peer, so it is not imported; and by require(), since nobody should have to wait for it. */
function loadStart(): typeof startIsolated {
  try {
    return (require("@clickstack/node/isolated") as { startIsolated: typeof startIsolated }).startIsolated
  } catch (cause) {
    const isJest = "jest" in globalThis || /Jest/.test(String(cause))
    throw new TestingError(
      "PACKAGE_MISSING",
      isJest
        ? "testTelemetry() starts @clickstack/node, which cannot be loaded here: jest loads ES modules since Node.js 24.9; before, use captureProcess(), or the processors of memory() with OpenTelemetry's own SDK"
        : "testTelemetry() starts @clickstack/node, which is not installed: npm install @clickstack/node; for another SDK, add the processors of memory() to it",
      { cause },
    )
  }
}
