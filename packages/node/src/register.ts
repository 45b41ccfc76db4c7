// `node --import @clickstack/node/register app.js`: init() from the environment alone, before the app. Never throws.
import { isLogTransport } from "./logging/is-log-transport.ts"
import { start } from "./start.ts"
import { createSay } from "./stderr.ts"

try {
  if (!isLogTransport()) start({})
} catch (error) {
  createSay("error")("error", "register", `register failed, the app runs without it: ${String(error)}`)
}
