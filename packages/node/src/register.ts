// `node --import @clickstack/node/register app.js`: init() from the environment alone, before the app. Never throws.
import { start } from "./start.ts"
import { createSay } from "./stderr.ts"

try {
  start({})
} catch (error) {
  createSay("error")("error", "register", `register failed, the app runs without it: ${String(error)}`)
}
