// `pnpm check`: everything that reads the code without running it. Every step runs, also after a failure, and
// the output of a step is shown only when it failed.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { pathToFileURL } from "node:url"
import { pnpm, root, seconds, tool } from "./workspace.mjs"

const quiet = { quiet: true }

/** @type {Record<string, () => Promise<{ code: number, output: string }>>} */
const steps = {
  "format (oxfmt)": () => tool("oxfmt", ["--check"], quiet),
  "types (tsc)": () => tool("tsc", ["-b", "packages"], quiet),
  "lint, type-aware (oxlint)": () => tool("oxlint", ["--type-aware", "--deny-warnings"], quiet),
  "unused code and dependencies (knip)": () => tool("knip", ["--no-progress"], quiet),
  "packages as people install them (publint, are-the-types-wrong)": checkPackages,
}

/** Packs every public package and lets publint and are-the-types-wrong judge the tarball. */
async function checkPackages() {
  const into = mkdtempSync(join(tmpdir(), "clickstack-pack-"))
  const results = []
  try {
    for (const name of readdirSync(join(root, "packages"))) {
      const cwd = join(root, "packages", name)
      if (!isPublicPackage(cwd)) continue
      // Not npm's pack, which would leave the catalog's "catalog:" where versions belong.
      const tarball = join(into, `${name}.tgz`)
      const packed = await pnpm(["pack", "--out", tarball], { quiet: true, cwd })
      results.push(packed)
      if (packed.code !== 0) continue
      results.push(await tool("publint", ["--strict", tarball], quiet))
      results.push(await tool("attw", [tarball, "--profile", "esm-only", "--no-emoji"], quiet))
    }
  } finally {
    rmSync(into, { recursive: true, force: true })
  }
  const failed = results.filter(({ code }) => code !== 0)
  return { code: failed.length, output: failed.map(({ output }) => output).join("\n") }
}

/** @param {string} directory */
function isPublicPackage(directory) {
  try {
    return JSON.parse(readFileSync(join(directory, "package.json"), "utf8")).private !== true
  } catch {
    return false
  }
}

/** @returns {Promise<{ passed: number, failed: number, skipped: string[] }>} */
export async function check() {
  let failed = 0
  for (const [name, step] of Object.entries(steps)) {
    const started = performance.now()
    const { code, output } = await step()
    console.log(`${code === 0 ? "ok    " : "FAILED"} ${name}, ${seconds(started)}`)
    if (code === 0) continue
    failed++
    console.log(output)
  }
  return { passed: Object.keys(steps).length - failed, failed, skipped: [] }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const { failed } = await check()
  process.exitCode = failed === 0 ? 0 : 1
}
