// `node --import @clickstack/node/register app.js`: init() from the environment alone, before the app. Never throws.
import { isMainThread } from "./builtins.ts"
import { start } from "./start.ts"
import { createSay } from "./stderr.ts"

try {
  if (isOfTheApp()) start()
} catch (error) {
  createSay("error")("error", "register", `register failed, the app runs without it: ${String(error)}`)
}

/**
 * Whether this thread is the app's. The others have the flags of their process and so load us too: the one in which Node
 * runs hooks of modules, with `--require`, which alone has no port to a parent; and one in which a transport of pino runs.
 * That one prints and sends lines that the main thread has recorded; thread-stream, by which pino makes it, marks it so.
 */
function isOfTheApp(): boolean {
  if (isMainThread()) return true
  const { parentPort, workerData } = process.getBuiltinModule("node:worker_threads")
  const inner = (workerData as { workerData?: { $context?: { threadStreamVersion?: unknown } } } | null)
    ?.workerData
  return parentPort !== null && inner?.$context?.threadStreamVersion === undefined
}
