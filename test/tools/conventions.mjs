// Writes packages/testing/src/conventions/names.ts from OpenTelemetry's semantic conventions:
// `node test/tools/conventions.mjs`, after another version of them was installed.
import { readFileSync, writeFileSync } from "node:fs"
import { createRequire } from "node:module"
import { dirname, join } from "node:path"
import { fileURLToPath, pathToFileURL } from "node:url"

export const namesFile = fileURLToPath(
  new URL("../../packages/testing/src/conventions/names.ts", import.meta.url),
)

const require = createRequire(import.meta.url)

/** What the file has to say. */
export function namesSource() {
  const directory = dirname(require.resolve("@opentelemetry/semantic-conventions"))
  const { version } = JSON.parse(readFileSync(join(directory, "..", "package.json"), "utf8"))
  const names = new Map()
  for (const file of ["stable_attributes.d.mts", "experimental_attributes.d.mts"]) {
    const text = readFileSync(join(directory, file), "utf8")
    for (const [, comment = "", constant = "", type = ""] of text.matchAll(
      /\/\*\*((?:(?!\*\/).)*)\*\/\ndeclare const (ATTR_\w+): ([^;]+);/gs,
    )) {
      const name = type.startsWith('"') ? JSON.parse(type) : `${templateOf(constant)}.*`
      const deprecation = /@deprecated (.*)/.exec(comment)?.[1]
      names.set(name, deprecation === undefined || deprecation.startsWith("Moved") ? undefined : deprecation)
    }
  }
  const lines = [...names]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, deprecation]) => {
      const instead = [...(deprecation?.matchAll(/`([^`]+)`/g) ?? [])]
        .map(([, one]) => one)
        .filter((one) => names.has(one))
      const key = /^\w+$/.test(name) ? name : JSON.stringify(name)
      return `  ${key}: ${JSON.stringify(deprecation === undefined ? "" : instead.join(" or ") || "-")},\n`
    })
  return `// The attributes of OpenTelemetry's semantic conventions ${version}. Made by \`node test/tools/conventions.mjs\`.

/** To each name what stands in its place, if it is deprecated: other names, or "-" for nothing. */
export const conventionalNames = {
${lines.join("")}} as const

/** A name that ends in ".*" stands for many. */
export type ConventionalName = Exclude<keyof typeof conventionalNames, \`\${string}.*\`>
`
}

/** @param {string} constant such as ATTR_HTTP_REQUEST_HEADER, which makes a name of a key */
function templateOf(constant) {
  const make = require("@opentelemetry/semantic-conventions/incubating")[constant]
  return make("key").replace(/\.key$/, "")
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) writeFileSync(namesFile, namesSource())
