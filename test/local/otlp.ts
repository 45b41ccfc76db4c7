// OTLP/JSON by hand, as the smallest sender there is.

export interface Answer {
  status: number
  headers: Headers
  body: unknown
}

export async function post(
  endpoint: string,
  signal: "traces" | "logs" | "metrics",
  payload: unknown,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const response = await fetch(`${endpoint}/v1/${signal}`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: typeof payload === "string" ? payload : JSON.stringify(payload),
  })
  const text = await response.text()
  return {
    status: response.status,
    headers: response.headers,
    body: text === "" ? undefined : JSON.parse(text),
  }
}

type Values = Record<string, string | number | boolean>

const attributes = (values: Values) =>
  Object.entries(values).map(([key, value]) => ({ key, value: anyValue(value) }))

const anyValue = (value: string | number | boolean) =>
  typeof value === "string"
    ? { stringValue: value }
    : typeof value === "boolean"
      ? { boolValue: value }
      : { doubleValue: value }

export interface TestLog {
  body?: string
  at?: number
  attributes?: Values
  severity?: number
  traceId?: string
  spanId?: string
}

const nanos = (ms: number) => `${ms}000000`

export function logs(records: readonly TestLog[], service = "test", resource: Values = {}) {
  return {
    resourceLogs: [
      {
        resource: { attributes: attributes({ "service.name": service, ...resource }) },
        scopeLogs: [
          {
            scope: { name: "by-hand" },
            logRecords: records.map((log) => ({
              timeUnixNano: nanos(log.at ?? Date.now()),
              ...(log.severity === undefined ? {} : { severityNumber: log.severity }),
              body: { stringValue: log.body ?? "" },
              attributes: attributes(log.attributes ?? {}),
              ...(log.traceId === undefined ? {} : { traceId: log.traceId }),
              ...(log.spanId === undefined ? {} : { spanId: log.spanId }),
            })),
          },
        ],
      },
    ],
  }
}

export interface TestSpan {
  name: string
  traceId: string
  spanId: string
  parentSpanId?: string
  at?: number
  ms?: number
  error?: string
  kind?: number
  attributes?: Values
}

export function spans(all: readonly TestSpan[], service = "test", resource: Values = {}) {
  return {
    resourceSpans: [
      {
        resource: { attributes: attributes({ "service.name": service, ...resource }) },
        scopeSpans: [
          {
            scope: { name: "by-hand" },
            spans: all.map((span) => {
              const at = span.at ?? Date.now()
              return {
                name: span.name,
                traceId: span.traceId,
                spanId: span.spanId,
                ...(span.parentSpanId === undefined ? {} : { parentSpanId: span.parentSpanId }),
                kind: span.kind ?? 1,
                startTimeUnixNano: nanos(at),
                endTimeUnixNano: nanos(at + (span.ms ?? 1)),
                status: span.error === undefined ? {} : { code: 2, message: span.error },
                attributes: attributes(span.attributes ?? {}),
              }
            }),
          },
        ],
      },
    ],
  }
}

export function gauge(name: string, value: number, service = "test") {
  return {
    resourceMetrics: [
      {
        resource: { attributes: attributes({ "service.name": service }) },
        scopeMetrics: [
          {
            scope: { name: "by-hand" },
            metrics: [
              {
                name,
                unit: "1",
                gauge: { dataPoints: [{ timeUnixNano: nanos(Date.now()), asDouble: value, attributes: [] }] },
              },
            ],
          },
        ],
      },
    ],
  }
}
