// Twelve secrets in twelve places of one app, with all of `capture` on: none is on the wire by any protocol, in
// ClickHouse, in the spool, or in what we print ourselves. With redaction off all of them are found, so that this can fail.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs"
import { createRequire } from "node:module"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { inflateRawSync } from "node:zlib"
import { createIngest } from "@clickstack/ingest"
import { captureProcess, startClickHouse } from "@clickstack/testing"
import { assertFreeOf } from "@clickstack/testing/node"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { hasPostgres, startPostgres } from "../instrumentation/servers/postgres.ts"

const { places, canary } = createRequire(import.meta.url)("./fixtures/canaries.cjs") as {
  places: readonly string[]
  canary: (place: string) => string
}
const app = fileURLToPath(new URL("fixtures/canary.cjs", import.meta.url))
const secrets = places.map(canary)

describe.skipIf(!hasPostgres)("twelve secrets", () => {
  let database: Awaited<ReturnType<typeof startPostgres>>
  let directory: string
  beforeAll(async () => {
    database = await startPostgres()
    directory = mkdtempSync(join(tmpdir(), "clickstack-canary-"))
  })
  afterAll(async () => {
    await database[Symbol.asyncDispose]()
    rmSync(directory, { recursive: true, force: true })
  })

  async function run(env: Record<string, string> = {}, protocol?: "http/protobuf" | "http/json" | "grpc") {
    const captured = await captureProcess(app, {
      preload: false,
      args: [`--token=${canary("argv")}`],
      timeout: 60_000,
      ...(protocol && { protocol }),
      env: {
        DATABASE_URL: database.url,
        SHOP_TOKEN: canary("environment"),
        OTEL_EXPORTER_OTLP_HEADERS: `x-otlp-token=${canary("otlp-header")}`,
        OTEL_SERVICE_NAME: "canary",
        CLICKSTACK_CAPTURE_NETWORK: "true",
        ...env,
      },
    })
    expect(captured.code).toBe(0)
    return captured
  }

  test.each(["http/protobuf", "http/json", "grpc"] as const)(
    "are not on the wire by %s",
    async (protocol) => {
      const { spans, logs, metrics } = await run({}, protocol)
      expect(spans.length).toBeGreaterThan(12)
      expect(JSON.stringify([spans, logs])).toContain("[REDACTED]")
      assertFreeOf([spans, logs, metrics], secrets)
    },
  )

  test("are not on the wire when OpenTelemetry's own exporters send", async () => {
    const { spans, logs, metrics } = await run({ CLICKSTACK_DELIVERY: "false" }, "http/json")
    expect(spans.length).toBeGreaterThan(12)
    assertFreeOf([spans, logs, metrics], secrets)
  })

  test("are not in ClickHouse", async () => {
    await using server = await startClickHouse()
    const ingest = createIngest(server.url)
    await ingest.ensureSchema()
    await run({ CLICKSTACK_CLICKHOUSE_URL: server.url, CLICKSTACK_EXIT_BUDGET: "20000", FLUSH: "yes" })
    const rows = await Promise.all(
      ["otel_traces", "otel_logs", "otel_metrics_sum", "otel_metrics_gauge"].map((table) =>
        ingest.query(`SELECT * FROM ${table} WHERE ServiceName = 'canary'`),
      ),
    )
    await ingest.close()
    expect(rows[0]!.length).toBeGreaterThan(12)
    assertFreeOf(rows, secrets)
  })

  test("are not in the spool while the collector is away", async () => {
    const spool = join(directory, "spool")
    await run({
      CLICKSTACK_SPOOL: spool,
      CLICKSTACK_ENDPOINT: "http://127.0.0.1:9",
      CLICKSTACK_EXIT_BUDGET: "200",
    })
    const texts = contentsOf(spool)
    expect(texts.join("")).toContain("url.full")
    assertFreeOf(texts, secrets)
  })

  test("are not in what we print, at the most talkative level", async () => {
    const describedTo = join(directory, "described")
    const { stderr } = await run({
      CLICKSTACK_LOG_LEVEL: "debug",
      CLICKSTACK_STARTUP_LINE: "true",
      CLICKSTACK_SPOOL_AGE: "soon",
      CLICKSTACK_LOGS_HEADERS: canary("otlp-header"),
      DESCRIBE_TO: describedTo,
    })
    const lines = stderr.split("\n").filter((line) => line.startsWith("clickstack:"))
    expect(lines.length).toBeGreaterThan(2)
    assertFreeOf([lines, readFileSync(describedTo, "utf8")], secrets)
  })

  test("are all found where redaction is off and literals are kept", async () => {
    const off = { CLICKSTACK_REDACT: "false", CLICKSTACK_CAPTURE_SQL_LITERALS: "true" }
    const { spans, logs } = await run(off)
    const sent = JSON.stringify([spans, logs, spans.map(({ resource }) => resource)])
    expect(places.filter((place) => !sent.includes(canary(place)))).toEqual([])
  })

  test("SQL shows its literals when they are wanted, and nothing else", async () => {
    const { spans } = await run({ CLICKSTACK_CAPTURE_SQL_LITERALS: "true" })
    const sent = JSON.stringify(spans)
    expect(places.filter((place) => sent.includes(canary(place)))).toEqual(["sql"])
  })
})

/** Every payload of every file, inflated; see packages/node/src/delivery/frame.ts. */
function contentsOf(directory: string): string[] {
  const texts: string[] = []
  for (const entry of readdirSync(directory, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue
    const file = readFileSync(join(entry.parentPath, entry.name))
    texts.push(file.toString("latin1"))
    for (let at = file.indexOf("CSPL"); at >= 0; at = file.indexOf("CSPL", at + 4)) {
      const payload = file.subarray(at + 32, at + 32 + file.readUInt32LE(at + 12))
      if ((file[at + 6]! & 1) === 1) texts.push(inflateRawSync(payload).toString("latin1"))
    }
  }
  return texts
}
