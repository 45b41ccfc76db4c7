// A plain OpenTelemetry set-up whose spans, logs and metrics go straight to ClickHouse: `node index.js [URL]`.
import { SpanKind, context, trace } from "@opentelemetry/api"
import { SeverityNumber } from "@opentelemetry/api-logs"
import { clickhouse } from "@clickstack/ingest"
import { resourceFromAttributes } from "@opentelemetry/resources"
import { BatchLogRecordProcessor, LoggerProvider } from "@opentelemetry/sdk-logs"
import { MeterProvider, PeriodicExportingMetricReader } from "@opentelemetry/sdk-metrics"
import { BasicTracerProvider, BatchSpanProcessor } from "@opentelemetry/sdk-trace-base"

// Tables that are missing are created with the first batch.
const destination = clickhouse(process.argv[2] ?? "chdb::memory:")
const resource = resourceFromAttributes({ "service.name": "greeter" })

const tracers = new BasicTracerProvider({
  resource,
  spanProcessors: [new BatchSpanProcessor(destination.spans)],
})
const loggers = new LoggerProvider({
  resource,
  processors: [new BatchLogRecordProcessor({ exporter: destination.logs })],
})
const meters = new MeterProvider({
  resource,
  readers: [new PeriodicExportingMetricReader({ exporter: destination.metrics })],
})

// What an app does: a span, a log record inside of it, and a counter.
const span = tracers.getTracer("example").startSpan("GET /hello", { kind: SpanKind.SERVER })
loggers.getLogger("example").emit({
  severityNumber: SeverityNumber.INFO,
  severityText: "info",
  body: "greeted somebody",
  context: trace.setSpan(context.active(), span),
})
meters.getMeter("example").createCounter("greetings").add(1)
span.end()

// The end of the app: what is still waiting is exported. Here it is asked for, too, before the connection goes.
await Promise.all([tracers.forceFlush(), loggers.forceFlush(), meters.forceFlush()])
const [row] = await destination.query(`
  SELECT SpanName AS span, Body AS log, (SELECT max(Value) FROM otel_metrics_sum) AS greetings
  FROM otel_traces JOIN otel_logs USING (TraceId, SpanId)
  ORDER BY otel_traces.Timestamp DESC LIMIT 1`)
console.log(row)
await Promise.all([tracers.shutdown(), loggers.shutdown(), meters.shutdown()])
await destination.close()
