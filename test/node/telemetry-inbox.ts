// A receiver that keeps what arrives, as plain values, and a form of them that is the same for every run.
import { type Receiver, startReceiver } from "@clickstack/receiver"
import { plainLog, plainMetrics, plainSpan } from "../receiver/plain.ts"

export interface Telemetry {
  traces: unknown[]
  logs: unknown[]
  metrics: unknown[]
}

export interface Inbox extends AsyncDisposable {
  readonly receiver: Receiver
  readonly headers: Readonly<Record<string, string>>[]
  readonly received: Telemetry
}

export async function openInbox(): Promise<Inbox> {
  const received: Telemetry = { traces: [], logs: [], metrics: [] }
  const headers: Readonly<Record<string, string>>[] = []
  const receiver = await startReceiver({
    httpPort: 0,
    grpcPort: 0,
    traces: (data, context) => {
      headers.push(context.headers)
      received.traces.push(...data.map(plainSpan))
    },
    logs: (data, context) => {
      headers.push(context.headers)
      received.logs.push(...data.map(plainLog))
    },
    metrics: (data, context) => {
      headers.push(context.headers)
      received.metrics.push(...data.map(plainMetrics))
    },
  })
  return { receiver, headers, received, [Symbol.asyncDispose]: () => receiver.close() }
}

/** Ids in the order they appear, no times, no instance id: what has to be the same in every run. */
export function comparable({ traces, logs, metrics }: Telemetry): Telemetry {
  const ids = new Map<string, string>()
  const normalize = (key: string, value: unknown): unknown => {
    if ((key === "traceId" || key === "spanId") && typeof value === "string") {
      if (!ids.has(value)) ids.set(value, `${key} ${ids.size}`)
      return ids.get(value)
    }
    if (/time$/i.test(key) || key.startsWith("hrTime") || key === "duration") return "some time"
    // What the SDK tells of itself depends on when it is asked.
    if (key === "scopes" && Array.isArray(value)) return value.filter((one) => !isOwnScope(one))
    if (Array.isArray(value) && value[0] === "service.instance.id") return [value[0], "some id"]
    if (Array.isArray(value) && value[0] === "exception.stacktrace") return [value[0], "some stack"]
    if (Array.isArray(value) && value[0] === "exception.parsed_stacktrace") return [value[0], "some frames"]
    return value
  }
  return JSON.parse(JSON.stringify({ traces, logs, metrics }, normalize)) as Telemetry
}

const isOwnScope = ({ scope }: { scope: { name: string } }) => scope.name === "@clickstack/node"
