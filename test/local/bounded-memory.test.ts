// What a merge takes of memory grows with what it indexes: few parts at once, and much text is indexed before.
import { startLocal } from "@clickstack/local"
import { expect, test, vi } from "vitest"
import { logs, post } from "./otlp.ts"
import { freePorts } from "./temporary.ts"

interface Part {
  rows: number
  blocks: number
  indexBytes: number
}

const partsOfLevel = (level: number) =>
  `SELECT toUInt32(rows) AS rows, toUInt32(max_block_number - min_block_number + 1) AS blocks,
     toUInt32(secondary_indices_compressed_bytes) AS indexBytes
   FROM system.parts WHERE table = 'otel_logs' AND level = ${level} ORDER BY rows`

test("an insert of much text has its indexes at once, and a small one none", async () => {
  await using local = await startLocal({ memory: true, ...freePorts })
  await post(local.otlp.http, "logs", logs([{ body: "short" }]))
  const long = Array.from({ length: 3_000 }, (_, index) => ({ body: `${index} `.repeat(400) }))
  await post(local.otlp.http, "logs", logs(long))
  const [small, large] = await local.query<Part>(partsOfLevel(0))
  expect(small).toMatchObject({ rows: 1, indexBytes: 0 })
  expect(large?.rows).toBe(3_000)
  expect(large?.indexBytes).toBeGreaterThan(1_000)
})

test("a merge takes 16 parts at the most, however many wait", async () => {
  await using local = await startLocal({ memory: true, ...freePorts })
  await local.query("SYSTEM STOP MERGES otel_logs")
  for (let sent = 0; sent < 60; sent++) await post(local.otlp.http, "logs", logs([{ body: "one" }]))
  await local.query("SYSTEM START MERGES otel_logs")
  const merged = await vi.waitFor(async () => {
    const parts = await local.query<Part>(partsOfLevel(1))
    expect(parts).not.toEqual([])
    return parts
  }, 30_000)
  expect(Math.max(...merged.map(({ blocks }) => blocks))).toBeLessThanOrEqual(16)
})
