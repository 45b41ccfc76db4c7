// Whatever begins and ends in whatever order: nothing twice, nothing kept is lost, and the bounds hold.
import { trace } from "@opentelemetry/api"
import type { ReadableSpan } from "@opentelemetry/sdk-trace-base"
import * as fc from "fast-check"
import { expect, test } from "vitest"
import { createBudget } from "../delivery/budget.ts"
import { heldTraceOf } from "./held-trace.ts"
import { createHolder } from "./holder.ts"
import { sizeOfSpan } from "./span-size.ts"

type Fake = ReadableSpan & { status: { code: number }; duration: [number, number] } & { name: string }

const step = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant("begin"),
      chosen: fc.boolean(),
      kind: fc.constantFrom("fine", "error", "slow"),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant("child"),
      of: fc.nat(20),
      error: fc.boolean(),
      text: fc.nat(3000),
    }),
  },
  { weight: 6, arbitrary: fc.record({ do: fc.constant("endChild"), of: fc.nat(20) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("endRoot"), of: fc.nat(20) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("wait"), of: fc.nat(40_000) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("flush") }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("leaveOut"), of: fc.nat(20) }) },
)
type Step = { do: string; of?: number; chosen?: boolean; kind?: string; error?: boolean; text?: number }

test("the holder", { timeout: 120_000 }, () => {
  fc.assert(
    fc.property(
      fc.array(step, { maxLength: 120 }),
      fc.integer({ min: 1, max: 12 }),
      fc.integer({ min: 3000, max: 40_000 }),
      (steps, maxSpans, maxBytes) => run(steps as Step[], maxSpans, maxBytes),
    ),
    { numRuns: 2000, seed: 7 },
  )
})

function run(steps: readonly Step[], maxSpans: number, maxBytes: number): void {
  let now = 0
  let id = 0
  const sent: ReadableSpan[] = []
  const budget = createBudget(100_000)
  const holder = createHolder({
    keep: { errors: true, slowerThan: 500 },
    send: (span) => sent.push(span),
    budget,
    maxBytes,
    maxSpans,
    now: () => now,
  })
  const make = (chosen: boolean, traceId: string, text = 0): Fake => {
    const spanId = String(++id).padStart(16, "0")
    return Object.assign(trace.wrapSpanContext({ traceId, spanId, traceFlags: chosen ? 1 : 0 }), {
      name: spanId,
      attributes: { text: "x".repeat(text) },
      events: [],
      links: [],
      status: { code: 0 },
      duration: [0, 0],
    }) as unknown as Fake
  }
  interface Trace {
    readonly root: Fake
    readonly chosen: boolean
    readonly isSlow: boolean
    readonly children: Fake[]
    ended: Fake[]
    isRootEnded: boolean
    isLeftOut: boolean
  }
  const traces: Trace[] = []
  let endedAll = 0
  const end = (one: Trace, span: Fake) => {
    endedAll++
    one.ended.push(span)
    holder.ended(span)
  }
  const endRoot = (one: Trace) => {
    if (one.isRootEnded) return
    one.isRootEnded = true
    if (one.isSlow) one.root.duration = [0, 501e6]
    end(one, one.root)
  }

  for (const each of steps) {
    const one = traces[(each.of ?? 0) % Math.max(1, traces.length)]
    if (each.do === "begin") {
      const root = make(each.chosen!, String(traces.length + 1).padStart(32, "0"))
      if (each.kind === "error") root.status.code = 2
      holder.started(root as never, undefined)
      const chosen = each.chosen!
      traces.push({
        root,
        chosen,
        isSlow: each.kind === "slow",
        children: [],
        ended: [],
        isRootEnded: false,
        isLeftOut: false,
      })
    } else if (each.do === "wait") {
      now += each.of!
      holder.sweep()
    } else if (each.do === "flush") holder.decide()
    else if (one === undefined) continue
    else if (each.do === "child") {
      const span = make(one.chosen, one.root.spanContext().traceId, each.text)
      if (each.error === true) span.status.code = 2
      holder.started(span as never, one.root as never)
      one.children.push(span)
    } else if (each.do === "endChild") {
      const span = one.children.shift()
      if (span !== undefined) end(one, span)
    } else if (each.do === "endRoot") endRoot(one)
    else if (!one.isRootEnded && one.ended.length === 0) {
      one.isLeftOut = true
      heldTraceOf(one.root as never)!.leaveOut()
    }

    const { held, heldBytes, leftOut } = holder.stats()
    expect(held).toBeLessThanOrEqual(maxSpans)
    expect(heldBytes).toBeLessThanOrEqual(maxBytes)
    expect(budget.used).toBe(heldBytes)
    expect(sent.length + leftOut + held).toBe(endedAll)
  }

  for (const one of traces) endRoot(one)
  const { held, heldBytes, leftOut } = holder.stats()
  expect({ held, heldBytes, used: budget.used }).toEqual({ held: 0, heldBytes: 0, used: 0 })
  expect(new Set(sent).size).toBe(sent.length)
  expect(sent.length + leftOut).toBe(endedAll)
  const wasSent = new Set(sent)
  for (const { root, ended, chosen, isSlow, isLeftOut } of traces) {
    for (const span of ended) {
      const isError = (span.status.code as number) === 2
      if (isLeftOut) expect(wasSent.has(span)).toBe(false)
      else if (isError || (isSlow && span === root) || chosen) expect(wasSent.has(span)).toBe(true)
      if (wasSent.has(span) && (isError || !chosen)) expect(span.attributes["SampleRate"]).toBe(1)
    }
  }
}

test("the size of a span grows with what it holds", () => {
  const span = (attributes: object) =>
    sizeOfSpan({
      name: "x",
      attributes,
      events: [],
      links: [],
      status: { code: 0 },
    } as unknown as ReadableSpan)
  expect(span({ text: "x".repeat(1000) }) - span({ text: "" })).toBe(2000)
  expect(span({ list: ["x".repeat(1000)] }) - span({ list: [""] })).toBe(2000)
})
