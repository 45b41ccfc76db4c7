// Sees every module that the app loads, and gives those in the table to the patcher, which is loaded with the first.
// For all others it is one look into a Map.
//
// CommonJS, imported or required: Module.prototype._compile evaluates every file, also when a loader for TypeScript or
// an ES module asked for it. Built-ins and ES modules: a synchronous load hook where Node has it (22.15, 23.5), else
// old-node-hooks.ts.
import { createRequire } from "../builtins.ts"
import { esModuleKey, isInstrumented, type ModuleSource, withFooter } from "./module-files.ts"
import type { DescribedInstrumentation, ModulePatcher } from "./module-patcher.ts"
import type { OldNodeHooks } from "./old-node-hooks.ts"
import { packageOf } from "./module-files.ts"
import type { InstrumentationContext, Row } from "./row.ts"
import { sawEsModule } from "./module-files.ts"

const require = createRequire(import.meta.url)
const load = {
  patcher: (): typeof import("./module-patcher.ts") => require("./module-patcher.js"),
  oldNodeHooks: (): typeof import("./old-node-hooks.ts") => require("./old-node-hooks.js"),
}

type Loaded = { format?: string | null; source?: ModuleSource | null }
type LoadHook = (url: string, context: unknown, next: (url: string, context: unknown) => Loaded) => Loaded

/** What @types/node of Node 20 lacks, and what Node keeps for packages like this one without documenting it. */
interface NodeModule {
  prototype: { _compile: (this: { exports: unknown }, ...args: [content: string, file: string]) => unknown }
  registerHooks?: (hooks: { load: LoadHook }) => { deregister(): void }
}

export interface Hooks {
  /** Loads what is on without a library of the app. */
  readonly warm: () => void
  readonly describe: () => DescribedInstrumentation
  readonly remove: () => void
}

/** Loaded by nothing but what makes workers, and by workers. */
export const threadsModule = "node:worker_threads"

let installed: Hooks | undefined

/**
 * Once: an SDK that starts beside another one, as in tests, shares what that one has installed.
 * @param seenThreads Called before the app can make a worker thread.
 */
export function installHooks(
  rows: readonly Row[],
  context: InstrumentationContext,
  seenThreads: () => void,
): Hooks {
  if (installed !== undefined) {
    seenThreads()
    return { ...installed, warm: () => undefined, remove: () => undefined }
  }
  const packages = new Map<string, Row>()
  const builtins = new Map<string, () => void>([[threadsModule, seenThreads]])
  const esModules = new Set<string>()
  const atStart: Row[] = []
  const undo: (() => void)[] = []
  let old: OldNodeHooks | undefined
  let made: ModulePatcher | undefined
  const patcher = () => (made ??= load.patcher().createModulePatcher(packages, context))

  for (const row of rows) {
    for (const name of row.modules) {
      if (name.startsWith("node:")) builtins.set(name, () => patcher().builtin(row, name))
      else if (name === "start") atStart.push(row)
      else if (name === "init") patchNow(row, context)
      else if (!name.startsWith("channel:")) packages.set(name, row)
      else undo.push(onFirstMessage(name, (message) => patcher().channel(row, name, message)))
    }
    for (const file of row.esm ?? []) esModules.add(file)
  }
  const seenBuiltin = (name: string) => {
    const seen = builtins.get(name)
    if (seen === undefined) return
    builtins.delete(name)
    seen()
  }

  const node = process.getBuiltinModule("node:module") as unknown as NodeModule
  undo.push(hookCompile(node.prototype, packages, patcher))
  if (node.registerHooks === undefined) {
    old = load.oldNodeHooks().installOldNodeHooks(builtins, seenBuiltin, esModules)
    undo.push(old.remove)
  } else {
    const hooks = registerHooks(node, context, {
      load: (url, loadContext, next) => {
        seenBuiltin(url)
        const loaded = next(url, loadContext)
        if (loaded.format?.startsWith("module") === true) sawEsModule(url)
        return loaded.format === "module" && isInstrumented(url, esModules)
          ? { ...loaded, source: withFooter(url, loaded.source) }
          : loaded
      },
    })
    undo.push(() => hooks?.deregister())
    if (hooks === undefined) seenBuiltin(threadsModule)
  }
  const global = globalThis as { [esModuleKey]?: ModulePatcher["esModule"] }
  global[esModuleKey] = (url, namespace) => patcher().esModule(url, namespace)
  undo.push(() => delete global[esModuleKey])
  for (const name of loadedBuiltins(builtins)) seenBuiltin(name)
  // Who got it by process.getBuiltinModule() is heard of only when the first worker is there.
  const firstWorker = () => seenBuiltin(threadsModule)
  process.once("worker", firstWorker)
  undo.push(() => process.off("worker", firstWorker))

  installed = {
    warm: () => {
      old?.warm()
      made?.warm()
      for (const row of atStart) patcher().started(row)
    },
    describe: () => made?.describe() ?? { instrumented: [], unsupported: [] },
    remove: () => {
      installed = undefined
      for (const one of undo) one()
    },
  }
  return installed
}

/** Without the patcher, which many a start needs never. */
function patchNow(row: Row, context: InstrumentationContext): void {
  try {
    for (const { patch } of row.load(context).patches) patch(undefined as never, undefined, undefined)
  } catch (error) {
    context.say("warn", `instrument ${row.name}`, `${row.name} is not instrumented: ${String(error)}`)
  }
}

/** jest has a registerHooks that throws, since its own loader knows no hooks. */
function registerHooks(node: NodeModule, { say }: InstrumentationContext, hooks: { load: LoadHook }) {
  try {
    return node.registerHooks!(hooks)
  } catch (error) {
    const why = String(error).split("\n")[0]
    say("info", "hooks", `ES modules are not instrumented, their loading cannot be watched: ${why}`)
    return undefined
  }
}

function hookCompile(
  prototype: NodeModule["prototype"],
  packages: ReadonlyMap<string, Row>,
  patcher: () => ModulePatcher,
): () => void {
  const compile = prototype._compile
  const hooked: typeof compile = function (...args) {
    const name = packageOf(args[1])
    if (name === undefined || !packages.has(name)) return compile.apply(this, args)
    const patch = patcher().entering(args[1], name)
    const result = compile.apply(this, args)
    if (patch !== undefined) this.exports = patch(this.exports)
    return result
  }
  prototype._compile = hooked
  return () => {
    if (prototype._compile === hooked) prototype._compile = compile
  }
}

/** Those that Node, or what was preloaded before us, has already: what they export can still be changed. */
export function loadedBuiltins(builtins: ReadonlyMap<string, unknown>): string[] {
  const loaded = new Set((process as unknown as { moduleLoadList: string[] }).moduleLoadList)
  const isLoaded = (name: string) => loaded.has(`NativeModule ${name.slice("node:".length)}`)
  return [...builtins.keys()].filter(
    // A loader thread of Node's own loads only the part that makes workers, which then tells nothing any more.
    (name) => isLoaded(name) || (name === threadsModule && isLoaded("node:internal/worker")),
  )
}

function onFirstMessage(name: string, then: (message: unknown) => void): () => void {
  const { subscribe, unsubscribe } = process.getBuiltinModule("node:diagnostics_channel")
  const channel = name.slice("channel:".length)
  let done = false
  const first = (message: unknown) => {
    if (done) return
    done = true
    // Not now: the channel goes through its subscribers, and would pass one over.
    queueMicrotask(() => unsubscribe(channel, first))
    then(message)
  }
  subscribe(channel, first)
  return () => unsubscribe(channel, first)
}
