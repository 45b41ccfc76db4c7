// A million traces through the core of sampling, in virtual time: two services, the second called by the first, routes,
// errors, slow ones, some that never end. What ClickStack counts by SampleRate has to be what happened.
import { type Attributes, type Context, type Span, type SpanContext, trace } from "@opentelemetry/api"
import type { ReadableSpan } from "@opentelemetry/sdk-trace-base"
import { expect, test } from "vitest"
import { resolveConfig } from "../read-options.ts"
import { enrichSpans } from "../context/enrich.ts"
import { spanOf } from "../context/local-trace.ts"
import { requestRoot } from "../context/request-context.ts"
import { createBudget } from "../delivery/budget.ts"
import type { SamplingOptions } from "../options.ts"
import { createHolder } from "./holder.ts"
import { createTraceSampler } from "./trace-sampler.ts"

interface Simulated {
  readonly sampling: SamplingOptions
  readonly traces: number
  /** Traces a second, of a second. */
  readonly rate: (second: number) => number
  readonly maxSpans: number
  readonly maxBytes: number
}

interface Route {
  readonly path: string
  readonly route: string
  readonly share: number
}
const routes: readonly Route[] = [
  { path: "/orders/7", route: "/orders/:id", share: 0.4 },
  { path: "/users/7", route: "/users/:id", share: 0.3 },
  { path: "/static/logo", route: "/static/*", share: 0.24 },
  { path: "/checkout", route: "/checkout", share: 0.05 },
  { path: "/health", route: "/health", share: 0.01 },
]
const slowerThan = 500
const shareOfErrors = 0.004
const shareOfSlow = 0.006
const shareOfEndless = 0.0005
const sampledDecision = 2
const openAtOnce = 150

/** xorshift32: the same in every run. */
function randomFrom(seed: number): () => number {
  let state = seed
  return () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) / 2 ** 32
  }
}

type Fake = ReadableSpan &
  Span & { status: { code: number }; duration: [number, number]; attributes: Attributes }

/** What one process does with spans. */
function createService(
  { sampling, maxSpans, maxBytes }: Simulated,
  time: () => number,
  random: () => number,
) {
  const config = resolveConfig({ sampling }, {}).config.sampling
  const sampler = createTraceSampler(config, time)
  const enrich = enrichSpans({ baggageAttributes: [] })
  const sent: Fake[] = []
  const budget = createBudget(maxBytes * 4)
  const holder = createHolder({
    keep: config.keep,
    routes: sampler,
    send: (span) => sent.push(span as Fake),
    budget,
    maxBytes,
    maxSpans,
    now: time,
  })
  const hex = () =>
    Math.floor(random() * 2 ** 28 + 2 ** 28)
      .toString(16)
      .slice(1)
  const newTraceId = () => `0af7651916cd43dd84${hex()}${hex()}`

  function start(context: Context, attributes: Attributes): { span: Fake | undefined; context: Context } {
    const parentSpanContext = spanOf(context)?.spanContext()
    const traceId = parentSpanContext?.traceId ?? newTraceId()
    const { decision, traceState } = sampler.shouldSample(context, traceId, "x", 1, attributes, [])
    const spanContext: SpanContext = {
      traceId,
      spanId: "b7ad6b7169203331",
      traceFlags: (decision as number) === sampledDecision ? 1 : 0,
    }
    const state = traceState ?? parentSpanContext?.traceState
    if (state !== undefined) spanContext.traceState = state
    const plain = trace.wrapSpanContext(spanContext)
    if ((decision as number) === 0) return { span: undefined, context: trace.setSpan(context, plain) }
    const span = Object.assign(plain, {
      name: "GET",
      kind: 1,
      attributes,
      events: [],
      links: [],
      status: { code: 0 },
      duration: [0, 0],
      parentSpanContext,
    }) as unknown as Fake
    enrich.onStart(span, context)
    holder.started(span, spanOf(context))
    return { span, context: trace.setSpan(context, span) }
  }

  /** Of what was held at once. */
  const most = { held: 0, bytes: 0 }
  return {
    holder,
    sent,
    most,
    start,
    end: (span: Fake | undefined, milliseconds: number) => {
      if (span === undefined) return
      span.duration = [Math.floor(milliseconds / 1000), (milliseconds % 1000) * 1e6]
      holder.ended(span)
      const { held, heldBytes } = holder.stats()
      if (heldBytes !== budget.used) throw new Error("the budget knows what is held")
      most.held = Math.max(most.held, held)
      most.bytes = Math.max(most.bytes, heldBytes)
    },
  }
}

/** Sums of weights, and of what is true. */
interface Count {
  true: number
  counted: number
  spans: number
}
const newCount = (): Count => ({ true: 0, counted: 0, spans: 0 })

