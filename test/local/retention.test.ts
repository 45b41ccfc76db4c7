// Old rows go, by age and by size; what is young enough and fits stays.
import { join } from "node:path"
import { type Local, startLocal } from "@clickstack/local"
import { expect, test, vi } from "vitest"
import { logs, post } from "./otlp.ts"
import { freePorts, temporaryDirectory } from "./temporary.ts"

const directory = temporaryDirectory()
const hour = 3_600_000
const day = 24 * hour

const noise = () => Array.from({ length: 40 }, () => Math.random().toString(36)).join("")
const many = (at: number) =>
  Array.from({ length: 400 }, (_, index) => ({ body: noise(), at: at + index * 1000 }))

async function size(local: Local): Promise<number> {
  const [row] = await local.query<{ bytes: number }>(
    "SELECT sum(bytes_on_disk) AS bytes FROM system.parts WHERE active AND database = 'default'",
  )
  return Number(row?.bytes)
}

const bodies = "SELECT DISTINCT Body AS body FROM otel_logs ORDER BY body"

test("rows older than the age go at the next start, and its change holds for tables that are there", async () => {
  const dir = join(directory, "age")
  const now = Date.now()
  const first = await startLocal({ dir, ...freePorts, retention: { age: "30d" } })
  await post(
    first.otlp.http,
    "logs",
    logs([
      { body: "old", at: now - 10 * day },
      { body: "young", at: now - day },
    ]),
  )
  expect(await first.query(bodies)).toEqual([{ body: "old" }, { body: "young" }])
  await first.close()

  await using second = await startLocal({ dir, ...freePorts, retention: { age: "7d" } })
  await vi.waitFor(async () => expect(await second.query(bodies)).toEqual([{ body: "young" }]), 10_000)
  const [table] = await second.query<{ engine: string }>(
    "SELECT engine_full AS engine FROM system.tables WHERE name = 'otel_traces'",
  )
  expect(table?.engine).toContain("toIntervalHour(168)")
})

test("the oldest rows go when the tables are too large, day by day and then within the day", async () => {
  const dir = join(directory, "size")
  const first = await startLocal({ dir, ...freePorts })
  const noon = Math.floor(Date.now() / day) * day - 12 * hour
  for (const at of [noon - 2 * day, noon - day, noon]) await post(first.otlp.http, "logs", logs(many(at)))
  const days =
    "SELECT toString(toDate(Timestamp, 'UTC')) AS day, count() AS rows FROM otel_logs GROUP BY day ORDER BY day"
  const whole = await size(first)
  await first.close()

  const limit = Math.floor(whole * 0.5)
  const second = await startLocal({ dir, ...freePorts, retention: { bytes: limit } })
  await vi.waitFor(async () => expect(await size(second)).toBeLessThanOrEqual(limit), 10_000)
  expect(await second.query(days)).toEqual([{ day: new Date(noon).toISOString().slice(0, 10), rows: 400 }])
  const oneDay = await size(second)
  await second.close()

  const less = Math.floor(oneDay * 0.5)
  await using third = await startLocal({ dir, ...freePorts, retention: { bytes: less } })
  await vi.waitFor(async () => expect(await size(third)).toBeLessThanOrEqual(less), 10_000)
  const [left] = await third.query<{ rows: number; oldest: string; newest: string }>(
    "SELECT count() AS rows, toString(toUnixTimestamp(min(Timestamp))) AS oldest, toString(toUnixTimestamp(max(Timestamp))) AS newest FROM otel_logs",
  )
  expect(left?.rows).toBeGreaterThan(50)
  expect(left?.rows).toBeLessThan(250)
  expect(Number(left?.newest)).toBe(noon / 1000 + 399)
  expect(Number(left?.oldest)).toBe(noon / 1000 + 400 - (left?.rows ?? 0))
})

test.each([
  ["it is just after midnight", 0],
  ["a sender's clock is days ahead", 3 * day],
])("of yesterday's rows only the oldest go when the tables are too large and %s", async (_name, ahead) => {
  const dir = join(directory, `young-${ahead}`)
  const noon = Math.floor(Date.now() / day) * day - 12 * hour
  const first = await startLocal({ dir, ...freePorts })
  await post(first.otlp.http, "logs", logs(many(noon)))
  await post(first.otlp.http, "logs", logs([{ body: "newest", at: Date.now() + ahead }]))
  const limit = Math.floor((await size(first)) * 0.7)
  await first.close()

  await using second = await startLocal({ dir, ...freePorts, retention: { bytes: limit } })
  await vi.waitFor(async () => expect(await size(second)).toBeLessThanOrEqual(limit), 10_000)
  const [left] = await second.query<{ rows: number; oldest: number; newest: string }>(
    `SELECT count() AS rows, toUnixTimestamp(min(Timestamp)) AS oldest, argMax(Body, Timestamp) AS newest FROM otel_logs`,
  )
  expect(left?.newest).toBe("newest")
  expect(left?.rows).toBeGreaterThan(100)
  expect(left?.oldest).toBe(noon / 1000 + 401 - (left?.rows ?? 0))
})
