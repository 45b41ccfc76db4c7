// Which files this process runs. A stack is a text that anybody can write, and source lines are sent away: so only what
// was loaded as a script is ever read, and only below the app's own directory.
import { createRequire, fs, path } from "../builtins.ts"
import { findAppDirectory } from "../app-package.ts"

export interface LoadedScripts {
  readonly root: string
  /** Below the root, and no other kind of file: for what source maps name. */
  readonly isOfApp: (file: string) => boolean
  readonly isLoaded: (file: string) => boolean
  /** Those of the app that are known by now. */
  readonly all: () => Iterable<string>
}

const require = createRequire(import.meta.url)
const source = /\.(?:[cm]?[jt]sx?|vue|svelte|astro|coffee|civet)$/
const askAgainAfter = 10_000 // milliseconds
// Asking V8 took 7 ms for 400 scripts, and 30 ms the first time (Node 20.20).

export function createLoadedScripts(seenEsModules: ReadonlySet<string>): LoadedScripts {
  const root = rootDirectory()
  const below = root.endsWith(path.sep) ? root : root + path.sep
  let ofV8: ReadonlySet<string> = new Set()
  let asked = -Infinity

  const isOfApp = (file: string) => path.isAbsolute(file) && file.startsWith(below) && source.test(file)

  function isLoaded(file: string): boolean {
    if (!isOfApp(file)) return false
    if (Object.hasOwn(require.cache, file) || seenEsModules.has(file) || ofV8.has(file)) return true
    const now = performance.now()
    if (now - asked < askAgainAfter) return false
    asked = now
    ofV8 = scriptsOfV8(isOfApp)
    return ofV8.has(file)
  }

  function* all(): Iterable<string> {
    for (const files of [Object.keys(require.cache), seenEsModules, ofV8]) {
      for (const file of files) if (isOfApp(file) && !file.includes("node_modules")) yield file
    }
  }

  return { root, isOfApp, isLoaded, all }
}

/** A whole disk is nobody's app. */
function rootDirectory(): string {
  const directory = findAppDirectory()
  const root = path.dirname(directory) === directory ? path.dirname(process.argv[1] ?? directory) : directory
  try {
    return fs.realpathSync(root)
  } catch {
    return root
  }
}

/** ES modules that were loaded before our hooks, or where there are none: the debugger of V8 knows every script. */
function scriptsOfV8(wanted: (file: string) => boolean): Set<string> {
  const files = new Set<string>()
  try {
    const { Session } = process.getBuiltinModule("node:inspector")
    const session = new Session()
    session.connect()
    session.on("Debugger.scriptParsed", ({ params: { url } }) => {
      const file = fileOf(url)
      if (file !== undefined && wanted(file)) files.add(file)
    })
    session.post("Debugger.enable") // tells of all scripts before it returns
    session.post("Debugger.disable")
    session.disconnect()
  } catch {
    // a Node without it, or a policy against it
  }
  return files
}

/** The path of a file that a stack or V8 names. */
export function fileOf(url: string): string | undefined {
  if (path.isAbsolute(url)) return url
  if (!url.startsWith("file:")) return undefined
  try {
    return process.getBuiltinModule("node:url").fileURLToPath(url.replace(/[?#].*$/, ""))
  } catch {
    return undefined
  }
}
