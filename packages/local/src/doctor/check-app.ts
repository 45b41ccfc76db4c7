// The app's side: Node.js, the packages that are installed, and how the SDK is loaded.
import { existsSync, readFileSync, realpathSync } from "node:fs"
import { dirname, join } from "node:path"
import { type Check, failed, ok, skipped, warning } from "./check.ts"

interface PackageFile {
  name?: string
  version?: string
  scripts?: Record<string, string>
  dependencies?: Record<string, string>
  devDependencies?: Record<string, string>
  optionalDependencies?: Record<string, string>
  peerDependencies?: Record<string, string>
}

export function checkApp(directory: string, nodeVersion: string, nodeOptions: string): Check[] {
  const [sdk, copies] = checkPackages(directory)
  const preload =
    sdk.status === "skipped" ? skipped("preload", sdk.message) : checkPreload(directory, nodeOptions)
  return [checkNode(nodeVersion), sdk, copies, preload]
}

function checkNode(version: string): Check {
  const [major = 0, minor = 0] = version.replace(/^v/, "").split(".").map(Number)
  if (major > 20 || (major === 20 && minor >= 19)) return ok("node", `Node.js ${version}`)
  return failed("node", `Node.js ${version} is too old`, "use Node.js 20.19 or later")
}

function checkPackages(directory: string): [sdk: Check, copies: Check] {
  const api = new Map<string, string>()
  const ours = new Map<string, Set<string>>()
  for (const [path, { name = "", version = "" }] of packagesOf(directory)) {
    if (name === "@opentelemetry/api") api.set(path, version)
    if (name.startsWith("@clickstack/")) ours.set(name, (ours.get(name) ?? new Set()).add(version))
  }
  const sdk = ours.get("@clickstack/node")
  return [
    sdk === undefined
      ? skipped("sdk", `@clickstack/node is not among the packages of ${directory}`)
      : sdk.size > 1
        ? warning("sdk", `@clickstack/node is installed as ${[...sdk].join(" and ")}`, "keep one version")
        : ok("sdk", `@clickstack/node ${[...sdk].join()}`),
    checkApiCopies(api),
  ]
}

function checkApiCopies(copies: ReadonlyMap<string, string>): Check {
  if (copies.size === 0)
    return skipped("api copies", "@opentelemetry/api is not among the packages of the app")
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

/** Every package that the app's own dependencies lead to, each copy once, found as Node.js finds them. */
function packagesOf(directory: string): Map<string, PackageFile> {
  const found = new Map<string, PackageFile>()
  const open = [existsSync(directory) ? realpathSync(directory) : directory]
  for (let from = open.pop(); from !== undefined; from = open.pop()) {
    const manifest = readPackage(from)
    const isApp = found.size === 0
    found.set(from, manifest)
    const names = [
      manifest.dependencies,
      manifest.optionalDependencies,
      manifest.peerDependencies,
      isApp ? manifest.devDependencies : {},
    ].flatMap((all) => Object.keys(all ?? {}))
    for (const name of names) {
      const path = resolvePackage(name, from)
      if (path !== undefined && !found.has(path)) open.push(path)
    }
  }
  return found
}

function resolvePackage(name: string, from: string): string | undefined {
  for (let directory = from; ; directory = dirname(directory)) {
    const path = join(directory, "node_modules", name)
    if (existsSync(join(path, "package.json"))) return realpathSync(path)
    if (directory === dirname(directory)) return undefined
  }
}

function readPackage(path: string): PackageFile {
  try {
    return JSON.parse(readFileSync(join(path, "package.json"), "utf8")) as PackageFile
  } catch {
    return {}
  }
}

const preload = /(?:--import|--require|-r)[ =]+["']?\S*clickstack/

function checkPreload(directory: string, nodeOptions: string): Check {
  if (preload.test(nodeOptions)) return ok("preload", "NODE_OPTIONS loads the SDK before the app")
  const { scripts = {} } = readPackage(directory)
  const loading = Object.entries(scripts).find(([, script]) => preload.test(script))
  if (loading !== undefined) return ok("preload", `the script "${loading[0]}" loads the SDK before the app`)
  if (Object.keys(scripts).length === 0)
    return skipped("preload", `no package.json with scripts in ${directory}`)
  return warning(
    "preload",
    "nothing seen that loads the SDK before the app: no script in package.json, and not NODE_OPTIONS",
    'start the app with "node --import @clickstack/node/register app.js", unless its first line calls init()',
  )
}
