// What comes in and what goes out, in all combinations that the settings allow.
import {
  type Context,
  type Span,
  ROOT_CONTEXT,
  defaultTextMapGetter,
  defaultTextMapSetter,
  propagation as api,
  trace,
} from "@opentelemetry/api"
import * as fc from "fast-check"
import { expect, test } from "vitest"
import { resolveConfig } from "../read-options.ts"
import type { Options } from "../options.ts"
import { createPropagation, type HttpHeaders } from "./propagation.ts"
import { sessionOf } from "./local-trace.ts"

const traceId = "0af7651916cd43dd8448eb211c80319c"
const spanId = "b7ad6b7169203331"
const traceparent = `00-${traceId}-${spanId}-01`
const cookie = `__rum_sid=${encodeURIComponent(JSON.stringify({ id: "from-cookie", startTime: 1 }))}`

const create = (options: Options = {}) => createPropagation(resolveConfig(options, {}).config)
function sent(options: Options, context: Context, host: string): Record<string, string> {
  const headers: Record<string, string> = {}
  create(options).outgoing(context, host, (name, value) => (headers[name] = value))
  return headers
}
const incoming = (headers: HttpHeaders, options: Options = {}) => create(options).incoming(headers)

test.each([
  ["baggage before all else", { baggage: "session.id=b", "x-session-id": "h", cookie }, "b"],
  ["the header before the cookie", { "x-session-id": "h", cookie }, "h"],
  ["the cookie", { cookie }, "from-cookie"],
  ["nothing", {}, undefined],
  ["the header for a bad id in baggage", { baggage: "session.id=a%20b", "x-session-id": "h" }, "h"],
  ["the cookie for a bad id in the header", { "x-session-id": "a b", cookie }, "from-cookie"],
  ["no header that came twice", { "x-session-id": ["a", "b"] }, undefined],
  ["no id of 129 characters", { "x-session-id": "x".repeat(129) }, undefined],
])("the session is that of %s", (_, headers, session) => {
  expect(sessionOf(incoming(headers))).toBe(session)
})

test("another header may carry the session", () => {
  expect(sessionOf(incoming({ "x-visit": "v", "x-session-id": "s" }, { sessionHeader: "X-Visit" }))).toBe("v")
})

test("a valid traceparent continues the trace, with its tracestate", () => {
  const context = incoming({ traceparent, tracestate: ["a=1", "b=2"] })
  expect(trace.getSpanContext(context)).toMatchObject({ traceId, spanId, traceFlags: 1, isRemote: true })
  expect(trace.getSpanContext(context)?.traceState?.serialize()).toBe("a=1,b=2")
})

test.each([
  ["an invalid traceparent", { traceparent: `00-${traceId}-${spanId}-0x`, tracestate: "a=1" }],
  ["no traceparent", { tracestate: "a=1" }],
  ["two of them", { traceparent: [traceparent, traceparent] }],
])("with %s a new trace begins, without tracestate", (_, headers) => {
  expect(trace.getSpanContext(incoming(headers))).toBeUndefined()
})

test("an invalid tracestate is dropped, the trace goes on", () => {
  const context = incoming({ traceparent, tracestate: "a=1,A=2" })
  expect(trace.getSpanContext(context)).toMatchObject({ traceId })
  expect(sent({}, context, "example.com")).toEqual({ traceparent })
})

test("what is not trusted counts for nothing", () => {
  const headers = {
    traceparent,
    tracestate: "a=1",
    baggage: "session.id=b,user.id=u",
    "x-session-id": "h",
    cookie,
  }
  const context = incoming(headers, { trustIncoming: false })
  expect(trace.getSpanContext(context)).toBeUndefined()
  expect(api.getBaggage(context)).toBeUndefined()
  expect(sessionOf(context)).toBeUndefined()
  const { propagator } = create({ trustIncoming: false })
  expect(propagator.extract(ROOT_CONTEXT, headers, defaultTextMapGetter)).toBe(ROOT_CONTEXT)
})

const all = incoming({ traceparent, tracestate: "a=1", baggage: "k=v", "x-session-id": "s" })
const traceHeaders = { traceparent, tracestate: "a=1" }
const baggage = { baggage: "session.id=s,k=v" }

