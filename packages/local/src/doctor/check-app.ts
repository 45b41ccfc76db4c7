// The app's side: Node.js, the packages that are installed, and how the SDK is loaded.
import { existsSync, readFileSync, readdirSync, realpathSync } from "node:fs"
import { join } from "node:path"
import { type Check, failed, ok, skipped, warning } from "./check.ts"

interface PackageFile {
  name?: string
  version?: string
  scripts?: Record<string, string>
}

export function checkApp(directory: string, nodeVersion: string, nodeOptions: string): Check[] {
  return [checkNode(nodeVersion), ...checkPackages(directory), checkPreload(directory, nodeOptions)]
}

function checkNode(version: string): Check {
  const [major = 0, minor = 0] = version.replace(/^v/, "").split(".").map(Number)
  if (major > 20 || (major === 20 && minor >= 19)) return ok("node", `Node.js ${version}`)
  return failed("node", `Node.js ${version} is too old`, "use Node.js 20.19 or later")
}

function checkPackages(directory: string): Check[] {
  const api = new Map<string, string>()
  const ours = new Map<string, Set<string>>()
  for (const path of packagesUnder(directory)) {
    const { name = "", version = "" } = readPackage(path)
    if (name === "@opentelemetry/api") api.set(path, version)
    if (name.startsWith("@clickstack/")) ours.set(name, (ours.get(name) ?? new Set()).add(version))
  }
  const sdk = ours.get("@clickstack/node")
  return [
    sdk === undefined
      ? skipped("sdk", `@clickstack/node is not installed in ${directory}`)
      : sdk.size > 1
        ? warning("sdk", `@clickstack/node is installed as ${[...sdk].join(" and ")}`, "keep one version")
        : ok("sdk", `@clickstack/node ${[...sdk].join()}`),
    checkApiCopies(api),
  ]
}

function checkApiCopies(copies: ReadonlyMap<string, string>): Check {
  if (copies.size === 0) return skipped("api copies", "@opentelemetry/api is not installed here")
  if (copies.size === 1)
    return ok("api copies", `one copy of @opentelemetry/api, ${[...copies.values()].join()}`)
  const list = [...copies].map(([path, version]) => `${version} in ${path}`).join(", ")
  const old = [...copies.values()].filter((version) => /^(0\.|1\.[0-3]\.)/.test(version))
  if (old.length > 0) {
    return failed(
      "api copies",
      `${copies.size} copies of @opentelemetry/api: ${list}`,
      `update what brings ${old.join(", ")}; before 1.4 it cannot be reached`,
    )
  }
  return warning(
    "api copies",
    `${copies.size} copies of @opentelemetry/api: ${list}`,
    "@clickstack/node reaches all of them; other SDKs do not: npm ls @opentelemetry/api shows who brings them",
  )
}

// An install can be very large; what is not found among so many directories is not looked for.
const mostDirectories = 20_000

/** Every installed package, in npm's layout and in pnpm's, each once. */
function packagesUnder(directory: string): Set<string> {
  const found = new Set<string>()
  const open = [join(directory, "node_modules")]
  const seen = new Set<string>()
  for (let next = open.pop(); next !== undefined && seen.size < mostDirectories; next = open.pop()) {
    if (!existsSync(next)) continue
    const real = realpathSync(next)
    if (seen.has(real)) continue
    seen.add(real)
    for (const entry of readdirSync(real, { withFileTypes: true })) {
      if (!entry.isDirectory() && !entry.isSymbolicLink()) continue
      const path = join(real, entry.name)
      if (entry.name === ".pnpm") {
        for (const one of readdirSync(path)) open.push(join(path, one, "node_modules"))
      } else if (entry.name.startsWith("@")) open.push(path)
      else if (!entry.name.startsWith(".") && existsSync(join(path, "package.json"))) {
        found.add(realpathSync(path))
        open.push(join(path, "node_modules"))
      }
    }
  }
  return found
}

function readPackage(path: string): PackageFile {
  try {
    return JSON.parse(readFileSync(join(path, "package.json"), "utf8")) as PackageFile
  } catch {
    return {}
  }
}

const preload = /--(?:import|require|r)[ =]+["']?(@clickstack\/node\/register|\S*clickstack\S*)/

function checkPreload(directory: string, nodeOptions: string): Check {
  if (preload.test(nodeOptions)) return ok("preload", "NODE_OPTIONS loads the SDK before the app")
  const { scripts = {} } = readPackage(directory)
  const loading = Object.entries(scripts).find(([, script]) => preload.test(script))
  if (loading !== undefined) return ok("preload", `the script "${loading[0]}" loads the SDK before the app`)
  if (Object.keys(scripts).length === 0)
    return skipped("preload", `no package.json with scripts in ${directory}`)
  return warning(
    "preload",
    "neither NODE_OPTIONS nor a script in package.json loads the SDK before the app",
    "start with: node --import @clickstack/node/register app.js (fine if the app calls init() first of all)",
  )
}
