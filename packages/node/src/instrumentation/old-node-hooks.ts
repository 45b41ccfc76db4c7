// What stands in for synchronous load hooks on Node before 22.15.
//
// Required built-ins: Module._load. Imported ones: while http or worker_threads loads it asks for its diagnostics
// channels; when that is done, and before the module that imports it runs, what is loaded is looked through. ES modules
// need a loader thread, which takes longer to start than all of Node (44 ms beside 67 on Node 20), so it is started
// only where a library is installed that is patched as an ES module.
import { fs, path } from "../builtins.ts"
import { loadedBuiltins, threadsModule } from "./hooks.ts"

type Load = (this: unknown, request: string, ...rest: unknown[]) => unknown

export interface OldNodeHooks {
  readonly warm: () => void
  readonly remove: () => void
}

// A loader cannot be taken away again, and each further one makes every import slower, so a second init() adds none.
const lookedFor = new Set<string>()

export function installOldNodeHooks(
  builtins: ReadonlyMap<string, unknown>,
  seenBuiltin: (name: string) => void,
  esModules: ReadonlySet<string>,
): OldNodeHooks {
  const node = process.getBuiltinModule("node:module")
  const loader = node as unknown as { _load: Load }
  const original = loader._load
  const hooked: Load = function (request, ...rest) {
    const exports = original.call(this, request, ...rest)
    if (builtins.size > 0) seenBuiltin(request.startsWith("node:") ? request : `node:${request}`)
    return exports
  }
  loader._load = hooked

  const channels = process.getBuiltinModule("node:diagnostics_channel")
  const { channel } = channels
  let planned = false
  const hookedChannel: typeof channel = (name) => {
    if (!planned && builtins.size > 0 && /^(http|worker_threads)/.test(String(name))) {
      planned = true
      queueMicrotask(() => {
        planned = false
        for (const one of loadedBuiltins(builtins)) seenBuiltin(one)
      })
    }
    return channel(name)
  }
  channels.channel = hookedChannel
  // Those that say nothing while they load, which are on only where that was asked for.
  for (const name of builtins.keys())
    if (!name.startsWith("node:http") && name !== threadsModule) seenBuiltin(name)

  const files = [...esModules].filter((file) => !lookedFor.has(file))
  for (const file of files) lookedFor.add(file)
  if (isAnyInstalled(new Set(files))) {
    node.register(new URL("./es-module-loader.js", import.meta.url), { data: files })
  }
  return {
    // http2 is heard of only by its loading http. What sends the telemetry loads http, too, so it comes first.
    warm: () => {
      if (!builtins.has("node:http2")) return
      process.getBuiltinModule("node:http2")
      seenBuiltin("node:http2")
    },
    remove: () => {
      if (loader._load === hooked) loader._load = original
      if (channels.channel === hookedChannel) channels.channel = channel
    },
  }
}

/** Looked for where npm, pnpm and Yarn put what an app and its dependencies need, from the main script upwards. */
function isAnyInstalled(files: ReadonlySet<string>): boolean {
  if (files.size === 0) return false
  if (process.versions["pnp"] !== undefined) return files.size > 0
  const names = new Set([...files].map((file) => /^(?:@[^/]+\/)?[^/]+/.exec(file)![0]))
  const places = [process.cwd(), ...(process.argv[1] === undefined ? [] : [path.dirname(process.argv[1])])]
  for (let directory of new Set(places)) {
    for (;;) {
      for (const below of ["node_modules", path.join("node_modules", ".pnpm", "node_modules")]) {
        const root = path.join(directory, below)
        if (fs.existsSync(root) && [...names].some((name) => fs.existsSync(path.join(root, name))))
          return true
      }
      const parent = path.dirname(directory)
      if (parent === directory) break
      directory = parent
    }
  }
  return false
}
