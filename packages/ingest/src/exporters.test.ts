import { expect, test } from "vitest"
import { IngestError } from "./errors.ts"
import { type Exporter, type ExportResult, type Share, createExporters } from "./exporters.ts"
import type { LogRecord } from "./rows/logs.ts"

function exportersThat(answer: () => number | Promise<number> = () => 0) {
  const stored: Share[] = []
  const exporters = createExporters(async (sharesOf) => {
    stored.push(...(await sharesOf()))
    return answer()
  })
  return { ...exporters, stored }
}

const exported = <Batch>(exporter: Exporter<Batch>, batch: Batch): Promise<ExportResult> =>
  new Promise((resolve) => {
    exporter.export(batch, resolve)
  })

const log = (attributes: Record<string, unknown> = {}): LogRecord => ({
  hrTime: [5, 0],
  hrTimeObserved: [6, 0],
  resource: { attributes: {} },
  instrumentationScope: { name: "" },
  attributes,
})

test("routes session replay to its table, and all other logs to theirs, in order", async () => {
  const { logs, stored } = exportersThat()
  const records = [log(), log({ "rr-web.event": 1 }), log({ a: 1 }), log({ "rr-web.event": 2 })]
  expect(await exported(logs, records)).toEqual({ code: 0 })
  expect(stored.map(({ table, items }) => [table, items])).toEqual([
    ["otel_logs", [records[0], records[2]]],
    ["hyperdx_sessions", [records[1], records[3]]],
  ])
  expect(stored[0]?.timeOf(records[0] as LogRecord)).toEqual([5, 0])
})

test("names no table that a batch has nothing for", async () => {
  const { logs, stored } = exportersThat()
  await exported(logs, [])
  await exported(logs, [log({ "rr-web.event": 1 })])
  expect(stored.map(({ table }) => table)).toEqual(["hyperdx_sessions"])
})

test("waits for what a resource still finds out", async () => {
  const { logs, stored } = exportersThat()
  let settle = () => {}
  const pending = new Promise<void>((resolve) => (settle = resolve))
  const resource = { attributes: {}, asyncAttributesPending: true, waitForAsyncAttributes: () => pending }
  const result = exported(logs, [{ ...log(), resource }])
  await new Promise((resolve) => setImmediate(resolve))
  expect(stored).toEqual([])
  settle()
  expect(await result).toEqual({ code: 0 })
  expect(stored).toHaveLength(1)
})

test("tells how many items were rejected, and what failed", async () => {
  expect(await exported(exportersThat(() => 3).logs, [log()])).toEqual({ code: 0, rejected: 3 })
  const error = new IngestError("UNREACHABLE", "away", { retryable: true })
  const failing = exportersThat(() => Promise.reject(error))
  expect(await exported(failing.logs, [log()])).toEqual({ code: 1, error })
})

test("a flush and a shutdown wait for exports that run", async () => {
  let finish = (_rejected: number) => {}
  const { logs } = exportersThat(() => new Promise((resolve) => (finish = resolve)))
  const order: string[] = []
  logs.export([log()], () => order.push("exported"))
  await new Promise((resolve) => setImmediate(resolve))
  const flushed = logs.forceFlush().then(() => order.push("flushed"))
  const shut = logs.shutdown().then(() => order.push("shut down"))
  finish(0)
  await Promise.all([flushed, shut])
  expect(order[0]).toBe("exported")
  expect(order).toHaveLength(3)
})

test("survives a caller whose own function throws", async () => {
  const { logs } = exportersThat()
  logs.export([log()], () => {
    throw new Error("the caller's fault")
  })
  await expect(logs.forceFlush()).resolves.toBeUndefined()
})

test("wants cumulative metrics", () => {
  expect(exportersThat().metrics.selectAggregationTemporality()).toBe(1)
})

test("abort ends what is under way, and nothing that comes later", async () => {
  const signals: AbortSignal[] = []
  const { logs } = createExporters((_, signal) => {
    signals.push(signal)
    return Promise.resolve(0)
  })
  logs.export([log()], () => undefined)
  logs.abort()
  logs.export([log()], () => undefined)
  expect(signals.map(({ aborted }) => aborted)).toEqual([true, false])
})
