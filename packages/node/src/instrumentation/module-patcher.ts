// Applies patches: finds the instrumentation of a module, loads it when it is the first of its row, looks whether it is
// for this version, and keeps what became of it. Loaded with the first module that is in the table.
import { createRequire, fs, path } from "../builtins.ts"
import { packageOf, placeOf } from "./module-files.ts"
import type { Instrumentation, InstrumentationContext, Patch, Row } from "./row.ts"

const require = createRequire(import.meta.url)

export interface DescribedInstrumentation {
  readonly instrumented: readonly InstrumentedModule[]
  /** Found, but the instrumentation is not for that version, or failed. */
  readonly unsupported: readonly UnsupportedModule[]
}

export interface InstrumentedModule {
  readonly library: string
  readonly version: string | undefined
  /** The directory of the package; undefined for what is part of Node. */
  readonly path: string | undefined
}

export interface UnsupportedModule extends InstrumentedModule {
  readonly reason: string
}

export interface ModulePatcher {
  /** Before a file of a package in the table is evaluated; gives what to do with its exports afterwards. */
  readonly entering: (file: string, packageName: string) => ((exports: unknown) => unknown) | undefined
  /** After an ES module was evaluated. */
  readonly esModule: (url: string, namespace: object) => void
  readonly builtin: (row: Row, name: string) => void
  readonly started: (row: Row) => void
  readonly channel: (row: Row, name: string, message: unknown) => void
  readonly warm: () => void
  readonly describe: () => DescribedInstrumentation
}

/** A package as it is installed once; an app may have several of one name. */
interface Copy extends InstrumentedModule {
  /** By file. */
  readonly patches: ReadonlyMap<string, readonly Patch[]>
}

const nothing: Instrumentation = { patches: [] }
const { types } = process.getBuiltinModule("node:util")
const isOldNode = !("registerHooks" in process.getBuiltinModule("node:module"))

// Patches cannot be undone, so this outlives a shutdown() and is there for the next init().
const loaded = new Map<string, Instrumentation>()
const patchedBuiltins = new Set<string>()
const started = new Set<string>()
const patchedEsModules = new Set<string>()
const instrumented = new Map<string, InstrumentedModule>()
const unsupported = new Map<string, UnsupportedModule>()
const copies = new Map<string, Copy>()

