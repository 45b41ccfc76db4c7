// What redaction adds to a span with ten attributes, as a server's span has them, until its bytes are encoded; and what
// a user of OpenTelemetry would write in its place: a span processor with a list of regular expressions.
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { init, type Options } from "@clickstack/node"
import { type Attributes, type Tracer, trace } from "@opentelemetry/api"
import { BasicTracerProvider, type ReadableSpan, type SpanProcessor } from "@opentelemetry/sdk-trace-base"
import { median, table } from "../report.js"

const rounds = Number(process.argv[2] ?? 5)
const perRound = 20_000

const attributesOf = (index: number): Attributes => ({
  "http.request.method": "GET",
  "url.scheme": "https",
  "url.path": `/users/${index}/orders`,
  "url.query": `page=${index % 10}&sort=name`,
  "network.protocol.version": "1.1",
  "network.peer.address": "::ffff:10.0.0.7",
  "server.address": "shop.example.com",
  "server.port": 443,
  "http.route": "/users/:id/orders",
  "user_agent.original": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko)",
})

function microsecondsPerSpan(tracer: Tracer): number {
  const began = performance.now()
  for (let index = 0; index < perRound; index++) {
    tracer.startSpan("GET /users/:id/orders", { kind: 1, attributes: attributesOf(index) }).end()
  }
  return ((performance.now() - began) / perRound) * 1000
}

const secretKey = /pass(word|wd)?|secret|token|authorization|cookie|api[-_.]?key|credential|card/i
const secretValues = [
  /\/\/[^/?#\s@]+@/g,
  /([?&](?:x-amz-signature|sig|signature|token|password|api_key|access_token)=)[^&#\s]*/gi,
  /\b(Bearer|Basic) +[\w\-.~+/]+=*/gi,
  /\beyJ[\w-]+\.[\w-]+\.[\w-]*/g,
]

const byExpressions: SpanProcessor = {
  onStart: () => undefined,
  onEnd: ({ attributes }: ReadableSpan) => {
    for (const [key, value] of Object.entries(attributes)) {
      if (typeof value !== "string") continue
      if (secretKey.test(key)) attributes[key] = "[REDACTED]"
      else attributes[key] = secretValues.reduce((text, one) => text.replace(one, "[REDACTED]"), value)
    }
  },
  forceFlush: () => Promise.resolve(),
  shutdown: () => Promise.resolve(),
}

// Takes everything at once: what is measured is recording, not sending.
const collector = createServer((request, response) => request.resume().on("end", () => response.end()))
await new Promise<void>((resolve) => collector.listen(0, "127.0.0.1", resolve))
const endpoint = `http://127.0.0.1:${(collector.address() as AddressInfo).port}`

async function ours(options: Options): Promise<number> {
  const clickstack = init({
    endpoint,
    spool: false,
    startupLine: false,
    metrics: false,
    logs: false,
    instrumentation: false,
    ...options,
  })
  const took = microsecondsPerSpan(trace.getTracer("bench"))
  await clickstack.shutdown()
  return took
}

const upstream = (processors: SpanProcessor[]) =>
  microsecondsPerSpan(new BasicTracerProvider({ spanProcessors: processors }).getTracer("bench"))

const ways: Record<string, () => number | Promise<number>> = {
  "ours, redact: false": () => ours({ redact: false }),
  "ours, redacted": () => ours({}),
  upstream: () => upstream([]),
  "upstream, a processor with expressions": () => upstream([byExpressions]),
}
const taken = Object.keys(ways).map((): number[] => [])
for (let round = 0; round <= rounds; round++) {
  for (const [index, way] of Object.values(ways).entries()) {
    const took = await way()
    if (round > 0) taken[index]!.push(took) // the first is for the compiler
  }
}
collector.close()

const medians = taken.map(median)
console.log(
  table(
    ["a span with ten attributes", "µs", "redaction, µs"],
    Object.keys(ways).map((name, index) => [
      name,
      medians[index]!.toFixed(2),
      index % 2 === 1 ? (medians[index]! - medians[index - 1]!).toFixed(2) : "",
    ]),
  ),
)
