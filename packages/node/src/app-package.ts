// The package.json of the app, which knows its name and version when nothing else says them.
import { fs, path } from "./builtins.ts"

export interface AppPackage {
  readonly name: string | undefined
  readonly version: string | undefined
}

/** The nearest package.json with a name, from the main script upwards, else from the working directory upwards. */
export function findAppPackage(
  mainScript: string | undefined = process.argv[1],
  directory: string = process.cwd(),
): AppPackage {
  const { name, version } = findApp(mainScript, directory) ?? { name: undefined, version: undefined }
  return { name, version }
}

/** The directory of that package.json; the working directory where there is none. */
export function findAppDirectory(
  mainScript: string | undefined = process.argv[1],
  directory: string = process.cwd(),
): string {
  return findApp(mainScript, directory)?.directory ?? directory
}

function findApp(mainScript: string | undefined, directory: string) {
  // A script started through a global command or `node -e` says nothing about the app.
  const start =
    mainScript === undefined || mainScript.includes("node_modules") ? directory : path.dirname(mainScript)
  return packageAbove(start) ?? packageAbove(directory)
}

function packageAbove(start: string): (AppPackage & { directory: string }) | undefined {
  for (let directory = start; ; directory = path.dirname(directory)) {
    try {
      const { name, version } = JSON.parse(
        fs.readFileSync(path.join(directory, "package.json"), "utf8"),
      ) as AppPackage
      if (typeof name === "string" && name !== "") {
        return { name, version: typeof version === "string" ? version : undefined, directory }
      }
    } catch {
      // none here, or not one that we can read
    }
    if (path.dirname(directory) === directory) return undefined
  }
}
