// A directory that only this user can read or change, made if it is not there, and never through a symbolic link.
const { chmodSync, lstatSync, mkdirSync } = process.getBuiltinModule("node:fs")

/** @throws Error that says what is wrong with which directory. */
export function privateDirectory(path: string): void {
  mkdirSync(path, { recursive: true, mode: 0o700 })
  const found = lstatSync(path)
  if (found.isSymbolicLink() || !found.isDirectory()) throw new Error(`${path} is not a directory of its own`)
  const user = process.getuid?.()
  if (user === undefined) return // Windows: a user's profile is private
  if (found.uid !== user) throw new Error(`${path} belongs to another user`)
  if ((found.mode & 0o077) !== 0) chmodSync(path, 0o700)
}
