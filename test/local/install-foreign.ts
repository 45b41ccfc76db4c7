// Distributions of OpenTelemetry, as people install them: with npm, from a lock file of their own, beside the system's
// temporary files. In the workspace they would be 632 packages and 540 MB that only one test needs. On a person's
// machine they are installed when asked for (CLICKSTACK_TEST_FOREIGN=1), on CI always.
import { execFile } from "node:child_process"
import { createHash } from "node:crypto"
import { cpSync, existsSync, readFileSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"

const source = fileURLToPath(new URL("foreign", import.meta.url))
const lock = createHash("sha256")
  .update(readFileSync(join(source, "package-lock.json")))
  .digest("hex")
const directory = join(tmpdir(), `clickstack-test-foreign-${lock.slice(0, 12)}`)
const installed = join(directory, "installed")

export const foreignWanted: boolean =
  existsSync(installed) || process.env["CI"] === "true" || process.env["CLICKSTACK_TEST_FOREIGN"] === "1"

/** Where the packages are, and beside them the apps of `foreign`. */
export async function installForeign(): Promise<string> {
  cpSync(source, directory, { recursive: true })
  if (existsSync(installed)) return directory
  await promisify(execFile)("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund"], { cwd: directory })
  writeFileSync(installed, "")
  return directory
}
