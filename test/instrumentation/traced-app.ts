// Runs an app of fixtures/ with nothing but `--import @clickstack/node/register`, as an ES module or as what compilers make
// of it for CommonJS, with the newest or the previous versions of the libraries, and keeps what it sends.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { basename, join } from "node:path"
import { fileURLToPath } from "node:url"
import { type Captured, captureProcess } from "@clickstack/testing"
import { transformWithEsbuild } from "vite"
import { expect, test } from "vitest"

const here = fileURLToPath(new URL(".", import.meta.url))

export const formats = ["ES module", "CommonJS"] as const
type Format = (typeof formats)[number]

export interface AppOptions {
  /** Of the libraries: those of previous/package.json are a major version back. */
  readonly versions?: "newest" | "previous"
  /** Told when the test runs, so that servers may have started by then. */
  readonly env?: () => Record<string, string>
}

export async function runTraced(app: string, format: Format, options: AppOptions = {}): Promise<Captured> {
  const directory = join(here, options.versions === "previous" ? "previous" : ".", "dist")
  const script = await compile(app, format, directory)
  return runScript(script, options)
}

export const fixture = (name: string) => join(here, "fixtures", name)

/** Runs a script to its end, which must be a good one without a word, and hands over what it sent. */
export async function runScript(
  script: string,
  { env, nodeOptions = [] }: Pick<AppOptions, "env"> & { nodeOptions?: string[] } = {},
): Promise<Captured> {
  const run = await captureProcess(script, {
    nodeArgs: nodeOptions,
    env: { OTEL_SERVICE_NAME: "shop", ...env?.() },
  })
  const { code, signal, stdout, stderr } = run
  expect({ code, signal, stdout, stderr }).toEqual({ code: 0, signal: null, stdout: "", stderr: "" })
  return run
}

/** Two tests of an app: as an ES module and as CommonJS, what it sends is exactly the traces that are drawn. */
export function expectTraces(app: string, tree: string, options: AppOptions & { name?: string } = {}): void {
  const name = options.name ?? app
  test.each(formats)(`${name}, %s`, async (format) => {
    expectDrawn(await runTraced(app, format, options), tree)
  })
}

export function expectDrawn(run: Captured, tree: string): void {
  const expected = withoutIndentation(tree)
  expect(`\n${drawTraces(run, attributesNamed(expected))}`).toBe(`\n${expected}\n`)
}

/** Without messages, which come from the libraries, and the traces one below the other. */
function drawTraces(run: Captured, attributes: readonly string[]): string {
  return run
    .traces()
    .map((trace) =>
      trace.tree({ attributes, logs: false }).replaceAll(/ {2}error "(?:[^"\\]|\\.)*"/g, "  error"),
    )
    .join("")
}

/** The attributes that an expected tree names: on every span they must be as it says, or absent where it says none. */
function attributesNamed(tree: string): string[] {
  return [...new Set([...tree.matchAll(/ {2}([a-z][\w.-]*)=/g)].map(([, name = ""]) => name))]
}

/** The script is put in a directory from where its libraries are found. */
export async function compile(app: string, format: Format, directory: string): Promise<string> {
  const source = fixture(`${app}.mjs`)
  mkdirSync(directory, { recursive: true })
  const code = readFileSync(source, "utf8")
  if (format === "ES module") {
    const script = join(directory, `${basename(app)}.mjs`)
    writeFileSync(script, code)
    return script
  }
  const script = join(directory, `${basename(app)}.cjs`)
  const compiled = await transformWithEsbuild(code, source, {
    format: "cjs",
    platform: "node",
    target: "node20",
    sourcemap: false,
  })
  writeFileSync(script, compiled.code)
  return script
}

function withoutIndentation(text: string): string {
  const lines = text.split("\n").filter((one) => one.trim() !== "")
  const indentation = Math.min(...lines.map((one) => one.length - one.trimStart().length))
  return lines.map((one) => one.slice(indentation)).join("\n")
}
