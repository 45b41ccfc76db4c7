// What an install of @clickstack/node brings, with every instrumentation, without
// optional parts: at most 80 packages and 35 MB of files, and one
// copy of each OpenTelemetry package; under npm and pnpm, from the packed tarball.
import { execFile } from "node:child_process"
import { existsSync, lstatSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { npmInstall, pack } from "./packed.ts"

const root = fileURLToPath(new URL("../..", import.meta.url))
const directory = mkdtempSync(join(tmpdir(), "clickstack-install-"))
let tarball: string

beforeAll(async () => {
  tarball = await pack(root, "node", directory)
})
afterAll(() => rmSync(directory, { recursive: true, force: true }))

interface Installed {
  name: string
  version: string
  bytes: number
}

/** Every package below a node_modules; links are not followed, so each file counts once. */
function installedIn(nodeModules: string): Installed[] {
  const found: Installed[] = []
  const visit = (path: string, scope: string) => {
    for (const entry of readdirSync(path, { withFileTypes: true })) {
      if (!entry.isDirectory() || entry.name === ".bin") continue
      const below = join(path, entry.name)
      if (entry.name === ".pnpm") {
        for (const each of readdirSync(below)) {
          if (each !== "node_modules") visitIfThere(join(below, each, "node_modules"))
        }
      } else if (entry.name.startsWith("@") && scope === "") visit(below, `${entry.name}/`)
      else {
        const { name, version } = JSON.parse(readFileSync(join(below, "package.json"), "utf8"))
        found.push({ name, version, bytes: bytesOf(below) })
        visitIfThere(join(below, "node_modules"))
      }
    }
  }
  const visitIfThere = (path: string) => {
    if (existsSync(path)) visit(path, "")
  }
  visit(nodeModules, "")
  return found
}

function bytesOf(path: string): number {
  let sum = 0
  for (const entry of readdirSync(path, { withFileTypes: true })) {
    if (entry.name === "node_modules" || entry.isSymbolicLink()) continue
    const below = join(path, entry.name)
    sum += entry.isDirectory() ? bytesOf(below) : lstatSync(below).size
  }
  return sum
}

const managers: [string, (into: string) => Promise<unknown>][] = [
  ["npm", (into) => npmInstall(into, [tarball])],
  [
    "pnpm",
    (into) => {
      const { packageManager } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"))
      return promisify(execFile)("npx", ["--yes", packageManager, "add", "--ignore-scripts", tarball], {
        cwd: into,
      })
    },
  ],
]

describe.each(managers)("%s", (manager, install) => {
  test("installs little, and one copy of each OpenTelemetry package", async () => {
    const into = mkdtempSync(join(directory, `${manager}-`))
    writeFileSync(join(into, "package.json"), '{ "private": true }')
    await install(into)
    const installed = installedIn(join(into, "node_modules"))
    const megabytes = installed.reduce((sum, { bytes }) => sum + bytes, 0) / 1e6
    console.log(`${manager}: ${installed.length} packages, ${megabytes.toFixed(1)} MB`)
    expect(installed.map(({ name }) => name)).toContain("@clickstack/node")
    expect(installed.length).toBeLessThanOrEqual(80)
    expect(megabytes).toBeLessThanOrEqual(35)
    const upstream = installed.filter(({ name }) => name.startsWith("@opentelemetry/"))
    expect(upstream.length).toBeGreaterThan(10)
    expect(new Set(upstream.map(({ name }) => name)).size).toBe(upstream.length)
    const versions = Object.fromEntries(upstream.map(({ name, version }) => [name, version]))
    expect(versions).toMatchObject({
      "@opentelemetry/core": "2.12.0",
      "@opentelemetry/sdk-trace-base": "2.12.0",
      "@opentelemetry/sdk-logs": "0.223.0",
    })
  }, 180_000)
})
