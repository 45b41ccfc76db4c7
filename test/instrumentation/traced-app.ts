// Runs an app of fixtures/ with nothing but `--import @clickstack/node/register`, as an ES module or as what compilers make
// of it for CommonJS, with the newest or the previous versions of the libraries, and keeps what it sends.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { type Receiver, startReceiver } from "@clickstack/receiver"
import type { ResourceMetrics } from "@opentelemetry/sdk-metrics"
import type { ReadableSpan } from "@opentelemetry/sdk-trace-base"
import { transformWithEsbuild } from "vite"
import { expect, test } from "vitest"
import { runApp } from "../node/run-app.ts"
import { attributesNamed, drawTraces } from "./draw-trace.ts"

const here = fileURLToPath(new URL(".", import.meta.url))

export const formats = ["ES module", "CommonJS"] as const
type Format = (typeof formats)[number]

export interface AppOptions {
  /** Of the libraries: those of previous/package.json are a major version back. */
  readonly versions?: "newest" | "previous"
  /** Told when the test runs, so that servers may have started by then. */
  readonly env?: () => Record<string, string>
}

interface Sent {
  readonly spans: ReadableSpan[]
  readonly metrics: ResourceMetrics[]
}

export async function runTraced(app: string, format: Format, options: AppOptions = {}): Promise<Sent> {
  const script = await compile(app, format, options.versions ?? "newest")
  return runScript(script, options)
}

export const fixture = (name: string) => join(here, "fixtures", name)

/** Runs a script to its end, which must be a good one without a word, and hands over what it sent. */
export async function runScript(
  script: string,
  { env, nodeOptions = [] }: Pick<AppOptions, "env"> & { nodeOptions?: string[] } = {},
): Promise<Sent> {
  const sent: Sent = { spans: [], metrics: [] }
  const receiver: Receiver = await startReceiver({
    httpPort: 0,
    traces: (spans) => void sent.spans.push(...spans),
    metrics: (metrics) => void sent.metrics.push(...metrics),
    logs: () => {},
  })
  try {
    const ended = await runApp(script, [], {
      nodeOptions: ["--import", "@clickstack/node/register", ...nodeOptions],
      env: {
        OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url!,
        OTEL_SERVICE_NAME: "shop",
        ...env?.(),
      },
    })
    expect(ended).toEqual({ code: 0, signal: null, stdout: "", stderr: "" })
  } finally {
    await receiver.close()
  }
  return sent
}

/** Two tests of an app: as an ES module and as CommonJS, what it sends is exactly the traces that are drawn. */
export function expectTraces(app: string, tree: string, options: AppOptions & { name?: string } = {}): void {
  const expected = withoutIndentation(tree)
  const name = options.name ?? app
  test.each(formats)(`${name}, %s`, async (format) => {
    const { spans } = await runTraced(app, format, options)
    expect(`\n${drawTraces(spans, attributesNamed(expected))}\n`).toBe(`\n${expected}\n`)
  })
}

/** The script stands in a directory from where the wanted versions are found. */
async function compile(app: string, format: Format, versions: "newest" | "previous"): Promise<string> {
  const source = fixture(`${app}.mjs`)
  const directory = join(here, versions === "newest" ? "." : "previous", "dist")
  mkdirSync(directory, { recursive: true })
  const code = readFileSync(source, "utf8")
  if (format === "ES module") {
    const script = join(directory, `${app}.mjs`)
    writeFileSync(script, code)
    return script
  }
  const script = join(directory, `${app}.cjs`)
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
