// What the hooks know of a module by its file: which package it belongs to, by its path alone, the innermost node_modules,
// as in pnpm's and Yarn's layouts too; whether it is patched as an ES module, and how.
//
// An ES module is patched by a line added to its end, which imports the module itself and hands over what it exports,
// after it was evaluated and before those who import it run. Nothing before that line changes, no line number either, and
// there is no second copy of the module.
import { path } from "../builtins.ts"

const keyName = "@clickstack/node/es-module"
/** Where the line finds the patcher of its thread. */
export const esModuleKey: unique symbol = Symbol.for(keyName)

export type ModuleSource = string | ArrayBuffer | Uint8Array

const urlFolder = "/node_modules/"
const folder = `${path.sep}node_modules${path.sep}`

/** "pg" of /app/node_modules/pg/lib/index.js; undefined for a file of the app. */
export function packageOf(file: string): string | undefined {
  const at = file.lastIndexOf(folder)
  if (at === -1) return undefined
  const start = at + folder.length
  let end = file.indexOf(path.sep, start)
  if (end !== -1 && file[start] === "@") end = file.indexOf(path.sep, end + 1)
  if (end === -1) return undefined
  const name = file.slice(start, end)
  return path.sep === "/" ? name : name.replace(path.sep, "/")
}

/** The directory of that package, and the file's path in it with slashes. */
export function placeOf(file: string, packageName: string): { directory: string; inside: string } {
  const end = file.lastIndexOf(folder) + folder.length + packageName.length
  const inside = file.slice(end + 1)
  return {
    directory: file.slice(0, end),
    inside: path.sep === "/" ? inside : inside.replaceAll(path.sep, "/"),
  }
}

/** @param files Such as "openai/index.mjs". */
export function isInstrumented(url: string, files: ReadonlySet<string>): boolean {
  const at = url.lastIndexOf(urlFolder)
  return at !== -1 && files.has(url.slice(at + urlFolder.length).replace(/[?#].*/, ""))
}

/** The source that a load hook has to answer in place of the one it was given. */
export function withFooter(url: string, source: ModuleSource | null | undefined): string {
  const text = typeof source === "string" ? source : new TextDecoder().decode(source ?? undefined)
  // Node 20 runs what is preloaded in its loader thread too, which then has two loaders of ours.
  if (text.includes(keyName)) return text
  const self = JSON.stringify(url)
  return `${text}\n;import * as $clickstack from ${self};globalThis[Symbol.for("${keyName}")]?.(${self},$clickstack)`
}

const mostSeen = 20_000

/** The files of the app's ES modules, as far as a hook has seen them: Node itself does not tell. */
export const seenEsModules: Set<string> = new Set()

export function sawEsModule(url: string): void {
  if (!url.startsWith("file://") || url.includes("/node_modules/") || seenEsModules.size >= mostSeen) return
  try {
    seenEsModules.add(process.getBuiltinModule("node:url").fileURLToPath(url.replace(/[?#].*$/, "")))
  } catch {
    // no file of this system
  }
}
