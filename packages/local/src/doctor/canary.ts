// A span, a log and a metric that can be told from all others.
import { randomBytes } from "node:crypto"

export interface Canary {
  readonly traceId: string
  readonly spanId: string
  readonly sentAtMs: number
}

const canaryService = "clickstack-doctor"

export const createCanary = (now: () => number = Date.now): Canary => ({
  traceId: randomBytes(16).toString("hex"),
  spanId: randomBytes(8).toString("hex"),
  sentAtMs: now(),
})

export function canaryPayloads({
  traceId,
  spanId,
  sentAtMs,
}: Canary): [string, "traces" | "logs" | "metrics", unknown][] {
  const text = (key: string, stringValue: string) => ({ key, value: { stringValue } })
  const resource = { attributes: [text("service.name", canaryService)] }
  const scope = { name: "@clickstack/local" }
  const timeUnixNano = `${sentAtMs}000000`
  const span = {
    traceId,
    spanId,
    name: "clickstack doctor",
    kind: 1,
    startTimeUnixNano: timeUnixNano,
    endTimeUnixNano: timeUnixNano,
  }
  const log = {
    timeUnixNano,
    severityNumber: 9,
    severityText: "info",
    body: { stringValue: "clickstack doctor was here" },
    traceId,
    spanId,
  }
  const point = { timeUnixNano, asDouble: 1, attributes: [text("canary", traceId)] }
  const metric = { name: "clickstack.doctor", unit: "1", gauge: { dataPoints: [point] } }
  return [
    ["span", "traces", { resourceSpans: [{ resource, scopeSpans: [{ scope, spans: [span] }] }] }],
    ["log", "logs", { resourceLogs: [{ resource, scopeLogs: [{ scope, logRecords: [log] }] }] }],
    ["metric", "metrics", { resourceMetrics: [{ resource, scopeMetrics: [{ scope, metrics: [metric] }] }] }],
  ]
}
