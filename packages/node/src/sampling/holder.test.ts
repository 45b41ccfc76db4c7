import { ROOT_CONTEXT, type Span, type SpanContext, SpanKind, trace } from "@opentelemetry/api"
import { BasicTracerProvider, type ReadableSpan } from "@opentelemetry/sdk-trace-base"
import { describe, expect, test } from "vitest"
import { resolveConfig } from "../read-options.ts"
import { enrichSpans } from "../context/enrich.ts"
import { spanOf } from "../context/local-trace.ts"
import { createBudget } from "../delivery/budget.ts"
import type { SamplingOptions } from "../options.ts"
import { heldTraceOf } from "./held-trace.ts"
import { createHolder } from "./holder.ts"
import { createTraceSampler } from "./trace-sampler.ts"

const low = `${"1".repeat(18)}10000000000000`
const high = `${"1".repeat(18)}f0000000000000`
// OpenTelemetry takes a small number for a time since the process's start, if that is so long ago, else for a date.
const epoch = Date.UTC(2030, 0)

/** The real SDK, with a clock of ours and traces whose ids are chosen. */
function open(sampling: SamplingOptions, room: { maxSpans?: number; maxBytes?: number } = {}) {
  let now = 0
  let nextId = high
  const sent: ReadableSpan[] = []
  const config = resolveConfig({ sampling }, {}).config.sampling
  const sampler = createTraceSampler(config)
  const budget = createBudget(1_000_000)
  const holder = createHolder({
    keep: config.keep,
    routes: sampler,
    send: (span) => sent.push(span),
    budget,
    maxBytes: 1_000_000,
    maxSpans: 1000,
    now: () => now,
    ...room,
  })
  const settled = { forceFlush: () => Promise.resolve(), shutdown: () => Promise.resolve() }
  let spans = 0
  const tracer = new BasicTracerProvider({
    sampler,
    idGenerator: { generateTraceId: () => nextId, generateSpanId: () => String(++spans).padStart(16, "0") },
    spanProcessors: [
      enrichSpans({ baggageAttributes: [] }),
      { onStart: (span, context) => holder.started(span, spanOf(context)), onEnd: holder.ended, ...settled },
    ],
  }).getTracer("x")
  const under = (parent: Span | SpanContext | undefined) =>
    parent === undefined
      ? ROOT_CONTEXT
      : "spanContext" in parent
        ? trace.setSpan(ROOT_CONTEXT, parent)
        : trace.setSpanContext(ROOT_CONTEXT, parent)
  return {
    holder,
    budget,
    begin: (name: string, traceId: string, parent?: SpanContext) => {
      nextId = traceId
      return tracer.startSpan(name, { kind: SpanKind.SERVER, startTime: epoch + now }, under(parent))
    },
    child: (name: string, parent: Span) => tracer.startSpan(name, { startTime: epoch + now }, under(parent)),
    end: (...ending: Span[]) => ending.forEach((span) => span.end(epoch + now)),
    wait: (milliseconds: number) => (now += milliseconds),
    /** What has been sent since it was asked last. */
    sent: () =>
      sent
        .splice(0)
        .map(({ name, attributes }) => `${name} ${String(attributes["SampleRate"] ?? "")}`.trim()),
  }
}
const failed = { code: 2 }

