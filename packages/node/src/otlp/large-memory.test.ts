import { BasicTracerProvider, type ReadableSpan } from "@opentelemetry/sdk-trace-base"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { expect, test } from "vitest"
import { ClickstackError } from "../clickstack-error.ts"
import { createBudget } from "../delivery/budget.ts"
import { createDelivery } from "../delivery/delivery.ts"
import { createOutages } from "../delivery/outages.ts"
import { spanKind } from "../delivery/pack.ts"
import { defaultCaps } from "../delivery/snapshot.ts"
import { createSpool } from "../delivery/spool.ts"
import { encodeSpans } from "./encode-spans.ts"
import type { EncodedItem } from "./encoded-item.ts"
import { keepEncoded } from "./keep-encoded.ts"
import { giveBack, largeMemory } from "./large-memory.ts"

test("memory that is given back is used again, for what has nearly its size", () => {
  const memory = largeMemory(500_000)
  expect(memory.length).toBeGreaterThanOrEqual(500_000)
  expect(memory.length).toBeLessThanOrEqual(500_000 * 1.125)
  giveBack(memory)
  expect(largeMemory(memory.length + 1)).not.toBe(memory)
  expect(largeMemory(memory.length - 10)).toBe(memory)
  expect(largeMemory(memory.length)).not.toBe(memory)
})

test("no more than 4 MiB lies there", () => {
  const given = Array.from({ length: 20 }, () => largeMemory(1 << 20))
  for (const memory of given) giveBack(memory)
  const taken = Array.from({ length: 20 }, () => largeMemory(1 << 20))
  expect(taken.filter((memory) => given.includes(memory))).toHaveLength(4)
})

test("large spans that went over the disk arrive as they were recorded", async () => {
  const directory = mkdtempSync(join(tmpdir(), "clickstack-large-"))
  const spans: ReadableSpan[] = []
  const tracer = new BasicTracerProvider({
    spanProcessors: [
      {
        onStart: () => undefined,
        onEnd: (span) => spans.push(span),
        forceFlush: () => Promise.resolve(),
        shutdown: () => Promise.resolve(),
      },
    ],
  }).getTracer("test")
  const bytesOf = ({ slab, from, to }: EncodedItem) => slab.toString("latin1", from, to)
  const arrived: string[] = []
  let isAway = true
  const say = () => undefined
  const budget = createBudget(2_000_000)
  const delivery = createDelivery<ReadableSpan, EncodedItem>(
    async (items) => {
      if (isAway) throw new ClickstackError("DELIVERY_FAILED", "away", { retryable: true })
      arrived.push(...items.map(bytesOf))
      return { rejected: 0 }
    },
    {
      what: "traces",
      place: "test",
      keeping: keepEncoded(spanKind, encodeSpans({ caps: defaultCaps })),
      batchSize: 3,
      delay: 5,
      timeout: 1000,
      budget,
      say,
      outages: createOutages(say),
      openSpool: (on) => createSpool({ ...on, directory, maxBytes: 1e9, maxAge: 1e9 }),
    },
  )
  for (let index = 0; index < 200; index++) {
    const text = `${index} `.padEnd(40_000 + ((index * 977) % 20_000), `${index}`)
    tracer.startSpan(`${index}`, { attributes: { a: text, b: text.slice(7) } }).end()
    delivery.push(spans.at(-1)!)
    if (index % 5 === 4) await new Promise((resolve) => setImmediate(resolve))
    expect(budget.used).toBeLessThanOrEqual(budget.max)
  }
  isAway = false
  await delivery.flush(30_000)
  await delivery.close(1000)
  rmSync(directory, { recursive: true })
  const { encode } = encodeSpans({ caps: defaultCaps })
  expect(arrived.toSorted()).toEqual(spans.map((span) => bytesOf(encode(span))).toSorted())
})
