// Prisma's client makes its spans itself, when the package @prisma/instrumentation, of the client's major version, has
// given it a tracer. The app installs that package; this finds it and starts it.
import { appDirectories } from "../../api-copies.ts"
import { createRequire, path } from "../../builtins.ts"
import type { Instrumentation, Patch } from "../row.ts"
import { loadUpstream } from "../upstream.ts"

const packageName = "@prisma/instrumentation"
// What every generated client loads: since 7, and before.
const files = ["runtime/client.js", "runtime/library.js"]

// Its inner steps, which take microseconds.
const options = { ignoreSpanTypes: ["prisma:client:serialize", "prisma:client:compile"] }

export function instrumentPrisma(): Instrumentation {
  let done = false
  const patch: Patch["patch"] = (_exports, _version, directory) => {
    if (done) return
    done = true
    const places = [...(directory === undefined ? [] : [directory]), ...appDirectories()]
    loadUpstream(packageName, "PrismaInstrumentation", { options, requireFrom: findFrom(places) })
  }
  return {
    patches: files.map((file) => ({ module: `@prisma/client/${file}`, versions: [">=5.0.0 <8"], patch })),
  }
}

/** @throws Error when none of the directories has the package. */
function findFrom(directories: readonly string[]): NodeJS.Require {
  for (const directory of directories) {
    const requireThere = createRequire(path.join(directory, "index.js"))
    try {
      requireThere.resolve(packageName)
      return requireThere
    } catch {
      // the next may have it
    }
  }
  throw new Error(`its spans come from the package ${packageName}: npm install ${packageName}`)
}
