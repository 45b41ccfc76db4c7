// Runs the tests of @clickstack/node's apps with other versions of Node, which come as npm packages:
// `node test/tools/node-matrix.mjs [version ...]`, such as `24` or `20.19.0`; without one, all that we support.
import { existsSync, mkdirSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { pathToFileURL } from "node:url"
import { run, tool } from "./workspace.mjs"

const supported = ["20.19.0", "22", "24", "26"]

/** What is run with each version. */
export const matrixFiles = [
  "test/exceptions/crash.test.ts",
  "test/instrumentation/http-bytes.test.ts",
  "test/node/apps.test.ts",
  "test/node/clickhouse.test.ts",
  "test/node/init.test.ts",
  "test/privacy/bodies-bytes.test.ts",
  "test/privacy/bodies.test.ts",
]

/**
 * The executable of a version, installed on first use beside the system's temporary files.
 * @param {string} version
 * @returns {Promise<string>}
 */
export async function nodeBinary(version) {
  const name = `node-${process.platform === "win32" ? "win" : process.platform}-${process.arch}`
  const directory = join(tmpdir(), "clickstack-test-nodes", version)
  const binary = join(
    directory,
    "node_modules",
    name,
    "bin",
    process.platform === "win32" ? "node.exe" : "node",
  )
  if (!existsSync(binary)) {
    mkdirSync(directory, { recursive: true })
    const install = [
      "install",
      "--no-save",
      "--no-audit",
      "--no-fund",
      "--ignore-scripts",
      "--prefix",
      directory,
    ]
    const { code, output } = await run("npm", [...install, `${name}@${version}`], {
      quiet: true,
      cwd: directory,
    })
    if (code !== 0) throw new Error(`npm could not install ${name}@${version}:\n${output}`)
  }
  return binary
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const versions = process.argv.length > 2 ? process.argv.slice(2) : supported
  process.exitCode = (await tool("tsc", ["-b", "packages"])).code
  for (const version of versions) {
    const binary = await nodeBinary(version)
    const { output } = await run(binary, ["--version"], { quiet: true })
    console.log(`\nNode ${output.trim()}`)
    const env = { ...process.env, CLICKSTACK_TEST_NODE: binary }
    const { code } = await tool("vitest", ["run", "--config", "test/vitest.config.ts", ...matrixFiles], {
      env,
    })
    if (code !== 0) process.exitCode = code
  }
}
