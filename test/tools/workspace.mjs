// What the commands of package.json share: where the workspace is, the pinned pnpm (fetched by npx, since a
// fresh machine has only Node and npm), and running one of the workspace's tools.
import { spawn } from "node:child_process"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"

export const root = fileURLToPath(new URL("../..", import.meta.url))

const { packageManager } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"))

/**
 * Runs a command to its end, with its output shown or, when quiet, collected.
 * @param {string} command
 * @param {string[]} args
 * @param {{ quiet?: boolean, cwd?: string, env?: NodeJS.ProcessEnv }} [options]
 * @returns {Promise<{ code: number, output: string }>}
 */
export function run(command, args, { quiet = false, cwd = root, env = process.env } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd,
      env,
      stdio: quiet ? ["ignore", "pipe", "pipe"] : "inherit",
      shell: process.platform === "win32",
    })
    let output = ""
    child.stdout?.on("data", (chunk) => (output += chunk))
    child.stderr?.on("data", (chunk) => (output += chunk))
    child.on("error", reject)
    child.on("close", (code) => resolve({ code: code ?? 1, output }))
  })
}

/** Runs a tool that the workspace has installed, such as tsc. */
export const tool = (
  /** @type {string} */ name,
  /** @type {string[]} */ args,
  /** @type {object} */ options = {},
) => run(join(root, "node_modules", ".bin", name), args, options)

/** Runs the pinned pnpm. */
export const pnpm = (/** @type {string[]} */ args, /** @type {object} */ options = {}) =>
  run("npx", ["--yes", packageManager, ...args], options)

/** Installs from the frozen lock file, then builds; ends the process with a clear line when that fails. */
export async function installAndBuild() {
  await must("install", pnpm(["install", "--frozen-lockfile"], { quiet: true }))
  await must("build", tool("tsc", ["-b", "packages"], { quiet: true }))
}

/**
 * @param {string} what
 * @param {Promise<{ code: number, output: string }>} result
 */
async function must(what, result) {
  const started = performance.now()
  process.stdout.write(`${what} ... `)
  const { code, output } = await result
  console.log(code === 0 ? `ok, ${seconds(started)}` : `failed, exit code ${code}`)
  if (code === 0) return
  console.error(output)
  process.exit(1)
}

export const seconds = (/** @type {number} */ started) =>
  `${((performance.now() - started) / 1000).toFixed(1)} s`
