// `npm start`: installs, builds, and shows the main job on the embedded default.
import { join } from "node:path"
import { installAndBuild, root, run } from "./workspace.mjs"

await installAndBuild()
const { code } = await run(process.execPath, [
  join(root, "examples", "shop-day", "index.js"),
  ...process.argv.slice(2),
])
process.exitCode = code
