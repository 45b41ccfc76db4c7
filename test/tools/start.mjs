// `npm start`: installs, builds, and shows the main job: a shop whose telemetry arrives in an embedded ClickStack.
import { spawn } from "node:child_process"
import { once } from "node:events"
import { join } from "node:path"
import { installAndBuild, root } from "./workspace.mjs"

await installAndBuild()
const shop = spawn(process.execPath, [join(root, "examples", "shop", "index.js"), ...process.argv.slice(2)], {
  cwd: root,
  stdio: "inherit",
})
// At Ctrl-C the terminal tells the shop, too, and this waits until it has put everything away.
process.on("SIGINT", () => {})
process.on("SIGTERM", () => shop.kill("SIGTERM"))
const [code] = await once(shop, "exit")
process.exitCode = code ?? 1
