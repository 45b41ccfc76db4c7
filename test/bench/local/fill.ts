// Very many rows in ClickStack's tables, made by ClickHouse: three days of twenty services, three quarters of them logs,
// with attributes of few and of very many values.
type Run = (sql: string) => Promise<unknown>

// So many become a part, with its indexes: what merges have made of rows that came a while ago.
const step = 500_000

/** Says what there is of each. */
export async function fill(run: Run, rows: number): Promise<string> {
  const counts = { logs: rows * 0.75, spans: rows * 0.2, points: rows * 0.045, chunks: rows * 0.005 }
  const insert = async (table: string, count: number, columns: Record<string, string>) => {
    for (let from = 0; from < count; from += step) {
      await run(
        `INSERT INTO ${table} (${Object.keys(columns).join(", ")})
         SELECT ${Object.values(columns).join(", ")} FROM numbers(${from}, ${Math.min(step, count - from)})
         SETTINGS materialize_skip_indexes_on_insert = 1`,
      )
    }
  }
  await insert("otel_logs", counts.logs, {
    Timestamp: at(counts.logs),
    TraceId: "leftPad(lower(hex(intDiv(number, 4))), 32, '0')",
    SpanId: "leftPad(lower(hex(number)), 16, '0')",
    SeverityText: "if(number % 50 = 0, 'error', 'info')",
    SeverityNumber: "if(number % 50 = 0, 17, 9)",
    ServiceName: service,
    Body: `concat('order ', toString(number), if(number % 50 = 0, ' failed after ', ' took '), toString(number % 997), ' ms: ',
      ['payment accepted by the provider', 'cart was emptied', 'the session is new', 'product not in the cache'][number % 4 + 1])`,
    ResourceAttributes: resource,
    LogAttributes: `map('user.id', ${user}, 'http.route', ${route}, 'region', 'eu-central-1')`,
  })
  await insert("otel_traces", counts.spans, {
    Timestamp: at(counts.spans),
    TraceId: "leftPad(lower(hex(intDiv(number, 5))), 32, '0')",
    SpanId: "leftPad(lower(hex(number + 1)), 16, '0')",
    ParentSpanId: "if(number % 5 = 0, '', leftPad(lower(hex(number - number % 5 + 1)), 16, '0'))",
    SpanName: `concat('GET ', ${route})`,
    SpanKind: "if(number % 5 = 0, 'Server', 'Internal')",
    ServiceName: service,
    ResourceAttributes: resource,
    SpanAttributes: `map('http.request.method', 'GET', 'http.route', ${route}, 'url.path', concat('/orders/', toString(number)), 'user.id', ${user})`,
    Duration: "(cityHash64(number, 3) % 1000) * 1000000",
    StatusCode: "if(number % 100 = 0, 'Error', 'Unset')",
  })
  await insert("otel_metrics_gauge", counts.points, {
    ResourceAttributes: resource,
    ServiceName: service,
    MetricName: "concat('metric-', toString(number % 100))",
    Attributes: `map('http.route', ${route})`,
    StartTimeUnix: at(counts.points),
    TimeUnix: at(counts.points),
    Value: "number % 1000",
  })
  await insert("hyperdx_sessions", counts.chunks, {
    Timestamp: at(counts.chunks),
    ServiceName: "'shop-web'",
    Body: `concat('{"type":3,"data":"', repeat(toString(number), 100), '"}')`,
    ResourceAttributes: "map('rum.sessionId', concat('session-', toString(intDiv(number, 50))))",
    LogAttributes:
      "map('rr-web.event', toString(number % 50), 'rr-web.chunk', '1', 'rr-web.total-chunks', '1')",
  })
  return Object.entries(counts)
    .map(([what, count]) => `${count.toLocaleString("en")} ${what}`)
    .join(", ")
}

const at = (count: number): string =>
  `now64(9) - toIntervalMillisecond(intDiv(number * ${3 * 86_400_000}, ${count}))`

const service = "concat('service-', toString(cityHash64(number) % 20))"
const user = "concat('user-', toString(cityHash64(number, 2) % 5000))"
const route = "concat('/route-', toString(cityHash64(number, 4) % 30))"
const resource = `map('deployment.environment.name', 'production', 'host.name', concat('node-', toString(cityHash64(number, 1) % 40)),
  'service.name', ${service}, 'service.version', '4.11.2')`
