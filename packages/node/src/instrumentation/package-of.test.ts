import { sep } from "node:path"
import { describe, expect, test } from "vitest"
import { packageOf, placeOf } from "./package-of.ts"

const local = (path: string) => path.replaceAll("/", sep)

const files: [file: string, name: string | undefined, inside: string | undefined][] = [
  ["/app/node_modules/pg/lib/client.js", "pg", "lib/client.js"],
  ["/app/node_modules/@hapi/hapi/lib/index.js", "@hapi/hapi", "lib/index.js"],
  ["/app/node_modules/mongoose/node_modules/mongodb/lib/index.js", "mongodb", "lib/index.js"],
  [
    "/app/node_modules/.pnpm/@redis+client@5.0.0/node_modules/@redis/client/dist/index.js",
    "@redis/client",
    "dist/index.js",
  ],
  ["/app/.yarn/cache/pg-npm-8.zip/node_modules/pg/lib/index.js", "pg", "lib/index.js"],
  ["/app/src/pg/index.js", undefined, undefined],
  ["/app/node_modules/loose.js", undefined, undefined],
  ["/app/node_modules/@hapi/loose.js", undefined, undefined],
]

describe("the package of a file", () => {
  test.each(files)("%s", (file, name, inside) => {
    expect(packageOf(local(file))).toBe(name)
    if (name === undefined) return
    const directory = local(file.slice(0, -inside!.length - 1))
    expect(placeOf(local(file), name)).toEqual({ directory, inside })
  })
})