describe("a trace", () => {
  test("that the ratio has chosen waits for its end, and has its weight", () => {
    const { begin, child, end, sent, holder } = open({ ratio: 0.1, keep: { errors: true } })
    const root = begin("root", high)
    end(child("inner", root))
    expect(sent()).toEqual([])
    expect(holder.stats()).toMatchObject({ held: 1, leftOut: 0 })
    end(root)
    expect(sent()).toEqual(["inner 10", "root 10"])
  })

  test("that it has not chosen is left out, and counted as that", () => {
    const { begin, child, end, sent, holder, budget } = open({ ratio: 0.1, keep: { errors: true } })
    const root = begin("root", low)
    end(child("inner", root), root)
    expect(sent()).toEqual([])
    expect(holder.stats()).toEqual({ held: 0, heldBytes: 0, leftOut: 2, kept: 0, decidedEarly: 0 })
    expect(budget.used).toBe(0)
  })

  test.each([
    ["chosen", high],
    ["not chosen", low],
  ])("with an error, %s: all of it stands for itself alone", (_, id) => {
    const { begin, child, end, sent, holder } = open({ ratio: 0.1, keep: { errors: true } })
    const root = begin("root", id)
    const [first, second, third] = ["first", "second", "third"].map((name) => child(name, root)) as [
      Span,
      Span,
      Span,
    ]
    end(first)
    expect(sent()).toEqual([])
    second.setStatus(failed)
    end(second)
    expect(sent()).toEqual(["first 1", "second 1"]) // nothing can change that any more
    end(third, root)
    expect(sent()).toEqual(["third 1", "root 1"])
    expect(holder.stats()).toMatchObject({ held: 0, kept: 1, leftOut: 0 })
  })

  test("with an exception that was recorded is one with an error", () => {
    const { begin, end, sent } = open({ ratio: 0, keep: { errors: true } })
    const root = begin("root", low)
    root.recordException(new Error("broken"))
    end(root)
    expect(sent()).toEqual(["root 1"])
  })

  test("with an error is not kept for it unless errors are asked for", () => {
    const { begin, end, sent } = open({ ratio: 0, keep: { slowerThan: 500 } })
    const root = begin("root", low).setStatus(failed)
    end(root)
    expect(sent()).toEqual([])
  })

  test.each([
    [500, []],
    [501, ["inner 1", "root 1"]],
  ])("that takes %d ms", (milliseconds, expected) => {
    const { begin, child, end, sent, wait } = open({ ratio: 0, keep: { slowerThan: 500 } })
    const root = begin("root", low)
    end(child("inner", root))
    wait(milliseconds)
    end(root)
    expect(sent()).toEqual(expected)
  })

  test("is slow by its first span: an inner one of a slow trace that goes on alone is none", () => {
    const { begin, child, end, sent, wait } = open({ ratio: 0, keep: { slowerThan: 500 } })
    const root = begin("root", low)
    const inner = child("inner", root)
    end(root)
    wait(600)
    end(inner)
    expect(sent()).toEqual([])
  })

  test("that began elsewhere, where it was not sampled, is kept for its error too", () => {
    const { begin, end, sent } = open({ keep: { errors: true } })
    const parent = { traceId: high, spanId: "2".repeat(16), traceFlags: 0, isRemote: true }
    end(begin("fine", high, parent))
    const root = begin("broken", high, parent).setStatus(failed)
    expect(root.spanContext().traceFlags).toBe(0)
    end(root)
    expect(sent()).toEqual(["broken 1"])
  })

  test("is left out with everything under it when its route is ignored, also with an error", () => {
    const { begin, child, end, sent, holder } = open({ ratio: 1, keep: { errors: true } })
    const root = begin("root", high)
    end(child("before", root))
    heldTraceOf(root)!.leaveOut()
    const inner = child("inner", root)
    expect(inner.isRecording()).toBe(false)
    root.setStatus(failed)
    end(inner, root)
    expect(sent()).toEqual([])
    expect(holder.stats()).toMatchObject({ held: 0, leftOut: 2, kept: 0 })
  })
})

describe("what ends after the root", () => {
  test("follows what was decided", () => {
    const { begin, child, end, sent, holder } = open({ ratio: 0.1, keep: { errors: true } })
    for (const id of [high, low]) {
      const root = begin("root", id)
      const late = child("late", root)
      end(root, late)
    }
    expect(sent()).toEqual(["root 10", "late 10"])
    expect(holder.stats()).toMatchObject({ held: 0, leftOut: 2 })
  })

  test("is kept for its own error all the same", () => {
    const { begin, child, end, sent } = open({ ratio: 0, keep: { errors: true } })
    const root = begin("root", low)
    const [fine, broken] = [child("fine", root), child("broken", root).setStatus(failed)]
    end(root, fine, broken)
    expect(sent()).toEqual(["broken 1"])
  })
})

