// `node --import @clickstack/node/register app.js`: init() from the environment alone, before the app. Never throws.
import { isMainThread } from "./builtins.ts"
import { start } from "./start.ts"
import { createSay } from "./stderr.ts"

try {
  if (!isLogTransport()) start()
} catch (error) {
  createSay("error")("error", "register", `register failed, the app runs without it: ${String(error)}`)
}

/**
 * Whether this is a thread in which a transport of pino runs, which has the flags of its process and so loads us too. It
 * prints and sends lines that the main thread has recorded: nothing that it does is the app's. thread-stream, by which
 * pino makes it, marks it so.
 */
function isLogTransport(): boolean {
  if (isMainThread()) return false
  const { workerData } = process.getBuiltinModule("node:worker_threads")
  const inner = (workerData as { workerData?: { $context?: { threadStreamVersion?: unknown } } } | null)
    ?.workerData
  return inner?.$context?.threadStreamVersion !== undefined
}
