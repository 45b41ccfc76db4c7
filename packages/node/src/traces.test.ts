import { ROOT_CONTEXT, SpanKind, trace } from "@opentelemetry/api"
import { type ReadableSpan, SamplingDecision } from "@opentelemetry/sdk-trace-base"
import { describe, expect, test } from "vitest"
import { resolveConfig } from "./read-options.ts"
import type { Options } from "./options.ts"
import { createBudget } from "./delivery/budget.ts"
import { createOutages } from "./delivery/outages.ts"
import { createResource } from "./resource.ts"
import { createSampler, createTracerProvider } from "./traces.ts"

const config = (options: Options, env: NodeJS.ProcessEnv = {}) => resolveConfig(options, env).config

describe("the sampler", () => {
  const remote = (sampled: boolean) =>
    trace.setSpanContext(ROOT_CONTEXT, {
      traceId: "1".repeat(32),
      spanId: "1".repeat(16),
      traceFlags: sampled ? 1 : 0,
      isRemote: true,
    })
  const decides = (name: string, ratio: number, context = ROOT_CONTEXT, traceId = "1".repeat(32)) =>
    createSampler(
      config({}, { OTEL_TRACES_SAMPLER: name, OTEL_TRACES_SAMPLER_ARG: String(ratio) }),
    ).shouldSample(context, traceId, "x", SpanKind.INTERNAL, {}, []).decision ===
    SamplingDecision.RECORD_AND_SAMPLED

  test.each<[string, number, boolean, boolean, boolean]>([
    // name, ratio; recorded without a parent, under a sampled one, under one that is not
    ["always_on", 1, true, true, true],
    ["always_off", 1, false, false, false],
    ["parentbased_always_on", 1, true, true, false],
    ["parentbased_always_off", 1, false, true, false],
  ])("%s %d", (name, ratio, alone, underSampled, underUnsampled) => {
    expect([
      decides(name, ratio),
      decides(name, ratio, remote(true)),
      decides(name, ratio, remote(false)),
    ]).toEqual([alone, underSampled, underUnsampled])
  })

  test("of the user's own is used as it is", () => {
    const sampler = { shouldSample: () => ({ decision: 0 }), toString: () => "mine" }
    expect(createSampler(config({ sampler }))).toBe(sampler)
  })
})

test("limits hold, and an unsampled span goes nowhere", async () => {
  const spans: ReadableSpan[] = []
  const options = config({
    limits: {
      spanAttributes: 2,
      spanAttributeLength: 3,
      spanEvents: 1,
      spanLinks: 1,
      eventAttributes: 1,
      linkAttributes: 1,
    },
  })
  const opened: { close(timeout: number): Promise<void> }[] = []
  const provider = createTracerProvider({
    config: options,
    resource: createResource(options, { app: { name: "x", version: undefined } }),
    targets: [
      {
        place: "memory",
        endpoint: undefined,
        otlp: undefined,
        exporter: {
          export: (items, done) => {
            spans.push(...items)
            done({ code: 0 })
          },
          shutdown: () => Promise.resolve(),
        },
      },
    ],
    say: () => undefined,
    budget: createBudget(),
    outages: createOutages(() => undefined),
    statsOf: () => [],
    opened: (delivery) => opened.push(delivery),
    holding: () => undefined,
  })
  const tracer = provider.getTracer("x")
  const span = tracer.startSpan("x", { attributes: { a: "12345", b: 1, c: 2 } }, ROOT_CONTEXT)
  span.addEvent("one", { a: 1, b: 2 }).addEvent("two", { b: 2, c: 3 })
  const context = { traceId: "1".repeat(32), spanId: "2".repeat(16), traceFlags: 0 }
  span.addLink({ context }).addLink({ context, attributes: { a: 1, b: 2 } })
  span.end()
  tracer.startSpan("unsampled", {}, trace.setSpanContext(ROOT_CONTEXT, context)).end()
  await opened[0]!.close(1000)
  expect(spans).toHaveLength(1)
  expect(spans[0]).toMatchObject({
    attributes: { a: "123", b: 1 },
    droppedAttributesCount: 1,
    droppedEventsCount: 1,
    droppedLinksCount: 1,
  })
  expect(spans[0]!.events).toMatchObject([{ name: "two", attributes: { b: 2 } }]) // the oldest goes
  expect(spans[0]!.links[0]!.attributes).toEqual({ a: 1 })
})