describe("rules by route", () => {
  const rules = [
    { route: "/orders/:id", ratio: 1 },
    { route: "/health", ratio: 0 },
  ]

  test("decide at the end, with their own weight", () => {
    const { begin, child, end, sent } = open({ ratio: 0.1, rules })
    for (const [route, id] of [
      ["/orders/:id", low],
      ["/health", high],
      ["/users/:id", high],
      ["/users/:id", low],
    ] as const) {
      const root = begin(route, id)
      const inner = child(`in ${route}`, root)
      end(inner)
      root.setAttribute("http.route", route)
      end(root)
    }
    expect(sent()).toEqual(["in /orders/:id 1", "/orders/:id 1", "in /users/:id 10", "/users/:id 10"])
  })

  test("that are known before are followed by what is called", () => {
    const { begin, child } = open({ ratio: 0.1, rules })
    const root = begin("root", low)
    expect(child("before", root).spanContext().traceFlags).toBe(0)
    heldTraceOf(root)!.routed("/orders/:id")
    const { traceFlags, traceState } = child("after", root).spanContext()
    expect([traceFlags, traceState?.serialize()]).toEqual([1, "ot=th:0"])
  })

  test("leave errors to keep", () => {
    const { begin, end, sent } = open({ ratio: 1, rules, keep: { errors: true } })
    const root = begin("root", high).setStatus(failed).setAttribute("http.route", "/health")
    end(root)
    expect(sent()).toEqual(["root 1"])
  })
})

describe("what is decided before its end", () => {
  const sampling = { ratio: 0.1, keep: { errors: true, slowerThan: 5000 } }

  test("the oldest, when there is no more room: by what is known of it", () => {
    const { begin, child, end, sent, holder } = open(sampling, { maxSpans: 2 })
    const [chosen, not, broken] = [begin("chosen", high), begin("not", low), begin("broken", low)]
    broken.setStatus(failed)
    end(child("a", chosen), child("b", not))
    expect(sent()).toEqual([])
    end(child("c", broken))
    expect(sent()).toEqual(["a 10"])
    end(child("d", chosen))
    expect(holder.stats()).toMatchObject({ held: 2, leftOut: 1, decidedEarly: 2 })
    end(child("e", chosen))
    expect(sent()).toEqual(["c 1"]) // its root says already that it is an error
    end(not, chosen)
    expect(sent()).toEqual(["d 10", "e 10", "chosen 10"])
  })

  test("a span that alone is too large for the room", () => {
    const { begin, child, end, sent, holder } = open(sampling, { maxBytes: 10_000 })
    const root = begin("root", high)
    end(child("small", root))
    end(child("large", root).setAttribute("text", "x".repeat(20_000)))
    expect(sent()).toEqual(["small 10", "large 10"])
    expect(holder.stats()).toMatchObject({ held: 0, heldBytes: 0 })
  })

  test("the oldest, when what waits to be sent takes all the memory", () => {
    const { begin, child, end, sent, holder, budget } = open(sampling)
    const root = begin("root", high)
    end(child("a", root))
    budget.used += budget.max
    end(child("b", root))
    expect(sent()).toEqual(["a 10", "b 10"])
    expect(holder.stats()).toMatchObject({ held: 0, heldBytes: 0 })
  })

  test("a trace whose end does not come, after half a minute, or when it is slow already", () => {
    const { begin, child, end, sent, wait, holder } = open({ ratio: 0.1, keep: { errors: true } })
    const endless = begin("endless", high)
    end(child("a", endless))
    wait(30_001)
    holder.sweep()
    expect(sent()).toEqual(["a 10"])
    const broken = child("b", endless).setStatus(failed)
    end(broken)
    expect(sent()).toEqual(["b 1"])

    const slow = open(sampling)
    slow.end(slow.child("a", slow.begin("endless", low)))
    slow.wait(5000)
    slow.holder.sweep()
    expect(slow.sent()).toEqual([])
    slow.wait(1)
    slow.holder.sweep()
    expect(slow.sent()).toEqual(["a 1"])
  })

  test("everything, at a flush; what ends later is held anew", () => {
    const { begin, child, end, sent, holder } = open(sampling)
    const [chosen, not] = [begin("chosen", high), begin("not", low)]
    end(child("a", chosen), child("b", not))
    holder.decide()
    expect(sent()).toEqual(["a 10"])
    end(child("c", not))
    expect(holder.stats().held).toBe(1)
    not.setStatus(failed)
    end(not)
    expect(sent()).toEqual(["c 1", "not 1"])
  })

  test("everything that a crash cuts off is an error", () => {
    const { begin, child, end, sent, holder } = open(sampling)
    end(child("a", begin("root", low)))
    holder.decide(true)
    expect(sent()).toEqual(["a 1"])
  })

  test("nothing is held after the end", () => {
    const { begin, child, end, sent, holder } = open(sampling)
    holder.close()
    const [chosen, not] = [begin("chosen", high), begin("not", low)]
    end(child("a", chosen), child("b", not))
    expect(sent()).toEqual(["a 10"])
    expect(holder.stats().held).toBe(0)
  })
})
