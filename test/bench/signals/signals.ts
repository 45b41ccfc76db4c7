// `pnpm bench signals [rounds]`: what each signal's own work costs, beside upstream's; each file here in a process of its
// own.
import { spawnSync } from "node:child_process"
import { readdirSync } from "node:fs"
import { basename } from "node:path"
import { fileURLToPath } from "node:url"

const here = fileURLToPath(new URL(".", import.meta.url))
const own = basename(fileURLToPath(import.meta.url))

for (const name of readdirSync(here).toSorted()) {
  if (!name.endsWith(".js") || name === own) continue
  console.log(`\n${name.slice(0, -".js".length)}\n`)
  spawnSync(process.execPath, ["--expose-gc", `${here}${name}`, ...process.argv.slice(2)], {
    stdio: "inherit",
  })
}
