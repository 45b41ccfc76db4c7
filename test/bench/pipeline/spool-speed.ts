// How fast batches that wait in memory get to disk: as objects, through durable(), and encoded, through init(). MB are
// those of the OTLP requests that the spool is handed, before it compresses them; seconds are the clock's, until all is
// written. Nothing is written while the spans are recorded.
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { durable, init } from "@clickstack/node"
import { trace, type Tracer } from "@opentelemetry/api"
import { ProtobufTraceSerializer } from "@opentelemetry/otlp-transformer"
import { BasicTracerProvider, type ReadableSpan } from "@opentelemetry/sdk-trace-base"

const megabytesEach = 40
const queueBytes = 1e9 // so that memory is not full before it begins
const turn = () => new Promise((resolve) => setTimeout(resolve, 1))

function makeSpan(tracer: Tracer, index: number, size: number): void {
  const attributes = {
    "url.path": `/users/${index}`,
    "http.route": "/users/:id",
    data: `${index}`.padEnd(size, "data "),
  }
  tracer.startSpan("GET /users/:id", { attributes }).end()
}

function finishedSpans(count: number, size: number): ReadableSpan[] {
  const spans: ReadableSpan[] = []
  const processor = {
    onStart: () => undefined,
    onEnd: (span: ReadableSpan) => spans.push(span),
    forceFlush: async () => {},
    shutdown: async () => {},
  }
  const tracer = new BasicTracerProvider({ spanProcessors: [processor] }).getTracer("bench")
  for (let index = 0; index < count; index++) makeSpan(tracer, index, size)
  return spans
}

/** @returns Milliseconds, and the CPU's. */
async function timed(isDone: () => boolean): Promise<{ ms: number; cpu: number }> {
  globalThis.gc?.() // of what was made before
  const before = process.cpuUsage()
  const began = performance.now()
  while (!isDone()) await turn()
  const { user, system } = process.cpuUsage(before)
  return { ms: performance.now() - began, cpu: (user + system) / 1000 }
}

async function asObjects(count: number, size: number, spool: string) {
  const spans = finishedSpans(count, size)
  const exporter = durable(
    {
      export: (_: never, done: (result: never) => void) =>
        done({ code: 1, error: Object.assign(new Error("away"), { retryable: true }) } as never),
      shutdown: async () => {},
      forceFlush: async () => {},
    },
    { endpoint: "http://127.0.0.1:9", spool, logLevel: "none", delay: 10, queueBytes },
  )
  const send = (list: ReadableSpan[]) => exporter.export(list as never, () => undefined)
  send(spans.slice(0, 512))
  while (exporter.stats()!.spooled === 0) await turn()
  send(spans)
  const took = await timed(() => exporter.stats()!.waiting === 0)
  await exporter.shutdown()
  return took
}

async function encoded(count: number, size: number, spool: string) {
  const off = { metrics: false, logs: false, startupLine: false } as const
  const clickstack = init({
    ...off,
    endpoint: "http://127.0.0.1:9",
    spool,
    logLevel: "none",
    queueBytes,
    traces: { delay: 10 },
  })
  const tracer = trace.getTracer("bench")
  const stats = () => clickstack.stats().traces[0]!
  for (let index = 0; index < 512; index++) makeSpan(tracer, index, size)
  while (stats().spooled === 0) await turn()
  for (let index = 0; index < count; index++) makeSpan(tracer, index, size)
  const took = await timed(() => stats().waiting === 0)
  await clickstack.shutdown()
  return took
}

/** Medians of rounds in which all take turns. The first is left out: what it measures is mostly V8 compiling. */
export async function spoolSpeed(rounds: number): Promise<Record<string, Record<string, number>>> {
  const cases = [200, 2000].flatMap((size) => {
    const count = Math.round((megabytesEach * 1e6) / (size + 150))
    const megabytes = ProtobufTraceSerializer.serializeRequest(finishedSpans(count, size))!.length / 1e6
    const of = (form: string, write: typeof encoded) => ({
      name: `${form}, values of ${size} bytes`,
      megabytes,
      write: (spool: string) => write(count, size, spool),
      took: [] as Awaited<ReturnType<typeof timed>>[],
    })
    return [of("objects", asObjects), of("encoded", encoded)]
  })
  for (let round = 0; round <= rounds; round++) {
    for (const { write, took } of cases) {
      const state = mkdtempSync(join(tmpdir(), "clickstack-bench-"))
      const one = await write(state)
      if (round > 0) took.push(one)
      rmSync(state, { recursive: true, force: true })
    }
  }
  return Object.fromEntries(
    cases.map(({ name, megabytes, took }) => [
      name,
      {
        "MB/s": Math.round((megabytes / median(took.map(({ ms }) => ms))) * 1000),
        "CPU ms per MB": Math.round((median(took.map(({ cpu }) => cpu)) / megabytes) * 10) / 10,
      },
    ]),
  )
}

const median = (values: number[]) => values.toSorted((a, b) => a - b)[values.length >> 1]!
