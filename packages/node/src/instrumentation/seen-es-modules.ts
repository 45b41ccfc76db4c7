// The files of the app's ES modules, as far as a hook has seen them: Node itself does not tell.

const most = 20_000

export const seenEsModules: Set<string> = new Set()

export function sawEsModule(url: string): void {
  if (!url.startsWith("file://") || url.includes("/node_modules/") || seenEsModules.size >= most) return
  try {
    seenEsModules.add(process.getBuiltinModule("node:url").fileURLToPath(url.replace(/[?#].*$/, "")))
  } catch {
    // no file of this system
  }
}