test.each<[string, Options, string, Record<string, string>]>([
  ["another host", {}, "example.com", traceHeaders],
  ["this machine", {}, "localhost:3000", { ...traceHeaders, ...baggage }],
  ["a listed host", { propagateTo: ["example.com"] }, "example.com", { ...traceHeaders, ...baggage }],
  ["one that is not listed", { propagateTo: ["example.com"] }, "evil.example.com", traceHeaders],
  ["a host that gets no traceparent", { traceparentTo: ["a.com"] }, "example.com", {}],
  ["one that does", { traceparentTo: ["a.com"] }, "a.com", traceHeaders],
  ["this machine, always", { traceparentTo: [] }, "127.0.0.1", { ...traceHeaders, ...baggage }],
  [
    "a listed host, always",
    { traceparentTo: [], propagateTo: ["a.com"] },
    "a.com",
    { ...traceHeaders, ...baggage },
  ],
  ["anyone, without baggage", { propagators: ["tracecontext"], propagateTo: ["*"] }, "a.com", traceHeaders],
  ["anyone, with baggage alone", { propagators: ["baggage"], propagateTo: ["*"] }, "a.com", baggage],
  ["anyone, with nothing", { propagators: ["none"], propagateTo: ["*"] }, "localhost", {}],
])("%s gets what the settings %j say", (_, options, host, headers) => {
  expect(sent(options, all, host)).toEqual(headers)
})

const withSpan = (attributes: Record<string, string>, kind: number) =>
  trace.setSpan(all, {
    spanContext: () => ({ traceId, spanId, traceFlags: 1 }),
    kind,
    attributes,
  } as unknown as Span)
function injected(context: Context, options: Options = {}) {
  const carrier: Record<string, string> = {}
  create(options).propagator.inject(context, carrier, defaultTextMapSetter)
  return Object.keys(carrier)
}

test.each<[string, Record<string, string>, number, Options, string[]]>([
  ["a client's span to this machine", { "server.address": "localhost" }, 2, {}, ["traceparent", "baggage"]],
  ["a client's span to elsewhere", { "server.address": "example.com" }, 2, {}, ["traceparent"]],
  [
    "a producer's span to a listed host",
    { "server.address": "q.com" },
    3,
    { propagateTo: ["q.com"] },
    ["traceparent", "baggage"],
  ],
  ["a message to Kafka", { "messaging.system": "kafka" }, 3, {}, ["traceparent"]],
  [
    "a message to Kafka, listed",
    { "messaging.system": "kafka" },
    3,
    { propagateTo: ["kafka"] },
    ["traceparent", "baggage"],
  ],
  [
    "a server's span, whose address the caller wrote",
    { "server.address": "localhost" },
    1,
    {},
    ["traceparent"],
  ],
  [
    "a message to a queue with an address",
    { "url.full": "https://sqs.eu-west-1.amazonaws.com/1/q", "messaging.system": "aws_sqs" },
    3,
    { propagateTo: ["*.amazonaws.com"] },
    ["traceparent", "baggage"],
  ],
  ["a span without an address", {}, 2, {}, ["traceparent"]],
  [
    "a span without an address, with all hosts listed",
    {},
    2,
    { propagateTo: ["*"] },
    ["traceparent", "baggage"],
  ],
  ["a span without an address, where few get traceparent", {}, 2, { traceparentTo: ["a.com"] }, []],
])("the propagator takes the target from %s", (_, attributes, kind, options, names) => {
  expect(injected(withSpan(attributes, kind), options)).toEqual(names)
})

test("what must not be traced gets no headers", () => {
  const suppressed = all.setValue(Symbol.for("OpenTelemetry SDK Context Key SUPPRESS_TRACING"), true)
  expect(sent({}, suppressed, "localhost")).toEqual({})
  expect(injected(suppressed)).toEqual([])
})

test("a propagator of the app's own is asked, too, unless nothing is trusted", () => {
  const own = {
    inject: (_: Context, carrier: unknown, setter: typeof defaultTextMapSetter) =>
      setter.set(carrier, "x-own", "1"),
    extract: (context: Context) => context.setValue(Symbol.for("own"), true),
    fields: () => ["x-own"],
  }
  const propagators = ["tracecontext", own] as const
  expect(sent({ propagators }, ROOT_CONTEXT, "example.com")).toEqual({ "x-own": "1" })
  expect(incoming({}, { propagators }).getValue(Symbol.for("own"))).toBe(true)
  expect(incoming({}, { propagators, trustIncoming: false }).getValue(Symbol.for("own"))).toBeUndefined()
  expect(create({ propagators }).propagator.fields()).toEqual(["traceparent", "tracestate", "x-own"])
})

test("a propagator or trace state of the app's own that throws harms nobody", () => {
  const fail = () => {
    throw new Error("broken")
  }
  const propagators = ["tracecontext", { inject: fail, extract: fail, fields: () => [] }] as const
  expect(trace.getSpanContext(incoming({ traceparent }, { propagators }))).toMatchObject({ traceId })
  expect(sent({ propagators }, all, "example.com")).toEqual(traceHeaders)
  const traceState = { serialize: fail, get: fail, set: fail, unset: fail }
  const context = trace.setSpanContext(ROOT_CONTEXT, {
    traceId,
    spanId,
    traceFlags: 1,
    isRemote: true,
    traceState,
  })
  expect(sent({}, context, "example.com")).toEqual({ traceparent })
})

