// `pnpm bench huge [rounds]`: how long the event loop stands still when an app records what is far too large, and what
// of that is OpenTelemetry's SDK alone. The text holds secrets from its beginning to its end.
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { init } from "@clickstack/node"
import { type Attributes, type Tracer, trace } from "@opentelemetry/api"
import { type AnyValue, type Logger, logs } from "@opentelemetry/api-logs"
import { LoggerProvider } from "@opentelemetry/sdk-logs"
import { BasicTracerProvider } from "@opentelemetry/sdk-trace-base"
import { median, table } from "../report.js"

const rounds = Number(process.argv[2] ?? 5)
const bytes = 100_000_000

const plain = Buffer.alloc(bytes, "x").toString("latin1")
const secrets = Buffer.alloc(bytes, "a line of words and password=hunter2, ").toString("latin1")
const wide: Record<string, number> = Object.fromEntries(
  Array.from({ length: 100_000 }, (_, index) => [`key.${index}`, index]),
)
const nested: AnyValue = { list: Array.from({ length: 300_000 }, (_, index) => ({ index, text: "x" })) }
const error = new Error(plain)
const stack = Object.assign(new Error("short"), { stack: `Error: short\n${secrets}` })

type Recorder = (tracer: Tracer, logger: Logger) => void

const withAttributes =
  (attributes: Attributes): Recorder =>
  (tracer) =>
    tracer.startSpan("huge", { attributes }).end()

const withException =
  (exception: Error): Recorder =>
  (tracer) => {
    const span = tracer.startSpan("huge")
    span.recordException(exception)
    span.end()
  }

const records: Readonly<Record<string, Recorder>> = {
  "log body of 100 MB": (_, logger) => logger.emit({ body: plain }),
  "the same, with secrets": (_, logger) => logger.emit({ body: secrets }),
  "log body of 300,000 objects": (_, logger) => logger.emit({ body: nested }),
  "span attribute of 100 MB, with secrets": withAttributes({ secrets }),
  "span name of 100 MB, with secrets": (tracer) => tracer.startSpan(secrets).end(),
  "100,000 attributes": withAttributes(wide),
  "log of 100,000 attributes": (_, logger) => logger.emit({ body: "wide", attributes: wide }),
  "error with a message of 100 MB": withException(error),
  "error with a stack of 100 MB": withException(stack),
}

const processor = {
  onStart: () => undefined,
  onEnd: () => undefined,
  onEmit: () => undefined,
  forceFlush: () => Promise.resolve(),
  shutdown: () => Promise.resolve(),
}
const bareTracer = new BasicTracerProvider({ spanProcessors: [processor] }).getTracer("bench")
const bareLogger = new LoggerProvider({ processors: [processor] }).getLogger("bench")

const state = mkdtempSync(join(tmpdir(), "clickstack-bench-"))
const clickstack = init({
  endpoint: "http://127.0.0.1:9",
  spool: state,
  metrics: false,
  startupLine: false,
  logLevel: "none",
})
const tracer = trace.getTracer("bench")
const logger = logs.getLogger("bench")
withException(new Error("the first loads what is needed"))(tracer, logger)
logger.emit({ body: "first" })

const turn = () => new Promise((resolve) => setTimeout(resolve, 5))

async function milliseconds(one: Recorder, to: Tracer, and: Logger): Promise<number> {
  const took: number[] = []
  for (let round = 0; round < rounds; round++) {
    await turn()
    globalThis.gc?.()
    const began = performance.now()
    one(to, and)
    took.push(performance.now() - began)
  }
  return Math.round(median(took) * 10) / 10
}

const rows: [string, number, number][] = []
for (const [name, one] of Object.entries(records)) {
  const alone = await milliseconds(one, bareTracer, bareLogger)
  rows.push([name, alone, await milliseconds(one, tracer, logger)])
}
await clickstack.shutdown()
rmSync(state, { recursive: true, force: true })
console.log(`milliseconds on the main thread, medians of ${rounds}`)
console.log(table(["what is recorded", "OpenTelemetry's SDK alone", "with us"], rows))
