// `npm start`: installs, builds, and shows the main job: a shop whose telemetry arrives in an embedded ClickStack.
import { join } from "node:path"
import { installAndBuild, root, run } from "./workspace.mjs"

await installAndBuild()
const { code } = await run(process.execPath, [
  join(root, "examples", "shop", "index.js"),
  ...process.argv.slice(2),
])
process.exitCode = code