function simulate(simulated: Simulated) {
  const random = randomFrom(20_261_121)
  let now = 0
  let second = 0
  const shop = createService(simulated, () => now, random)
  const stock = createService(simulated, () => now, random)
  const counts = new Map<string, Count>()
  const countOf = (name: string) => {
    let count = counts.get(name)
    if (count === undefined) counts.set(name, (count = newCount()))
    return count
  }
  const missing = { errors: 0, slow: 0 }
  const open: (() => boolean)[] = []

  /** One trace as steps that others' steps come between. Each tells whether it was the last. */
  function begin(): () => boolean {
    const place = random()
    let sum = 0
    const { path, route } = routes.find(({ share }) => (sum += share) > place) ?? routes[0]!
    const isError = random() < shareOfErrors
    const isSlow = random() < shareOfSlow
    const isEndless = random() < shareOfEndless
    const milliseconds = isSlow ? slowerThan + 1 + random() * 1000 : random() * slowerThan
    const root = shop.start(requestRoot, { "url.path": path })
    const call = shop.start(root.context, {})
    const called = random() < 0.5 && path !== "/health"
    let remote: ReturnType<typeof stock.start> | undefined
    let step = 0
    return () => {
      switch (step++) {
        case 0:
          if (!called) return false
          remote = stock.start(
            trace.setSpanContext(requestRoot, { ...trace.getSpanContext(call.context)!, isRemote: true }),
            {},
          )
          return false
        case 1: {
          if (remote === undefined) return false
          // What happens in the second service is its own.
          const isErrorThere = random() < shareOfErrors
          if (isErrorThere && remote.span !== undefined) remote.span.status = { code: 2 }
          settle(stock, "stock", remote.span, isErrorThere, false, 10)
          return false
        }
        case 2:
          if (isError && call.span !== undefined) call.span.status = { code: 2 }
          shop.end(call.span, milliseconds / 2)
          return isEndless
        default:
          if (root.span !== undefined) root.span.attributes["http.route"] = route
          settle(shop, route, root.span, isError, isSlow, milliseconds)
          return true
      }
    }
  }

  function settle(
    service: typeof shop,
    name: string,
    span: Fake | undefined,
    isError: boolean,
    isSlow: boolean,
    milliseconds: number,
  ): void {
    const before = service.sent.length
    service.end(span, milliseconds)
    let weight = 0
    let times = 0
    for (let index = before; index < service.sent.length; index++) {
      const one = service.sent[index]!
      if (one !== span) continue
      times++
      weight += (one.attributes["SampleRate"] as number | undefined) ?? 1
    }
    const kind = isError ? "errors" : isSlow ? "slow" : "others"
    // What nobody wants to have is in no sum.
    const isUnwanted = name === "/health" && !isError && !isSlow
    for (const of of isUnwanted ? [name] : [name, kind, service === shop ? "shop" : "stock"]) {
      const count = countOf(of)
      count.true++
      count.counted += weight
      count.spans += times
    }
    if (times === 0 && isError) missing.errors++
    if (times === 0 && isSlow) missing.slow++
    if ((isError || isSlow) && times === 1 && weight !== 1)
      throw new Error("a kept trace stands for itself alone")
    service.sent.length = 0
  }

  let begun = 0
  while (begun < simulated.traces || open.length > 0) {
    if (begun < simulated.traces && open.length < openAtOnce) {
      begun++
      now += 1000 / simulated.rate(second)
      open.push(begin())
    }
    if (open.length === openAtOnce || begun === simulated.traces) {
      const at = Math.floor(random() * open.length)
      if (open[at]!()) {
        open[at] = open.at(-1)!
        open.pop()
      }
    }
    if (now >= (second + 1) * 1000) {
      second = Math.floor(now / 1000)
      shop.holder.sweep()
      stock.holder.sweep()
    }
  }
  now += 60_000
  shop.holder.sweep()
  stock.holder.sweep()
  return {
    counts,
    missing,
    most: shop.most,
    seconds: second,
    left: [shop.holder.stats(), stock.holder.stats()],
  }
}

const rules = [
  { path: "/health", ratio: 0 },
  { route: "/checkout", ratio: 1 },
  { route: "/static/*", ratio: 0.15 },
]
const keep = { errors: true, slowerThan }

const near = ({ true: real, counted }: Count) => Math.abs(counted / real - 1)

test.each<[string, Simulated]>([
  [
    "ratio, rules and keep",
    {
      sampling: { ratio: 0.2, rules, keep },
      traces: 1_000_000,
      rate: () => 1000,
      maxSpans: 20_000,
      maxBytes: 2 ** 24,
    },
  ],
  [
    "a ratio that is no 1 in N, a limit, rates that change, and little room",
    {
      sampling: { ratio: 0.3, perSecond: 250, keep },
      traces: 600_000,
      rate: (second) => [200, 900, 3000, 1200][Math.floor(second / 20) % 4]!,
      maxSpans: 60,
      maxBytes: 100_000,
    },
  ],
])("%s", { timeout: 240_000 }, (_, simulated) => {
  const { counts, missing, most, seconds, left } = simulate(simulated)
  expect(missing).toEqual({ errors: 0, slow: 0 })
  expect(most.held).toBeGreaterThan(50)
  expect(most.held).toBeLessThanOrEqual(simulated.maxSpans)
  expect(most.bytes).toBeLessThanOrEqual(simulated.maxBytes)
  expect(left.map(({ held, heldBytes }) => [held, heldBytes])).toEqual([
    [0, 0],
    [0, 0],
  ])

  for (const name of ["errors", "slow"]) {
    const count = counts.get(name)!
    expect([name, count.counted, count.spans]).toEqual([name, count.true, count.true])
  }
  const isLeftOut = (name: string) => name === "/health" && simulated.sampling.rules !== undefined
  for (const [name, count] of counts) {
    if (isLeftOut(name)) expect(count.counted).toBeLessThan(count.true * 0.02)
    else if (count.true > 100_000) expect([name, near(count) < 0.01]).toEqual([name, true])
  }
  const checkout = counts.get("/checkout")!
  if (simulated.sampling.rules !== undefined) expect(checkout.counted).toBe(checkout.true)
  const { perSecond } = simulated.sampling
  if (perSecond !== undefined) expect(counts.get("shop")!.spans / seconds).toBeLessThan(perSecond * 1.1)
})
