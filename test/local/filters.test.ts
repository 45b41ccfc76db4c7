// What the readers find, against a loop over the same logs and spans: filters at random, over rows that were merged, with
// their indexes made, and rows that were not.
import { type Local, type LogQuery, type TraceQuery, startLocal } from "@clickstack/local"
import * as fc from "fast-check"
import { afterAll, beforeAll, expect, test } from "vitest"
import { type TestLog, type TestSpan, logs, post, spans } from "./otlp.ts"
import { freePorts } from "./temporary.ts"

type Row = { at: number; service: string; attributes: Record<string, string> }
type LogRow = Row & { body: string; severity: number; traceId: string }
type SpanRow = Row & { name: string; traceId: string; message: string; ms: number }

const now = Date.now()
const minute = 60_000
const services = ["shop", "worker", "mail"]
const hosts = ["node-1", "node-2"]
const words = ["payment", "timed", "out", "Order-77", "größer", "100%", "a_b", "orders/9", "x=y", "cart"]
// From the last minutes to two days ago, many in a moment that others share.
const agoOf = (index: number) => Math.round(((index * 7919) % 1000) ** 2 * 0.17) * 1000
const pick = <Value>(values: readonly Value[], seed: number): Value => values[seed % values.length] as Value
const idOf = (number: number) => number.toString(16).padStart(32, "0")

const attributesOf = (index: number): Record<string, string> => ({
  "user.id": `user-${index % 13}`,
  ...(index % 3 === 0 ? { "url.path": `/orders/${index}?x=${index % 5}` } : {}),
  ...(index % 7 === 0 ? { "a=b": "c" } : {}),
})

const allLogs: LogRow[] = Array.from({ length: 900 }, (_, index) => ({
  at: now - agoOf(index),
  service: pick(services, index * 5),
  attributes: attributesOf(index),
  body: `${pick(words, index)} ${pick(words, index >> 2)} #${index}`,
  severity: 1 + (index % 24),
  traceId: idOf(1 + (index % 90)),
}))

const allSpans: SpanRow[] = Array.from({ length: 900 }, (_, index) => ({
  // Each at a moment of its own: what is left out of a full list is told by it.
  at: now - agoOf(index) - index,
  service: pick(services, index * 3),
  attributes: attributesOf(index),
  name: `GET /${pick(words, index >> 1)}`,
  // One trace has very many of the spans.
  traceId: idOf(index % 4 === 0 ? 1 : 1 + (index % 150)),
  message: index % 11 === 0 ? `deadlock ${pick(words, index)}` : "",
  ms: index % 400,
}))

const hostOf = (service: string) => pick(hosts, service.length)

let local: Local

beforeAll(async () => {
  local = await startLocal({ memory: true, ...freePorts })
  // Two thirds are merged; the last third is as it was inserted.
  for (const part of [0, 1, 2]) {
    const mine = (_: unknown, index: number) => index % 3 === part
    for (const service of services) {
      const resource = { "host.name": hostOf(service) }
      const ofService = (row: Row) => row.service === service
      const sentLogs: TestLog[] = allLogs.filter(mine).filter(ofService)
      await post(local.otlp.http, "logs", logs(sentLogs, service, resource))
      const sentSpans = allSpans.filter(mine).filter(ofService).map(toSpan)
      await post(local.otlp.http, "traces", spans(sentSpans, service, resource))
    }
    if (part === 1)
      for (const table of ["otel_logs", "otel_traces"]) await local.query(`OPTIMIZE TABLE ${table} FINAL`)
  }
}, 60_000)

afterAll(() => local.close())

function toSpan({ message, ...span }: SpanRow): TestSpan {
  const spanId = allSpans.findIndex(({ at }) => at === span.at) + 1
  return {
    ...span,
    spanId: spanId.toString(16).padStart(16, "0"),
    ...(message === "" ? {} : { error: message }),
  }
}

const text = fc.oneof(
  fc.constantFrom(
    ...words,
    "payment timed",
    "ment",
    "orders",
    "/orders/7",
    "77",
    "user-1",
    "neverthere",
    "GR",
    "RÖ",
    "%",
  ),
  fc.constantFrom("d o", "#8", "#12 ", "_b", "deadlock", "GET", "get /cart", "x=", "ord", "orders/90"),
)
const moment = fc.oneof(
  fc.integer({ min: 0, max: 50 * 60 }).map((minutes) => now - minutes * minute),
  fc.nat(899).map((index) => allLogs[index]?.at ?? now),
  fc.nat(899).map((index) => allSpans[index]?.at ?? now),
)
const optional = <Value>(value: fc.Arbitrary<Value>) => fc.option(value, { nil: undefined, freq: 2 })
const common = {
  from: optional(moment),
  to: optional(moment),
  service: optional(fc.constantFrom<string | string[]>("shop", "nobody", ["shop", "mail"])),
  attributes: optional(
    fc.constantFrom<Record<string, string>>(
      { "user.id": "user-7" },
      { "user.id": "user-99" },
      { "a=b": "c" },
      { a: "b=c" },
      { "url.path": "" },
      { "url.path": "/orders/9?x=4", "user.id": "user-9" },
    ),
  ),
  resource: optional(fc.constantFrom<Record<string, string>>({ "host.name": "node-1" }, { none: "" })),
  text: optional(text),
  limit: fc.constantFrom(1, 3, 20, 500),
}

