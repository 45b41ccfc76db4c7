// Straight to ClickHouse: what a server does not take is kept on disk, and stored by the next process.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { createIngest } from "@clickstack/ingest"
import { startClickHouse } from "@clickstack/testing"
import { afterAll, beforeAll, expect, test } from "vitest"
import { runNode } from "../run-node.ts"

const app = `
import { clickhouse } from "@clickstack/ingest"
import { init } from "@clickstack/node"
import { trace } from "@opentelemetry/api"

const [url, spool, count, wait] = process.argv.slice(2)
const clickstack = init({ service: "shop", destination: clickhouse({ url, retryForMs: 0 }), spool, metrics: { exporter: "none" } })
for (let index = 0; index < Number(count); index++) trace.getTracer("shop").startSpan("GET /").end()
// A flush waits for the server; an end does not.
if (wait) await clickstack.flush()
await clickstack.shutdown()
const [{ produced, delivered, spooled }] = clickstack.stats().traces
console.log(JSON.stringify({ produced, delivered, spooled }))
`

// Beside the packages that it imports.
const directory = mkdtempSync(join(fileURLToPath(new URL("..", import.meta.url)), "dist", "app-"))
const script = join(directory, "app.mjs")
const spool = mkdtempSync(join(tmpdir(), "clickstack-spool-"))
beforeAll(() => writeFileSync(script, app))
afterAll(() => {
  rmSync(directory, { recursive: true, force: true })
  rmSync(spool, { recursive: true, force: true })
})

test("spans of a time in which ClickHouse was away are stored once it is back", async () => {
  await using server = await startClickHouse()
  const run = async (...args: readonly string[]): Promise<unknown> => {
    const { code, stdout, stderr } = await runNode([script, server.url, spool, ...args])
    expect([
      code,
      stderr.split("\n").filter((line) => line !== "" && !line.startsWith("clickstack:")),
    ]).toEqual([0, []])
    return JSON.parse(stdout)
  }
  await server.refuse()
  expect(await run("100")).toMatchObject({ produced: 100, delivered: 0, spooled: 100 })
  await server.accept()
  await run("1", "wait")
  await using ingest = createIngest(server.url)
  expect(
    await ingest.query("SELECT count() AS spans, uniqExact(SpanId) AS different FROM otel_traces"),
  ).toEqual([{ spans: 101, different: 101 }])
})
