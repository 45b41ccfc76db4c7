// One way to log under one load: LIBRARY WAY URL COUNT. Prints the CPU time of the process for each line, in microseconds,
// until all is delivered. "alone" is the library that prints to nowhere.
import { createRequire } from "node:module"
import { Writable } from "node:stream"
import { init } from "@clickstack/node"
import { logs } from "@opentelemetry/api-logs"
import { OTLPLogExporter } from "@opentelemetry/exporter-logs-otlp-proto"
import { PinoInstrumentation } from "@opentelemetry/instrumentation-pino"
import { BatchLogRecordProcessor, LoggerProvider } from "@opentelemetry/sdk-logs"

const [library, way, url = "", count = "0"] = process.argv.slice(2)
const require = createRequire(new URL("../../../../logging/package.json", import.meta.url))
const lines = Number(count)
const perTurn = 256

type Log = (number: number) => void
interface Started {
  /** What is done beside the library's own line. */
  readonly beside?: Log
  readonly finish: () => Promise<void>
}

function start(): Started {
  if (way === "alone") return { finish: async () => {} }
  if (way === "ours") {
    const clickstack = init({
      endpoint: url,
      service: "bench",
      traces: false,
      metrics: false,
      startupLine: false,
    })
    return { finish: () => clickstack.flush() }
  }
  const exporter = new OTLPLogExporter({ url: `${url}/v1/logs`, compression: "gzip" as never })
  const processor = new BatchLogRecordProcessor({ exporter, maxQueueSize: 1_000_000 })
  const provider = new LoggerProvider({ processors: [processor] })
  const finish = () => provider.forceFlush()
  if (way === "upstream's instrumentation") {
    logs.setGlobalLoggerProvider(provider)
    new PinoInstrumentation().enable()
    return { finish }
  }
  const logger = provider.getLogger("bench")
  const beside: Log = (number) =>
    logger.emit({
      timestamp: Date.now(),
      severityNumber: 9,
      severityText: "info",
      body: "order paid",
      attributes: { order: number, customer: "c-1042", total: 99.5, currency: "EUR" },
    })
  return { beside, finish }
}

function createLog(): Log {
  if (library === "pino") {
    const pino = require("pino") as (
      options: object,
      stream: object,
    ) => { info(fields: object, text: string): void }
    const logger = pino({}, { write: () => undefined })
    return (number) =>
      logger.info({ order: number, customer: "c-1042", total: 99.5, currency: "EUR" }, "order paid")
  }
  // Of the console's stream there is only what Node itself does for it.
  Object.defineProperty(console, "_stdout", {
    value: new Writable({ write: (_chunk, _encoding, done) => done() }),
  })
  return (number) =>
    console.log("order paid", { order: number, customer: "c-1042", total: 99.5, currency: "EUR" })
}

const { beside, finish } = start()
const log = createLog()
async function run(times: number): Promise<void> {
  for (let number = 0; number < times; number++) {
    log(number)
    beside?.(number)
    if (number % perTurn === 0) await new Promise((resolve) => setImmediate(resolve))
  }
  await finish()
}

await run(lines / 4) // warm
const before = process.cpuUsage()
await run(lines)
const { user, system } = process.cpuUsage(before)
process.stderr.write(`${(user + system) / lines}\n`)
process.exit(0)
