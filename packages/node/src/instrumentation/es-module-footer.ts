// How an ES module is patched: a line added to its end imports the module itself and hands over what it exports, after
// it was evaluated and before those who import it run. Nothing before that line changes, no line number either, and
// there is no second copy of the module.

const keyName = "@clickstack/node/es-module"
/** Where the line finds the patcher of its thread. */
export const esModuleKey: unique symbol = Symbol.for(keyName)

export type ModuleSource = string | ArrayBuffer | Uint8Array

const folder = "/node_modules/"

/** @param files Such as "openai/index.mjs". */
export function isInstrumented(url: string, files: ReadonlySet<string>): boolean {
  const at = url.lastIndexOf(folder)
  return at !== -1 && files.has(url.slice(at + folder.length).replace(/[?#].*/, ""))
}

/** The source that a load hook has to answer in place of the one it was given. */
export function withFooter(url: string, source: ModuleSource | null | undefined): string {
  const text = typeof source === "string" ? source : new TextDecoder().decode(source ?? undefined)
  // Node 20 runs what is preloaded in its loader thread too, which then has two loaders of ours.
  if (text.includes(keyName)) return text
  const self = JSON.stringify(url)
  return `${text}\n;import * as $clickstack from ${self};globalThis[Symbol.for("${keyName}")]?.(${self},$clickstack)`
}