test("a request whose target is a server may ask for its trace in the response", () => {
  const span = { spanContext: () => ({ traceId, spanId, traceFlags: 1 }) } as Span
  expect(create().serverTiming(span)).toBeUndefined()
  expect(create({ serverTiming: true }).serverTiming(span)).toBe(`traceparent;desc="${traceparent}"`)
})

// By the grammars themselves, not by the code that is tested.
const grammar = {
  traceparent: /^00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-0[0-3]$/,
  tracestate:
    /^([a-z0-9][a-z0-9_\-*/@]{0,255}=[\x20-\x2b\x2d-\x3c\x3e-\x7e]{0,255}[\x21-\x2b\x2d-\x3c\x3e-\x7e])(,[a-z0-9][a-z0-9_\-*/@]{0,255}=[\x20-\x2b\x2d-\x3c\x3e-\x7e]{0,255}[\x21-\x2b\x2d-\x3c\x3e-\x7e]){0,31}$/,
  baggage:
    /^[!#$%&'*+.^_`|~0-9A-Za-z-]+=[\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]*(;[!#$%&'*+.^_`|~0-9A-Za-z-]+(=[\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]*)?)*(,[!#$%&'*+.^_`|~0-9A-Za-z-]+=[\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]*(;[!#$%&'*+.^_`|~0-9A-Za-z-]+(=[\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]*)?)*){0,63}$/,
} as const

const piece = fc.oneof(
  fc.string({ unit: "binary", maxLength: 40 }),
  fc.string({ maxLength: 300 }),
  fc.constantFrom(
    traceparent,
    traceId,
    spanId,
    "00",
    "ff",
    "-",
    "=",
    ",",
    ";",
    "a=1",
    "%",
    "%41",
    " ",
    "\t",
    "\r\n",
    "x".repeat(600),
  ),
)
const header = fc.array(piece, { maxLength: 20 }).map((pieces) => pieces.join(""))
const headerOrSeveral = fc.oneof(header, fc.array(header, { maxLength: 3 }), fc.constant(undefined))
const mutated = fc
  .tuple(fc.integer({ min: 0, max: 54 }), fc.string({ maxLength: 2 }))
  .map(([at, text]) => traceparent.slice(0, at) + text + traceparent.slice(at + 1))

test("whatever comes in, nothing invalid goes out", () => {
  fc.assert(
    fc.property(
      fc.record({
        traceparent: fc.oneof(headerOrSeveral, mutated, fc.constant(traceparent)),
        tracestate: headerOrSeveral,
        baggage: headerOrSeveral,
        "x-session-id": headerOrSeveral,
        cookie: headerOrSeveral,
      }),
      (headers) => {
        const context = incoming(headers)
        for (const [name, value] of Object.entries(sent({}, context, "localhost"))) {
          expect(value).toMatch(grammar[name as keyof typeof grammar])
          expect(value.length).toBeLessThanOrEqual({ traceparent: 55, tracestate: 512, baggage: 8192 }[name]!)
        }
      },
    ),
    { numRuns: 2000 },
  )
})

test("whatever the app puts into a baggage, the header is valid and says the same", () => {
  const entry = fc.record({ value: fc.string({ unit: "grapheme", maxLength: 50 }) })
  fc.assert(
    fc.property(fc.dictionary(fc.stringMatching(/^[a-z.]{1,20}$/), entry, { maxKeys: 10 }), (entries) => {
      const context = api.setBaggage(ROOT_CONTEXT, api.createBaggage(entries))
      const { baggage: written } = sent({}, context, "localhost")
      if (written === undefined) {
        expect(entries).toEqual({})
        return
      }
      expect(written).toMatch(grammar.baggage)
      const read = api.getBaggage(incoming({ baggage: written }))!
      expect(Object.fromEntries(read.getAllEntries())).toEqual({ ...entries })
    }),
  )
})

test("headers of many megabytes cost no more than their length", () => {
  const huge = 5_000_000
  for (const text of ["a", ",", ";", "=", "%41", "a=1,", "__rum_sid=", " ", "\t,"]) {
    const value = text.repeat(huge / text.length)
    const context = incoming({
      traceparent: value,
      tracestate: value,
      baggage: value,
      "x-session-id": value,
      cookie: value,
    })
    const headers = sent({}, context, "localhost")
    expect(Object.keys(headers).filter((name) => name !== "baggage")).toEqual([])
    expect(headers["baggage"]?.length ?? 0).toBeLessThanOrEqual(8192)
  }
})
