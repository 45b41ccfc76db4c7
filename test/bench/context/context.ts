// `pnpm bench context [rounds]`: what the session, the attributes of a trace and the HTTP names add to a span and a log,
// what a trace of two spans takes that sampling leaves out, and reading and writing the headers of a request, ours beside
// upstream's.
import {
  ROOT_CONTEXT,
  type Context,
  SpanKind,
  defaultTextMapGetter,
  defaultTextMapSetter,
  trace,
} from "@opentelemetry/api"
import { CompositePropagator, W3CBaggagePropagator, W3CTraceContextPropagator } from "@opentelemetry/core"
import {
  BasicTracerProvider,
  ParentBasedSampler,
  type Sampler,
  type SpanProcessor,
  TraceIdRatioBasedSampler,
} from "@opentelemetry/sdk-trace-base"
import { median, table } from "../report.ts"

interface Enrich {
  enrichSpans(config: { baggageAttributes: string[] }): SpanProcessor
}
interface Propagation {
  createPropagation(config: unknown): {
    incoming(headers: Record<string, string>): Context
    outgoing(context: Context, host: string, set: (name: string, value: string) => void): void
  }
}
interface Sampling {
  createTraceSampler(config: unknown): Sampler
  holdSpans(options: unknown): { processor: SpanProcessor }
}
const dist = new URL("../../../../packages/node/dist/context/", import.meta.url)
const { enrichSpans } = (await import(new URL("enrich.js", dist).href)) as Enrich
const sampling = new URL("../sampling/", dist)
const { createTraceSampler } = (await import(new URL("trace-sampler.js", sampling).href)) as Sampling
const { holdSpans } = (await import(new URL("hold-spans.js", sampling).href)) as Sampling
const { createPropagation } = (await import(new URL("propagation.js", dist).href)) as Propagation

const rounds = Number(process.argv[2] ?? 7)
const times = 200_000

const http = {
  "http.request.method": "GET",
  "url.full": "https://example.com/orders/7",
  "server.address": "example.com",
  "server.port": 443,
  "http.response.status_code": 200,
  "network.peer.address": "10.0.0.1",
  "user_agent.original": "bench",
  "network.protocol.version": "1.1",
}
const other = {
  "db.system.name": "postgresql",
  "db.query.text": "SELECT 1",
  "server.address": "db",
  "server.port": 5432,
  a: 1,
  b: 2,
  c: 3,
  d: 4,
}
const headers = {
  host: "example.com",
  traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
  baggage: "session.id=0af7651916cd43dd8448eb211c80319c,user.id=u1",
}
const nothing: SpanProcessor = {
  onStart: () => undefined,
  onEnd: () => undefined,
  forceFlush: () => Promise.resolve(),
  shutdown: () => Promise.resolve(),
}
const config = {
  propagators: ["tracecontext", "baggage"],
  propagateTo: [],
  traceparentTo: ["*"],
  trustIncoming: true,
  sessionHeader: "x-session-id",
  baggageAttributes: [],
  serverTiming: false,
}
const ours = createPropagation(config)
const upstream = new CompositePropagator({
  propagators: [new W3CTraceContextPropagator(), new W3CBaggagePropagator()],
})

const plain = new BasicTracerProvider({ spanProcessors: [nothing] }).getTracer("bench")
const enriched = new BasicTracerProvider({
  spanProcessors: [enrichSpans({ baggageAttributes: [] }), nothing],
}).getTracer("bench")
const request = ours.incoming(headers)
const root = enriched.startSpan("root", { kind: SpanKind.SERVER }, request)
const inRequest = trace.setSpan(request, root)

// A trace of two spans that is left out: by the ratio, and at its end.
const none = { ratio: 0, followsParent: true, perSecond: undefined, rules: [], keep: undefined }
const keep = { errors: true, slowerThan: 500 }
const leftOut = (sampler: Sampler, ...processors: SpanProcessor[]) => {
  const tracer = new BasicTracerProvider({ sampler, spanProcessors: processors }).getTracer("bench")
  return () => {
    const first = tracer.startSpan("root", { kind: SpanKind.SERVER }, ROOT_CONTEXT)
    tracer.startSpan("inner", {}, trace.setSpan(ROOT_CONTEXT, first)).end()
    first.end()
  }
}
const enrich = enrichSpans({ baggageAttributes: [] })
const keeping = createTraceSampler({ ...none, keep })
const budget = { max: 2 ** 26, used: 0, holders: new Set() }
const sinks = [{ send: () => undefined, processor: nothing }]

const kinds = { client: { kind: SpanKind.CLIENT, attributes: http }, other: { attributes: other } }
const span = (tracer: typeof plain, of: keyof typeof kinds, context: Context) => () => {
  tracer.startSpan("GET", kinds[of], context).end()
}
const carrier: Record<string, string> = {}
const set = (name: string, value: string) => (carrier[name] = value)

const cases: Record<string, () => unknown> = {
  "span of HTTP, bare": span(plain, "client", inRequest),
  "span of HTTP, enriched": span(enriched, "client", inRequest),
  "other span, bare": span(plain, "other", inRequest),
  "other span, enriched": span(enriched, "other", inRequest),
  "other root span, enriched": span(enriched, "other", ROOT_CONTEXT),
  "trace left out, upstream": leftOut(
    new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(0) }),
    nothing,
  ),
  "trace left out, ours": leftOut(createTraceSampler(none), enrich, nothing),
  "trace recorded and ended, upstream": leftOut(
    new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(1) }),
    nothing,
  ),
  "trace held and left out, ours": leftOut(
    keeping,
    enrich,
    holdSpans({ keep, routes: keeping, budget, sinks }).processor,
  ),
  "headers in, upstream": () => upstream.extract(ROOT_CONTEXT, headers, defaultTextMapGetter),
  "headers in, ours": () => ours.incoming(headers),
  "no headers in, upstream": () => upstream.extract(ROOT_CONTEXT, {}, defaultTextMapGetter),
  "no headers in, ours": () => ours.incoming({}),
  "headers out, upstream": () => upstream.inject(inRequest, carrier, defaultTextMapSetter),
  "headers out to this machine, ours": () => ours.outgoing(inRequest, "localhost", set),
  "headers out to elsewhere, ours": () => ours.outgoing(inRequest, "example.com", set),
}

const measured: Record<string, number[]> = {}
for (let round = 0; round <= rounds; round++) {
  for (const [name, fn] of Object.entries(cases)) {
    const start = process.cpuUsage()
    for (let time = 0; time < times; time++) fn()
    const { user, system } = process.cpuUsage(start)
    if (round > 0) (measured[name] ??= []).push((user + system) / times)
  }
}
const rows = Object.entries(measured).map(([name, all]) => [name, median(all).toFixed(2)])
console.log(`Node ${process.version}, ${rounds} rounds of ${times}\n\n${table(["", "us each"], rows)}`)
