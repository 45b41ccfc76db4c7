// The session in a real ClickHouse: where ClickStack's UI looks for it.
import { clickhouse } from "@clickstack/ingest"
import { type Clickstack, init, withSession, withSpan } from "@clickstack/node"
import { logs } from "@opentelemetry/api-logs"
import { afterAll, beforeAll, expect, test } from "vitest"
import { useTables } from "../clickhouse/use-tables.ts"

const tables = useTables()
let clickstack: Clickstack

beforeAll(async () => {
  clickstack = init({
    destination: clickhouse({ url: tables.url }),
    service: "shop",
    startupLine: false,
    spool: false,
    instrumentation: false,
    metrics: false,
  })
})
afterAll(async () => {
  await clickstack.shutdown()
})

test("rows of a session carry rum.sessionId in their resource, those of none do not", async () => {
  for (const session of ["visit-1", "visit-2"]) {
    withSession(session, () =>
      withSpan(`span of ${session}`, () => logs.getLogger("test").emit({ body: `log of ${session}` })),
    )
  }
  withSpan("span of none", () => logs.getLogger("test").emit({ body: "log of none" }))
  await clickstack.flush()

  const rows = await tables.ingest.query(`
    SELECT * FROM (
      SELECT SpanName AS what, ResourceAttributes['rum.sessionId'] AS rum, SpanAttributes['session.id'] AS session
      FROM otel_traces WHERE ServiceName = 'shop'
      UNION ALL
      SELECT Body, ResourceAttributes['rum.sessionId'], LogAttributes['session.id']
      FROM otel_logs WHERE ServiceName = 'shop'
    ) ORDER BY what`)
  expect(rows).toEqual([
    { what: "log of none", rum: "", session: "" },
    { what: "log of visit-1", rum: "visit-1", session: "visit-1" },
    { what: "log of visit-2", rum: "visit-2", session: "visit-2" },
    { what: "span of none", rum: "", session: "" },
    { what: "span of visit-1", rum: "visit-1", session: "visit-1" },
    { what: "span of visit-2", rum: "visit-2", session: "visit-2" },
  ])
  // The column by which the UI finds the traces of a session.
  const found = await tables.ingest.query(
    "SELECT SpanName FROM otel_traces WHERE `__hdx_materialized_rum.sessionId` = {session:String}",
    { session: "visit-2" },
  )
  expect(found).toEqual([{ SpanName: "span of visit-2" }])
})
