// Packages as people get them: packed by pnpm, which writes real versions for "catalog:" and "workspace:".
import { execFile } from "node:child_process"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { promisify } from "node:util"

const exec = promisify(execFile)

/** The tarball of packages/NAME, in `into`. */
export async function pack(root: string, name: string, into: string): Promise<string> {
  const { packageManager } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"))
  const { stdout } = await exec(
    "npx",
    ["--yes", packageManager, "pack", "--json", "--pack-destination", into],
    { cwd: join(root, "packages", name) },
  )
  return JSON.parse(stdout.slice(stdout.indexOf("{"))).filename
}

export async function npmInstall(directory: string, packages: readonly string[]): Promise<void> {
  const quiet = ["--no-audit", "--no-fund", "--ignore-scripts", "--engine-strict=false"]
  await exec("npm", ["install", ...quiet, "--prefix", directory, ...packages], { cwd: directory })
}
