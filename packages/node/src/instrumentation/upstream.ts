// An instrumentation of OpenTelemetry's as a row's load() gives it: constructed disabled, its patches handed to our
// hooks, and neither require-in-the-middle nor import-in-the-middle loaded, which would look at every module again.
import type { MeterProvider } from "@opentelemetry/api"
import { createRequire } from "../builtins.ts"
import type { Instrumentation, Patch } from "./row.ts"

const require = createRequire(import.meta.url)
const { metrics } = require("@opentelemetry/api") as typeof import("@opentelemetry/api")

/** What we use of upstream's InstrumentationBase. */
interface UpstreamInstrumentation {
  getModuleDefinitions(): readonly (ModuleDefinition | undefined)[]
  setConfig(config: object): void
  setMeterProvider(provider: MeterProvider): void
  enable(): void
  /** What enable() would hook; private. */
  _modules: unknown[]
}

interface DefinedPatch {
  readonly name: string
  readonly supportedVersions: readonly string[]
  readonly patch?: Patch["patch"]
}

interface ModuleDefinition extends DefinedPatch {
  readonly files: readonly DefinedPatch[]
  readonly includePrerelease?: boolean
}

export interface UpstreamOptions {
  /** Of the instrumentation's own. */
  readonly options?: Readonly<Record<string, unknown>>
  /** Ranges in place of upstream's, by package, where its patches fit more versions than it says. */
  readonly versions?: Readonly<Record<string, readonly string[]>>
  readonly beforeEnable?: (instrumentation: object) => void
  /** Where the package is found, if not with ours. */
  readonly requireFrom?: NodeJS.Require
}

/** @param packageName Any package whose `exported` extends InstrumentationBase. */
export function loadUpstream(
  packageName: string,
  exported: string,
  { options = {}, versions = {}, beforeEnable, requireFrom = require }: UpstreamOptions,
): Instrumentation {
  const { instrumentation, definitions } = withoutHooks(requireFrom, packageName, () => {
    const exports = requireFrom(packageName) as Record<
      string,
      new (config: object) => UpstreamInstrumentation
    >
    const made = new exports[exported]!({ ...options, enabled: false })
    beforeEnable?.(made)
    const defined = made.getModuleDefinitions().filter((one) => one !== undefined)
    made._modules = []
    made.setConfig({ ...options, enabled: true })
    made.enable()
    return { instrumentation: made, definitions: defined }
  })
  // Some make what they measure with only when they are given a provider.
  instrumentation.setMeterProvider(metrics.getMeterProvider())
  return {
    patches: definitions.flatMap((definition) =>
      [definition, ...definition.files].flatMap((one) => patchOf(one, definition, versions)),
    ),
  }
}

function patchOf(
  { name, supportedVersions, patch }: DefinedPatch,
  definition: ModuleDefinition,
  versions: NonNullable<UpstreamOptions["versions"]>,
): Patch[] {
  if (patch === undefined) return []
  const { isBuiltin } = process.getBuiltinModule("node:module")
  return [
    {
      module: isBuiltin(name) ? `node:${name}` : name,
      versions: versions[definition.name] ?? supportedVersions,
      includePrerelease: definition.includePrerelease ?? false,
      patch,
    },
  ]
}

const singletonFile = "@opentelemetry/instrumentation/build/src/platform/node/RequireInTheMiddleSingleton.js"

type Load = (this: unknown, request: string, ...rest: unknown[]) => unknown
const hookingPackages = new Set(["require-in-the-middle", "import-in-the-middle"])
const NoHook = function (): void {} // what `new` makes of it does nothing
let makesNoHooks = false

/**
 * While `make` runs, hooks are made of nothing. What upstream gets for those packages are stand-ins that load them when
 * they are used later: an app that registers instrumentations of its own may share this copy of upstream's and finds it
 * whole. The singleton that hooks require() as soon as it is made is replaced for the time.
 */
function withoutHooks<T>(requireFrom: NodeJS.Require, packageName: string, make: () => T): T {
  const node = process.getBuiltinModule("node:module") as unknown as { _load: Load }
  const load = node._load
  node._load = function (request, ...rest) {
    const later = () => load.call(this, request, ...rest) as { Hook: unknown }
    if (!hookingPackages.has(request)) return later()
    return {
      get Hook() {
        return makesNoHooks ? NoHook : later().Hook
      },
    }
  }
  makesNoHooks = true
  try {
    const { RequireInTheMiddleSingleton: singleton } =
      // The copy of upstream's base that this package has.
      createRequire(requireFrom.resolve(packageName))(singletonFile) as {
        RequireInTheMiddleSingleton: { _instance: unknown }
      }
    const before = singleton._instance
    singleton._instance = { register: () => undefined }
    try {
      return make()
    } finally {
      singleton._instance = before
    }
  } finally {
    makesNoHooks = false
    node._load = load
  }
}
