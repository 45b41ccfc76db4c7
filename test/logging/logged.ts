// Runs an app of fixtures/ and hands over its logs as a test reads them, and its own output as it would be without us.
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"
import { fileURLToPath } from "node:url"
import {
  type Captured,
  captureProcess,
  type CaptureOptions,
  connect,
  type Telemetry,
} from "@clickstack/testing"

/** Of an app in fixtures/, or of a script anywhere. */
const fixture = (name: string): string => resolve(fileURLToPath(new URL("fixtures/", import.meta.url)), name)

/** Its severity by number and by text, its text, its span and its session. */
export interface Logged {
  readonly severity: string | undefined
  readonly text: string | undefined
  readonly body: unknown
  readonly span?: string
  readonly session?: string
}

export const runLogged = (app: string, options: CaptureOptions = {}): Promise<Captured> =>
  captureProcess(fixture(app), { ...options, env: { OTEL_SERVICE_NAME: "shop", ...options.env } })

/** The same without the SDK. */
export const runBare = (app: string, options: CaptureOptions = {}): Promise<Captured> =>
  captureProcess(fixture(app), { ...options, preload: false, env: { ...options.env, WITHOUT_SDK: "true" } })

/** What a process left on disk when it ended is sent by the next one. */
export async function runToTheEnd(
  app: string,
  args: readonly string[],
): Promise<{ run: Captured; logs: Logged[] }> {
  const spool = mkdtempSync(join(tmpdir(), "clickstack-logging-"))
  try {
    await using inbox = await connect({ port: 0 })
    const env = { ...inbox.env, CLICKSTACK_SPOOL: spool }
    const run = await runLogged(app, { args, env })
    await runLogged("next.cjs", { env, preload: false })
    return { run, logs: logged(inbox).filter(({ body }) => body !== "the next process") }
  } finally {
    rmSync(spool, { recursive: true, force: true })
  }
}

export function logged(run: Telemetry): Logged[] {
  const spans = new Map(run.spans.map((span) => [`${span.traceId} ${span.spanId}`, span.name]))
  return run.logs.map(({ severity, severityText: text, body, traceId, spanId, session }) => {
    const span = traceId === undefined ? undefined : (spans.get(`${traceId} ${spanId}`) ?? "unknown")
    return { severity, text, body, ...(span && { span }), ...(session && { session }) }
  })
}

/** Without what differs from one run to the next, and without the ids that lines within a trace have. */
export const comparable = (output: string): string =>
  output
    .replaceAll(/"pid":\d+/g, '"pid":1')
    .replaceAll(/"time":(?:\d+|"[^"]+")/g, '"time":0')
    // Node 20 has it in every stack where something follows the context, as each OpenTelemetry SDK does.
    .replaceAll(/^ +at process\.callbackTrampoline .*\n/gm, "")
    // Within a span they lead through OpenTelemetry, ours or what stands in for it.
    .replaceAll(/(?:\\n {4}at [^"\\]*)+/g, "")
    .replaceAll(/,"(?:trace_id|span_id|trace_flags)":"[0-9a-f]+"/g, "")
