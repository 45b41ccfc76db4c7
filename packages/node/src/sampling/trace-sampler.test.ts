import { type Context, ROOT_CONTEXT, type Span, type SpanContext, trace } from "@opentelemetry/api"
import { describe, expect, test } from "vitest"
import { resolveConfig } from "../read-options.ts"
import { parseTracestate } from "../context/trace-state.ts"
import type { Options } from "../options.ts"
import { markHeld } from "./held-trace.ts"
import { createTraceSampler, recordAll } from "./trace-sampler.ts"

const idThatEndsIn = (random: string) => `0af7651916cd43dd84${random}`
const [low, middle, high] = ["10000000000000", "90000000000000", "f0000000000000"].map(idThatEndsIn) as [
  string,
  string,
  string,
]
const decisions = ["left out", "recorded", "sampled"]

function decide(
  options: Options,
  traceId: string,
  { parent, path, now }: { parent?: Partial<SpanContext>; path?: string; now?: () => number } = {},
): [string, string | undefined] {
  const sampler = createTraceSampler(resolveConfig(options, {}).config.sampling, now)
  const context =
    parent === undefined
      ? ROOT_CONTEXT
      : trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId: "1".repeat(16), traceFlags: 0, ...parent })
  return ask(sampler, context, traceId, path)
}
function ask(
  sampler: Pick<ReturnType<typeof createTraceSampler>, "shouldSample">,
  context: Context,
  traceId: string,
  path?: string,
): [string, string | undefined] {
  const attributes = path === undefined ? {} : { "url.path": path }
  const { decision, traceState } = sampler.shouldSample(context, traceId, "GET", 1, attributes, [])
  return [decisions[decision]!, traceState?.serialize()]
}
const remote = (traceFlags: number, state?: string): Partial<SpanContext> => {
  const traceState = state === undefined ? undefined : parseTracestate(state)
  return { isRemote: true, traceFlags, ...(traceState === undefined ? {} : { traceState }) }
}

describe("a trace that begins here", () => {
  test.each<[Options["sampling"], string, string, string | undefined]>([
    [{ ratio: 1 }, low, "sampled", "ot=th:0"],
    [{ ratio: 0.5 }, low, "left out", undefined],
    [{ ratio: 0.5 }, middle, "sampled", "ot=th:8"],
    [{ ratio: 0.1 }, middle, "left out", undefined],
    [{ ratio: 0.1 }, high, "sampled", "ot=th:e666"],
    [{ ratio: 0 }, high, "left out", undefined],
    [{ ratio: 0.5, keep: { errors: true } }, low, "recorded", undefined],
    [{ ratio: 0.5, keep: { slowerThan: 1 } }, middle, "sampled", "ot=th:8"],
  ])("%j, %s: %s", (sampling, traceId, decision, state) => {
    expect(decide({ sampling }, traceId)).toEqual([decision, state])
  })

  test("goes by the first rule for its path, and by the ratio without one", () => {
    const sampling = {
      ratio: 0.5,
      rules: [
        { path: "/health*", ratio: 0 },
        { path: "/healthy", ratio: 1 },
        { path: "/orders", ratio: 1 },
      ],
    }
    const at = (path: string | undefined, id: string) =>
      decide({ sampling }, id, path === undefined ? {} : { path })[0]
    expect(at("/health/live", high)).toBe("left out")
    expect(at("/healthy", high)).toBe("left out")
    expect(at("/orders", low)).toBe("sampled")
    expect(at("/orders/7", low)).toBe("left out")
    expect(at(undefined, middle)).toBe("sampled")
  })

  test("is recorded as long as a rule by route may still choose it", () => {
    const sampling = { ratio: 0.1, rules: [{ route: "/orders/:id", ratio: 1 }] }
    expect(decide({ sampling }, low)).toEqual(["recorded", undefined])
  })
})

