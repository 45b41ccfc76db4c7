// How fast batches get to disk: bytes before compression, per second of the main thread and of the clock.
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { durable } from "@clickstack/node"
import { BasicTracerProvider, type ReadableSpan } from "@opentelemetry/sdk-trace-base"

export async function spoolSpeed(): Promise<Record<string, Record<string, number>>> {
  const spans: ReadableSpan[] = []
  const provider = new BasicTracerProvider({
    spanProcessors: [
      {
        onStart: () => undefined,
        onEnd: (span) => spans.push(span),
        forceFlush: async () => {},
        shutdown: async () => {},
      },
    ],
  })
  const tracer = provider.getTracer("bench")
  const rows: Record<string, Record<string, number>> = {}
  for (const [name, size] of [
    ["spans of 200 bytes", 200],
    ["spans of 2 KB", 2000],
  ] as const) {
    spans.length = 0
    for (let index = 0; index < 20_000; index++) {
      const attributes = {
        "url.path": `/users/${index}`,
        "http.route": "/users/:id",
        data: `${index}`.padEnd(size, "data "),
      }
      tracer.startSpan("GET /users/:id", { attributes }).end()
    }
    const state = mkdtempSync(join(tmpdir(), "clickstack-bench-"))
    const exporter = durable(
      {
        export: (_: never, done: (result: never) => void) =>
          done({ code: 1, error: Object.assign(new Error("away"), { retryable: true }) } as never),
        shutdown: async () => {},
        forceFlush: async () => {},
      },
      { endpoint: "http://127.0.0.1:9", spool: state, logLevel: "none", delay: 10 },
    )
    exporter.export(spans.slice(0, 512) as never, () => undefined)
    await exporter.forceFlush()
    const before = process.cpuUsage()
    const began = performance.now()
    exporter.export(spans as never, () => undefined)
    while (exporter.stats()!.waiting > 0) await new Promise((resolve) => setTimeout(resolve, 1))
    const ms = performance.now() - began
    const { user, system } = process.cpuUsage(before)
    const megabytes = (spans.length * (size + 300)) / 1e6
    rows[name] = {
      "MB/s": Math.round((megabytes / ms) * 1000),
      "CPU ms per MB": Math.round(((user + system) / 1000 / megabytes) * 10) / 10,
    }
    await exporter.shutdown()
    rmSync(state, { recursive: true, force: true })
  }
  return rows
}
