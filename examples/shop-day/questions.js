// What somebody asks of a day's telemetry, in SQL, and how each answer is shown.
import { bar, count, ms, percent, table, tree, width } from "./print.js"

/**
 * @typedef {import("./print.js").Row} Row
 * @typedef {object} Question
 * @property {string} title
 * @property {string} sql
 * @property {Record<string, unknown>} [params] Values of the placeholders, such as {from:String}: never put into the SQL.
 * @property {(rows: Row[]) => string[]} show
 */

/** @param {string} title @param {(value: any) => string} format @param {string} [name] The result's column. */
const number = (title, format, name = title) => ({
  title,
  right: true,
  of: (/** @type {Row} */ row) => format(row[name]),
})

const text = (/** @type {string} */ title) => ({ title, of: (/** @type {Row} */ row) => String(row[title]) })

/** Red where the result's column is not 0. @param {import("./print.js").Column} column @param {string} name */
const alarming = (column, name = column.title) => ({
  ...column,
  style: (/** @type {Row} */ row) => (row[name] > 0.02 ? /** @type {const} */ ("red") : undefined),
})

/** @type {readonly Question[]} */
export const questions = [
  {
    title: "How busy was the shop, hour by hour, and how many requests failed?",
    sql: `
SELECT formatDateTime(Timestamp, '%H:00', 'UTC') AS hour,
       count() AS requests, countIf(StatusCode = 'Error') AS failed
FROM otel_traces WHERE ParentSpanId = '' AND SpanKind = 'Server'
GROUP BY hour ORDER BY hour`,
    show(rows) {
      const most = Math.max(...rows.map(({ requests }) => requests))
      const bars = { title: "", of: (/** @type {Row} */ row) => bar(row["requests"], most, width - 30) }
      return table([text("hour"), number("requests", count), alarming(number("failed", count)), bars], rows)
    },
  },
  {
    title: "Which routes are slowest?",
    sql: `
SELECT SpanName AS route, count() AS requests,
       quantileExact(0.5)(Duration) / 1e6 AS p50,
       quantileExact(0.95)(Duration) / 1e6 AS p95,
       quantileExact(0.99)(Duration) / 1e6 AS p99
FROM otel_traces WHERE SpanKind = 'Server' AND ServiceName = {service:String}
GROUP BY route ORDER BY p99 DESC`,
    params: { service: "web" },
    show: (rows) =>
      table(
        [text("route"), number("requests", count), ...["p50", "p95", "p99"].map((p) => number(p, ms))],
        rows,
      ),
  },
  {
    title: "Which services fail?",
    sql: `
SELECT ServiceName AS service, count() AS requests,
       countIf(StatusCode = 'Error') AS failed, failed / requests AS rate
FROM otel_traces WHERE SpanKind IN ('Server', 'Consumer')
GROUP BY service ORDER BY rate DESC, service`,
    show: (rows) =>
      table(
        [
          text("service"),
          number("requests", count),
          number("failed", count),
          alarming(number("error rate", percent, "rate"), "rate"),
        ],
        rows,
      ),
  },
  {
    title: "Is it a version of payments?",
    sql: `
SELECT ResourceAttributes['service.version'] AS version,
       formatDateTime(min(Timestamp), '%H:%i', 'UTC') AS first,
       formatDateTime(max(Timestamp), '%H:%i', 'UTC') AS last,
       count() AS charges, countIf(StatusCode = 'Error') / charges AS rate,
       quantileExact(0.5)(Duration) / 1e6 AS p50
FROM otel_traces
WHERE ServiceName = 'payments' AND SpanName = 'POST /charges'
GROUP BY version ORDER BY version`,
    show: (rows) =>
      table(
        [
          text("version"),
          text("first"),
          text("last"),
          number("charges", count),
          alarming(number("error rate", percent, "rate"), "rate"),
          number("p50", ms),
        ],
        rows,
      ),
  },
  {
    title: "What do the metrics say: how many charges wait for a database connection?",
    sql: `
SELECT formatDateTime(toStartOfTenMinutes(TimeUnix), '%H:%i', 'UTC') AS time,
       max(Value) AS waiting
FROM otel_metrics_gauge
WHERE MetricName = 'db.client.connection.pending_requests'
GROUP BY time HAVING time BETWEEN '14:40' AND '16:10' ORDER BY time`,
    show(rows) {
      const most = Math.max(...rows.map(({ waiting }) => waiting))
      const bars = { title: "", of: (/** @type {Row} */ row) => bar(row["waiting"], most, 40) }
      return table([text("time"), number("waiting", count), bars], rows)
    },
  },
  {
    title: "What happened in the slowest checkout that failed?",
    sql: `
SELECT SpanId AS id, ParentSpanId AS parent, ServiceName AS service,
       SpanName AS name, StatusCode AS status, Duration / 1e6 AS ms,
       toUnixTimestamp64Nano(Timestamp) / 1e6 AS at,
       at - min(at) OVER () AS start
FROM otel_traces
WHERE TraceId = (SELECT TraceId FROM otel_traces
                 WHERE SpanName = 'POST /checkout' AND StatusCode = 'Error'
                 ORDER BY Duration DESC LIMIT 1)
ORDER BY Timestamp`,
    show: (rows) => tree(/** @type {import("./print.js").TreeSpan[]} */ (rows)),
  },
  {
    title: "What do the logs of the last failed requests say?",
    sql: `
SELECT formatDateTime(Timestamp, '%H:%i:%S', 'UTC') AS time,
       substring(TraceId, 1, 6) AS trace, ServiceName AS service,
       SeverityText AS severity, Body AS message
FROM otel_logs
WHERE SeverityNumber >= 13 AND TraceId IN (
  SELECT TraceId FROM otel_traces
  WHERE ParentSpanId = '' AND StatusCode = 'Error'
  ORDER BY Timestamp DESC LIMIT 2)
ORDER BY Timestamp DESC, message`,
    show: (rows) =>
      table(
        [
          text("time"),
          text("trace"),
          text("service"),
          { ...text("severity"), style: ({ severity }) => (severity === "error" ? "red" : "yellow") },
          text("message"),
        ],
        rows,
      ),
  },
  {
    title: "Whose visit went wrong, and can it be replayed?",
    sql: `
SELECT ResourceAttributes['rum.sessionId'] AS session, count() AS pages,
       countIf(StatusCode = 'Error') AS failed, any(replay.events) AS events
FROM otel_traces
LEFT JOIN (SELECT LogAttributes['session.id'] AS session, count() AS events
           FROM hyperdx_sessions GROUP BY session) AS replay
       ON replay.session = ResourceAttributes['rum.sessionId']
WHERE ParentSpanId = '' GROUP BY session HAVING failed > 0
ORDER BY events > 0 DESC, failed DESC, session LIMIT 5`,
    show: (rows) =>
      table(
        [
          text("session"),
          number("pages", count),
          alarming(number("failed", count)),
          { title: "replay", of: ({ events }) => (events > 0 ? `${events} events` : "none") },
        ],
        rows,
      ),
  },
]
