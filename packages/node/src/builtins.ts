// Node's own modules that are needed at the start. An `import` of them reads each of their exports, which loads
// streams, promises and more: 7 of the 31 ms that a start on Node 20 took. This way loads just the module.
//
// No file of this package imports a module of Node's, nor loads one of ours by import(): where an ES module loader runs
// beside the app, as ours or tsx's, Node 20 throws out of a require() that comes to a module which an import() of the
// app's is just loading. mongodb imports os in this way.

export const fs: typeof import("node:fs") = process.getBuiltinModule("node:fs")
export const path: typeof import("node:path") = process.getBuiltinModule("node:path")
export const createRequire: typeof import("node:module").createRequire =
  process.getBuiltinModule("node:module").createRequire

/**
 * Whether the file descriptor is a terminal. node:tty, with the sockets it brings, is loaded only for what may be one.
 * As bigint, because the other kind of stat is kept in a buffer that realpathSync looks into: after a stat of a pipe,
 * Node 20 and its like resolve no more symbolic links, and pnpm's packages are loaded twice.
 */
export function isTerminal(descriptor: number): boolean {
  try {
    if (!fs.fstatSync(descriptor, { bigint: true }).isCharacterDevice()) return false
    return process.getBuiltinModule("node:tty").isatty(descriptor)
  } catch {
    return false // closed
  }
}

/**
 * node:worker_threads, with the streams it brings, takes 2 to 3 of the 35 ms of a start, and most apps never load it. A
 * worker has it from its own start, so where it is not loaded, this is the main thread.
 */
export function isMainThread(): boolean {
  const { moduleLoadList } = process as { moduleLoadList?: readonly string[] }
  if (moduleLoadList?.includes("NativeModule worker_threads") === false) return true
  return process.getBuiltinModule("node:worker_threads").isMainThread
}
