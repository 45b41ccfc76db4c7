// What is asked of the telemetry, and how the answers are shown.

const sources = "['web', 'stock', 'payments']"

/** Requests that the shop answered, what it asked the services behind it, and what these recorded of that. */
export const answered = `SELECT countIf(ServiceName = 'web' AND SpanKind = 'Server') AS requests,
    countIf(ServiceName = 'web' AND SpanKind = 'Server' AND StatusCode = 'Error') AS failed,
    countIf(ServiceName = 'web' AND SpanKind = 'Client') AS asked,
    countIf(ServiceName IN ('stock', 'payments') AND SpanKind = 'Server') AS served
  FROM otel_traces WHERE ServiceName IN ${sources}`

/** The newest failed trace that went through all services; the newest that went through, if none failed. */
export const telling = `SELECT TraceId AS id, countIf(StatusCode = 'Error') AS failed FROM otel_traces
  WHERE ServiceName IN ${sources} GROUP BY TraceId HAVING uniqExact(ServiceName) = 3
  ORDER BY failed > 0 DESC, max(Timestamp) DESC LIMIT 1`

export const slowest = `SELECT ServiceName AS service, SpanName AS route, count() AS requests,
    countIf(StatusCode = 'Error') AS failed, round(quantile(0.5)(Duration) / 1e6, 1) AS median_ms,
    round(quantile(0.95)(Duration) / 1e6, 1) AS p95_ms
  FROM otel_traces WHERE SpanKind = 'Server' GROUP BY service, route ORDER BY p95_ms DESC LIMIT 6`

export const errors = `SELECT ServiceName AS service, SpanName AS name, StatusMessage AS message,
    Events.Attributes[indexOf(Events.Name, 'exception')] AS exception
  FROM otel_traces WHERE StatusCode = 'Error' AND SpanKind = 'Server' ORDER BY Timestamp DESC LIMIT 3`

/** @typedef {{ function?: string, filename?: string, lineno?: number, in_app?: boolean, context_line?: string }} Frame */

/** @param {Record<string, any>} row */
export function describeError({ service, name, message, exception }) {
  const what = exception["exception.message"] ?? (message === "" ? "answered with an error" : message)
  const frame = innermost(exception["exception.parsed_stacktrace"])
  const source = frame?.context_line?.trim()
  return [
    `  ${service}  ${name}: ${what}`,
    ...(frame === undefined ? [] : [`      ${frame.function ?? "?"} in ${frame.filename}:${frame.lineno}`]),
    ...(source === undefined ? [] : [`      > ${source}`]),
  ].join("\n")
}

/** The last frame of the app's own. @param {string | undefined} stack @returns {Frame | undefined} */
function innermost(stack) {
  if (stack === undefined) return undefined
  /** @type {{ frames: Frame[] }} */
  const { frames } = JSON.parse(stack)
  return frames.findLast((frame) => frame.in_app) ?? frames.at(-1)
}
