// How long the API's questions take over very many rows, which ClickHouse itself makes up.
import { type Local, startLocal } from "@clickstack/local"
import { table } from "../report.ts"

const day = 86_400

export async function measureQueries(rows: number): Promise<void> {
  await using local = await startLocal({
    memory: true,
    httpPort: 0,
    grpcPort: false,
    uiPort: 0,
    retention: { bytes: false },
  })
  await fill(local, rows)
  const [id] = await local.query<{ id: string }>("SELECT TraceId AS id FROM otel_traces LIMIT 1")
  const questions = [
    "/api/logs",
    "/api/logs?level=error&service=service-3",
    "/api/logs?text=order%20777777%20failed",
    "/api/logs?text=neverthere",
    "/api/logs?attr.user=user-77",
    "/api/histogram/logs?from=24h&by=level",
    "/api/traces",
    "/api/traces?status=error&service=service-3",
    "/api/traces?minDurationMs=900",
    `/api/traces/${id?.id}`,
    "/api/histogram/traces?from=24h&by=status",
    "/api/services",
  ]
  const lines: (string | number)[][] = []
  for (const question of questions) {
    const times: number[] = []
    for (let run = 0; run < 20; run++) {
      const started = performance.now()
      const response = await fetch(local.url + question)
      await response.arrayBuffer()
      if (!response.ok) throw new Error(`${question} answered ${response.status}`)
      times.push(performance.now() - started)
    }
    times.sort((one, other) => one - other)
    lines.push([question.slice(0, 60), times[10]?.toFixed(0) ?? "", times[18]?.toFixed(0) ?? ""])
  }
  console.log(`\n${rows.toLocaleString("en")} rows, four fifths logs, over a day.\n`)
  console.log(table(["question", "p50 ms", "p95 ms"], lines))
}

async function fill(local: Local, rows: number): Promise<void> {
  const logs = Math.floor(rows * 0.8)
  const spans = rows - logs
  const step = 500_000
  const at = (count: number) => `now64(9) - toIntervalMillisecond(intDiv(number * ${day * 1000}, ${count}))`
  const resource = "map('service.name', concat('service-', toString(number % 10)), 'host.name', 'node-1')"
  for (let from = 0; from < logs; from += step) {
    await local.query(
      `INSERT INTO otel_logs (Timestamp, TraceId, SeverityText, SeverityNumber, ServiceName, Body, ResourceAttributes, LogAttributes)
       SELECT ${at(logs)}, lower(hex(sipHash128(intDiv(number, 5)))),
         if(number % 50 = 0, 'error', 'info'), if(number % 50 = 0, 17, 9), concat('service-', toString(number % 10)),
         concat('order ', toString(number), if(number % 50 = 0, ' failed after ', ' took '), toString(number % 997), ' ms'),
         ${resource}, map('user', concat('user-', toString(number % 5000)), 'region', 'eu')
       FROM numbers(${from}, ${Math.min(step, logs - from)})`,
    )
  }
  for (let from = 0; from < spans; from += step) {
    await local.query(
      `INSERT INTO otel_traces (Timestamp, TraceId, SpanId, ParentSpanId, SpanName, SpanKind, ServiceName, ResourceAttributes,
         SpanAttributes, Duration, StatusCode)
       SELECT ${at(spans)}, lower(hex(sipHash128(intDiv(number, 5)))), lower(hex(number)),
         if(number % 5 = 0, '', lower(hex(intDiv(number, 5) * 5))), concat('GET /route-', toString(number % 20)),
         if(number % 5 = 0, 'Server', 'Internal'), concat('service-', toString(number % 10)), ${resource},
         map('http.route', concat('/route-', toString(number % 20)), 'http.request.method', 'GET'),
         (number % 1000) * 1000000, if(number % 100 = 0, 'Error', 'Unset')
       FROM numbers(${from}, ${Math.min(step, spans - from)})`,
    )
  }
}
