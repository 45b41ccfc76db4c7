// Which package a file belongs to, by its path alone: the innermost node_modules, as in pnpm's and Yarn's layouts too.
import { path } from "../builtins.ts"

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
