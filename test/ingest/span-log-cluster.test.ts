// The span logs of a cluster of two servers, by clusterAllReplicas: here both are this process, so each span is there
// twice, as on a server that wrote it again.
import { openSpanLog } from "@clickstack/ingest"
import { afterAll, expect, test } from "vitest"
import { literal, openEmbeddedClickHouse } from "./embedded-clickhouse.ts"

const clickHouse = openEmbeddedClickHouse()
afterAll(() => clickHouse.close())

/** As an ingest answers, with the parameters of the session. */
const from = {
  endpoint: "chdb:two",
  query(sql: string, params: Readonly<Record<string, unknown>> = {}) {
    const values = Object.entries(params).map(([name, value]) => `param_${name} = ${literal(String(value))}`)
    if (values.length > 0) clickHouse.run(`SET ${values.join(", ")}`)
    return Promise.resolve(clickHouse.rowsOf(sql))
  },
}

test("a cluster's spans are read from all of its servers, each span once", async () => {
  clickHouse.run(`CREATE TABLE system.opentelemetry_span_log (
    hostname LowCardinality(String), trace_id UUID, span_id UInt64, parent_span_id UInt64,
    operation_name LowCardinality(String), kind Enum8('INTERNAL' = 0, 'SERVER' = 1),
    start_time_us UInt64, finish_time_us UInt64, finish_date Date, attribute Map(LowCardinality(String), String)
  ) ENGINE = MergeTree ORDER BY (finish_date, finish_time_us, trace_id)`)
  clickHouse.run(`INSERT INTO system.opentelemetry_span_log
    SELECT concat('ch-', toString(number % 2)), generateUUIDv4(number), number + 1, number, concat('span ', toString(number)),
      'SERVER', 1e6 * number, 1e6 * number + 5, toDate(now()), map() FROM numbers(500)`)
  const shards = clickHouse.rowsOf(
    "SELECT count() AS n FROM clusterAllReplicas('two', system.opentelemetry_span_log)",
  )
  expect(shards).toEqual([{ n: 1000 }])

  const names: string[] = []
  const hosts = new Set<unknown>()
  const to = {
    export(spans: any[], done: (result: { code: number }) => void) {
      for (const span of spans) {
        names.push(span.name)
        hosts.add(span.resource.attributes["host.name"])
      }
      done({ code: 0 })
    },
  }
  await using log = openSpanLog({ from, to, cluster: "two", since: 0, pageSize: 7 })
  expect(await log.once()).toEqual({ sent: 500, refused: 0 })
  expect(names.toSorted()).toEqual(Array.from({ length: 500 }, (_, number) => `span ${number}`).toSorted())
  expect([...hosts].map(String).toSorted()).toEqual(["ch-0", "ch-1"])
})
