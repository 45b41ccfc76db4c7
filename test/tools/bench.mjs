// `pnpm bench`: lists the benchmarks; `pnpm bench NAME [options]` builds and runs one. They print, and never fail.
import { readdirSync } from "node:fs"
import { join } from "node:path"
import { root, run, tool } from "./workspace.mjs"

const [wanted, ...options] = process.argv.slice(2)
const names = readdirSync(join(root, "test", "bench"), { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name)
if (wanted === undefined || !names.includes(wanted)) {
  console.log(`usage: pnpm bench NAME [options]\n\n${names.join("\n")}`)
  process.exitCode = wanted === undefined ? 0 : 1
} else {
  const built = await tool("tsc", ["-b", "packages"])
  const script = join(root, "test", "dist", "bench", wanted, `${wanted}.js`)
  process.exitCode = built.code || (await run(process.execPath, ["--expose-gc", script, ...options])).code
}