export function createModulePatcher(
  packages: ReadonlyMap<string, Row>,
  context: InstrumentationContext,
): ModulePatcher {
  const failed = (one: InstrumentedModule, error: unknown) => {
    const reason = error instanceof Error ? error.message : String(error)
    unsupported.set(keyOf(one), { ...one, reason })
    context.say("warn", `instrument ${one.library}`, `${nameOf(one)} is not instrumented: ${reason}`)
  }

  /** Once for each row. */
  const instrumentationOf = (row: Row, one: InstrumentedModule): Instrumentation => {
    const known = loaded.get(row.name)
    if (known !== undefined) return known
    loaded.set(row.name, nothing) // while it loads, it may load what it is for
    try {
      loaded.set(row.name, row.load(context))
    } catch (error) {
      failed(one, error)
    }
    return loaded.get(row.name)!
  }

  const apply = (patches: readonly Patch[], exports: unknown, one: InstrumentedModule): unknown => {
    let result = exports
    for (const { patch } of patches) {
      try {
        result = patch(result as never, one.version, one.path) ?? result
        instrumented.set(keyOf(one), one)
      } catch (error) {
        failed(one, error)
      }
    }
    return result
  }

  const openCopy = (directory: string, library: string): Copy => {
    const { version, entries } = readPackage(directory)
    const one = { library, version, path: directory }
    const all = instrumentationOf(packages.get(library)!, one).patches.filter(
      ({ module }) => module === library || module.startsWith(`${library}/`),
    )
    const fitting = all.filter((patch) => isFor(patch, version))
    const patches = new Map<string, Patch[]>()
    for (const patch of fitting) {
      const files = patch.module === library ? entries : [patch.module.slice(library.length + 1)]
      for (const file of files) patches.set(file, [...(patches.get(file) ?? []), patch])
    }
    if (all.length > 0 && fitting.length === 0) {
      const ranges = [...new Set(all.flatMap(({ versions = [] }) => versions))].join(" || ")
      unsupported.set(keyOf(one), { ...one, reason: `only ${ranges} is supported` })
      context.say(
        "info",
        `unsupported ${library}`,
        `${nameOf(one)} is not instrumented: only ${ranges} is supported`,
      )
    }
    return { ...one, patches }
  }

  const copyOf = (directory: string, library: string) => {
    let copy = copies.get(directory)
    if (copy === undefined) copies.set(directory, (copy = openCopy(directory, library)))
    return copy
  }

  // Before 22.15 what a required ES module imports passes no hook; it is there when that module was evaluated.
  const hasRequiredEsModules = (name: string) => isOldNode && packages.get(name)!.esm !== undefined
  const requireEsModules = (row: Row, { patches: all, ...one }: Copy) => {
    for (const file of row.esm ?? []) {
      const inside = file.slice(one.library.length + 1)
      const at = path.join(one.path!, inside)
      const patches = all.get(inside)
      if (patches === undefined || patchedEsModules.has(at)) continue
      patchedEsModules.add(at)
      try {
        apply(patches, require(at), one)
      } catch (error) {
        failed(one, error)
      }
    }
  }

  const entering: ModulePatcher["entering"] = (file, packageName) => {
    const { directory, inside } = placeOf(file, packageName)
    const copy = copyOf(directory, packageName)
    const patches = copy.patches.get(inside)
    const { library, version, path: at } = copy
    if (patches === undefined && !hasRequiredEsModules(packageName)) return undefined
    return (exports) => {
      if (patches !== undefined && !patchedEsModules.has(file)) {
        return apply(patches, exports, { library, version, path: at })
      }
      if (types.isModuleNamespaceObject(exports)) requireEsModules(packages.get(packageName)!, copy)
      return exports
    }
  }

  /** What is no module, and has no version but Node's. */
  const whole = (row: Row, module: string, message: unknown) => {
    const one = { library: row.name, version: process.versions.node, path: undefined }
    const patches = instrumentationOf(row, one).patches.filter((patch) => patch.module === module)
    apply(patches, message, one)
  }

  return {
    entering,
    esModule: (url, namespace) => {
      const file = process.getBuiltinModule("node:url").fileURLToPath(url.replace(/[?#].*/, ""))
      const name = packageOf(file)
      if (name === undefined || !packages.has(name)) return
      entering(file, name)?.(namespace)
      patchedEsModules.add(file)
    },
    builtin: (row, name) => {
      if (patchedBuiltins.has(name)) return
      patchedBuiltins.add(name)
      const one = { library: name, version: process.versions.node, path: undefined }
      const patches = instrumentationOf(row, one).patches.filter(({ module }) => module === name)
      if (patches.length === 0) return
      apply(patches, process.getBuiltinModule(name), one)
      process.getBuiltinModule("node:module").syncBuiltinESMExports()
    },
    started: (row) => {
      if (started.has(row.name)) return
      started.add(row.name)
      whole(row, "start", undefined)
    },
    channel: whole,
    warm: () => {
      for (const one of loaded.values()) one.warm?.()
    },
    describe: () => ({ instrumented: [...instrumented.values()], unsupported: [...unsupported.values()] }),
  }
}

const keyOf = ({ library, path: at }: InstrumentedModule) => at ?? library
const nameOf = ({ library, version }: InstrumentedModule) =>
  version === undefined ? library : `${library} ${version}`

function isFor({ versions, includePrerelease = false }: Patch, version: string | undefined): boolean {
  if (versions === undefined || versions.includes("*")) return true
  if (version === undefined) return false
  const { satisfies } = require("@opentelemetry/instrumentation/build/src/semver.js") as {
    satisfies: (version: string, range: string, options: { includePrerelease: boolean }) => boolean
  }
  return versions.some((range) => satisfies(version, range, { includePrerelease }))
}

interface PackageJson {
  readonly version?: string
  readonly main?: string
  readonly exports?: unknown
}

/** Its version, and every file that `require` or `import` of its name may give. */
function readPackage(directory: string): { version: string | undefined; entries: ReadonlySet<string> } {
  let json: PackageJson = {}
  try {
    json = JSON.parse(fs.readFileSync(path.join(directory, "package.json"), "utf8")) as PackageJson
  } catch {
    // without one there is no version, and nothing is patched
  }
  const { version, main, exports } = json
  const entries = new Set<string>()
  const add = (target: string) => {
    const file = path.posix.normalize(target).replace(/\/$/, "")
    for (const one of [file, `${file}.js`, `${file}/index.js`]) entries.add(one)
  }
  add(typeof main === "string" ? main : "index.js")
  const collect = (target: unknown): void => {
    if (typeof target === "string") add(target)
    else if (typeof target === "object" && target !== null)
      for (const one of Object.values(target)) collect(one)
  }
  const hasPaths =
    typeof exports === "object" && exports !== null && Object.keys(exports).some((key) => key.startsWith("."))
  collect(hasPaths ? (exports as { "."?: unknown })["."] : exports)
  return { version: typeof version === "string" ? version : undefined, entries }
}