describe("a trace that began elsewhere", () => {
  test.each<[string, Options, Partial<SpanContext>, string, string, string | undefined]>([
    ["sampled there", { sampling: { ratio: 0 } }, remote(1, "ot=th:8"), middle, "sampled", undefined],
    ["not sampled there", { sampling: { ratio: 1 } }, remote(0), high, "left out", undefined],
    [
      "not sampled there, and maybe kept here",
      { sampling: { ratio: 1, keep: { errors: true } } },
      remote(0, "ot=th:8"),
      low,
      "recorded",
      undefined,
    ],
    [
      "by a threshold that it does not reach: that is not passed on",
      { sampling: { ratio: 1 } },
      remote(1, "ot=th:8;rv:00000000000001,vendor=1"),
      high,
      "sampled",
      "ot=rv:00000000000001,vendor=1",
    ],
    [
      "decided here all the same",
      { sampler: "traceidratio", samplerRatio: 0.5 },
      remote(0, "vendor=1,ot=th:c"),
      middle,
      "sampled",
      "ot=th:8,vendor=1",
    ],
    [
      "decided here all the same, by its own random bits",
      { sampler: "traceidratio", samplerRatio: 0.5 },
      remote(1, "ot=th:0;rv:7fffffffffffff"),
      high,
      "left out",
      "ot=rv:7fffffffffffff",
    ],
  ])("%s", (_, options, parent, traceId, decision, state) => {
    expect(decide(options, traceId, { parent })).toEqual([decision, state])
  })
})

describe("a span within a trace", () => {
  test("has its parent's flag, whatever the ratio says", () => {
    expect(decide({ sampling: { ratio: 0 } }, low, { parent: { traceFlags: 1 } })).toEqual([
      "sampled",
      undefined,
    ])
    expect(decide({ sampling: { ratio: 1 } }, high, { parent: { traceFlags: 0 } })[0]).toBe("left out")
    const sampling = { keep: { errors: true } }
    expect(decide({ sampling }, high, { parent: { traceFlags: 0 } })[0]).toBe("recorded")
  })

  test("is recorded while its trace is held, and not when that is left out", () => {
    const sampler = createTraceSampler(
      resolveConfig({ sampling: { ratio: 0, rules: [{ route: "/a", ratio: 1 }] } }, {}).config.sampling,
    )
    const root = trace.wrapSpanContext({ traceId: low, spanId: "1".repeat(16), traceFlags: 0 })
    const context = trace.setSpan(ROOT_CONTEXT, root)
    expect(ask(sampler, context, low)[0]).toBe("left out")
    const held = { routed: () => undefined, leaveOut: () => undefined, isLeftOut: false }
    markHeld(root, held)
    expect(ask(sampler, context, low)[0]).toBe("recorded")
    held.isLeftOut = true
    expect(ask(sampler, context, low)[0]).toBe("left out")
  })
})

test("a sampler of the app's own decides, and what it leaves out is recorded while it may be kept", () => {
  const of = (decision: number) => recordAll({ shouldSample: () => ({ decision }), toString: () => "mine" })
  expect([0, 1, 2].map((decision) => ask(of(decision), ROOT_CONTEXT, low)[0])).toEqual([
    "recorded",
    "recorded",
    "sampled",
  ])
  expect(String(of(0))).toBe("mine")
})

describe("the route", () => {
  const rules = [
    { route: "/orders/:id", ratio: 1 },
    { path: "/static/*", ratio: 0 },
    { route: "/static/*", ratio: 1 },
  ]
  const span = (traceId: string, flags: number, path: string, parent?: SpanContext) => {
    const context: SpanContext = { traceId, spanId: "1".repeat(16), traceFlags: flags }
    return Object.assign(trace.wrapSpanContext(context), {
      attributes: { "url.path": path },
      parentSpanContext: parent,
    }) as unknown as Span
  }
  const sampler = createTraceSampler(resolveConfig({ sampling: { ratio: 0.5, rules } }, {}).config.sampling)
  const after = (root: Span, ...routes: (string | undefined)[]) => {
    const choice = sampler.choiceOf(root)
    if (choice === undefined) return "not ours"
    for (const route of routes) sampler.reroute(root, choice, route)
    const { traceFlags, traceState } = root.spanContext()
    return [traceFlags, traceState?.serialize() || undefined]
  }

  test("decides anew, for the span and what is called from it", () => {
    expect(after(span(low, 0, "/orders/7"), "/orders/:id")).toEqual([1, "ot=th:0"])
  })
  test("that has no rule changes nothing", () => {
    expect(after(span(low, 0, "/users/7"), "/users/:id")).toEqual([0, undefined])
  })
  test("that is known better later counts", () => {
    expect(after(span(low, 0, "/orders/7"), "/orders/:id", "/orders/:id/lines")).toEqual([0, undefined])
  })
  test("yields to a rule by path that comes before it", () => {
    expect(after(span(high, 0, "/static/a.css"), "/static/*")).toEqual([0, undefined])
  })
  test("says nothing about a trace that began elsewhere", () => {
    const parent = { traceId: low, spanId: "2".repeat(16), traceFlags: 0, isRemote: true }
    expect(after(span(low, 0, "/orders/7", parent), "/orders/:id")).toBe("not ours")
  })
})
