// Finds the copies of @opentelemetry/api and api-logs that the app loaded before init(): those in require's cache, and,
// since `import` of 1.10 and later is an instance of its own, the one that an import from the app's directory gives.
import type { TracerProvider } from "@opentelemetry/api"
import type { LoggerProvider } from "@opentelemetry/api-logs"
import { createRequire, fs, path } from "./builtins.ts"

/** What we use of a copy. */
export interface ApiCopy {
  readonly trace?: { setGlobalTracerProvider(provider: TracerProvider): unknown }
  readonly logs?: { setGlobalLoggerProvider(provider: LoggerProvider): unknown }
}

const require = createRequire(import.meta.url)
// Where the entry of every version is, whatever name it was installed under.
const entry = /[\\/](build[\\/]src[\\/]index\.js|dist[\\/]index\.cjs)$/

/** @param from Directories of the app, to find what an `import` there gives. */
export function loadedApiCopies(from: readonly string[] = appDirectories()): ApiCopy[] {
  const copies = new Set<ApiCopy>()
  for (const [file, module] of Object.entries(require.cache)) {
    if (module !== undefined && entry.test(file)) addCopy(copies, module.exports)
  }
  for (const directory of from) addCopy(copies, importedCopy(directory))
  return [...copies]
}

function addCopy(copies: Set<ApiCopy>, exports: unknown): void {
  if (typeof exports !== "object" || exports === null) return
  const { trace, logs } = exports as ApiCopy
  if (
    typeof trace?.setGlobalTracerProvider === "function" ||
    typeof logs?.setGlobalLoggerProvider === "function"
  ) {
    copies.add(exports)
  }
}

/** `require` of an ES module gives the instance that `import` gave; one not imported yet is loaded, which takes 10 ms. */
function importedCopy(directory: string): unknown {
  try {
    const required = createRequire(path.join(directory, "index.js")).resolve("@opentelemetry/api")
    const root = required.slice(0, required.lastIndexOf("api") + "api".length)
    const { name, exports } = JSON.parse(fs.readFileSync(path.join(root, "package.json"), "utf8")) as {
      name: string
      exports?: { "."?: { default?: string | { default?: string } } }
    }
    const condition = exports?.["."]?.default
    const imported = typeof condition === "object" ? condition.default : condition
    if (name !== "@opentelemetry/api" || imported === undefined || path.join(root, imported) === required)
      return undefined
    return require(path.join(root, imported))
  } catch {
    return undefined // the app has none
  }
}

/** The directories from which the app's modules import. */
export function appDirectories(
  mainScript: string | undefined = process.argv[1],
  directory: string = process.cwd(),
): string[] {
  return [...new Set(mainScript === undefined ? [directory] : [path.dirname(mainScript), directory])]
}