const holds = (value: string, part: string) => value.toLowerCase().includes(part.toLowerCase())

function isCommon(row: Row, query: LogQuery & TraceQuery): boolean {
  const has = (values: Record<string, string>, wanted: Readonly<Record<string, string>> = {}) =>
    Object.entries(wanted).every(([key, value]) => (values[key] ?? "") === value)
  return (
    row.at >= Number(query.from ?? 0) &&
    row.at < Number(query.to ?? Infinity) &&
    (query.service === undefined || [query.service].flat().includes(row.service)) &&
    has(row.attributes, query.attributes) &&
    has({ "host.name": hostOf(row.service) }, query.resource)
  )
}

test("logs: the newest that match, and all of the last one's moment", async () => {
  const level = optional(fc.constantFrom<"error" | "info">("error", "info"))
  const traceId = optional(fc.constantFrom(idOf(3)))
  await fc.assert(
    fc.asyncProperty(fc.record({ ...common, level, traceId }), async (query) => {
      const matching = allLogs.filter(
        (log) =>
          isCommon(log, query) &&
          (query.level === undefined ||
            Math.floor((log.severity - 1) / 4) === (query.level === "error" ? 4 : 2)) &&
          (query.traceId === undefined || log.traceId === query.traceId) &&
          holds(log.body, query.text ?? ""),
      )
      const newest = matching.map(({ at }) => at).toSorted((one, other) => other - one)
      const last = newest[query.limit - 1] ?? 0
      const wanted = matching.filter(({ at }) => at >= last).map(({ body }) => body)
      const page = await local.read.logs(query)
      expect(page.logs.map(({ body }) => body).toSorted()).toEqual(wanted.toSorted())
      expect(page.logs.map(({ time }) => Date.parse(time))).toEqual(newest.slice(0, wanted.length))
      expect(page.next).toBe(wanted.length >= query.limit ? page.logs.at(-1)?.time : undefined)
    }),
    { numRuns: 150, seed: 20_261_121 },
  )
}, 120_000)

const ofTraces = {
  ...common,
  status: optional(fc.constantFrom<"error" | "unset">("error", "unset")),
  name: optional(fc.constantFrom("GET /cart")),
  minDurationMs: optional(fc.constantFrom(0, 200, 1000)),
}

async function readsTracesOf(query: TraceQuery & { limit: number }): Promise<void> {
  const { text: part = "" } = query
  const matching = allSpans.filter(
    (span) =>
      isCommon(span, query) &&
      (query.status === undefined || (query.status === "error") === (span.message !== "")) &&
      (query.name === undefined || span.name === query.name) &&
      span.ms >= (query.minDurationMs ?? 0) &&
      [span.name, span.message, ...Object.values(span.attributes)].some((one) => holds(one, part)),
  )
  const newest = matching.toSorted((one, other) => other.at - one.at).map(({ traceId }) => traceId)
  const wanted = [...new Set(newest)].slice(0, query.limit)
  const found = await local.read.traces(query)
  expect(found.map(({ traceId }) => traceId).toSorted()).toEqual(wanted.toSorted())
  for (const { traceId, spans: count } of found)
    expect(count).toBe(allSpans.filter((span) => span.traceId === traceId).length)
}

test("traces: those whose matching spans are the newest", async () => {
  await fc.assert(fc.asyncProperty(fc.record(ofTraces), readsTracesOf), { numRuns: 150, seed: 20_261_121 })
}, 120_000)

test("histograms and durations count all that match", async () => {
  await fc.assert(
    fc.asyncProperty(fc.record(common), async ({ limit: _limit, ...filter }) => {
      const query = { ...filter, from: filter.from ?? "3d" }
      const count = (rows: readonly Row[], texts: (row: Row) => string[]) =>
        rows.filter((row) => isCommon(row, filter) && texts(row).some((one) => holds(one, filter.text ?? "")))
          .length
      const sum = (buckets: readonly { count: number }[]) => buckets.reduce((all, one) => all + one.count, 0)
      const spansThere = count(allSpans, (row) => {
        const { name, message } = row as SpanRow
        return [name, message, ...Object.values(row.attributes)]
      })
      const inTraces = await local.read.histogram({ ...query, signal: "traces" })
      const inLogs = await local.read.histogram({ ...query, signal: "logs" })
      expect(sum(inTraces.buckets)).toBe(spansThere)
      expect(sum(await local.read.durations(query))).toBe(spansThere)
      expect(sum(inLogs.buckets)).toBe(count(allLogs, (row) => [(row as LogRow).body]))
    }),
    { numRuns: 60, seed: 20_261_121 },
  )
}, 120_000)

// The last test: the many spans stay.
test("a text is looked up in the index of attributes where very many spans would have to be read", async () => {
  await local.query(
    `INSERT INTO otel_traces (Timestamp, TraceId, SpanName, SpanAttributes)
     SELECT now64(9) + 1 - number, 'many', 'none', map('user.id', 'none') FROM numbers(250000)
     SETTINGS max_partitions_per_insert_block = 0`,
  )
  await fc.assert(fc.asyncProperty(fc.record({ ...ofTraces, text }), readsTracesOf), {
    numRuns: 80,
    seed: 20_261_121,
  })
}, 120_000)
