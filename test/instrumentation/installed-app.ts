// For what is too large to be in everybody's workspace: npm installs it on first use, in exact versions, beside the
// system's temporary files, as node-matrix.mjs does with other versions of Node.
import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { npmInstall } from "../node/packed.ts"
import { fixture } from "./traced-app.ts"

/** The directory with the app of fixtures/NAME and what it needs. */
export async function installApp(name: string, packages: Readonly<Record<string, string>>): Promise<string> {
  const directory = join(tmpdir(), "clickstack-test-apps", name)
  mkdirSync(directory, { recursive: true })
  cpSync(fixture(name), directory, { recursive: true })
  const missing = Object.entries(packages).filter(([id, version]) => installed(directory, id) !== version)
  if (missing.length > 0) {
    if (!existsSync(join(directory, "package.json"))) writeFileSync(join(directory, "package.json"), "{}")
    await npmInstall(
      directory,
      Object.entries(packages).map(([id, version]) => `${id}@${version}`),
    )
  }
  return directory
}

function installed(directory: string, id: string): string | undefined {
  try {
    const text = readFileSync(join(directory, "node_modules", id, "package.json"), "utf8")
    return (JSON.parse(text) as { version: string }).version
  } catch {
    return undefined
  }
}
