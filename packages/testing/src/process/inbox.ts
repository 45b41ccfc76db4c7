// A receiver that keeps what other processes send, as telemetry to read and wait for.
import type { Receiver } from "@clickstack/receiver"
import { createRecorder, type Telemetry } from "../recorded/telemetry.ts"

export interface Inbox {
  readonly telemetry: Telemetry
  readonly receiver: Receiver
  /** The headers of each request, without keys and cookies. */
  readonly headers: readonly Readonly<Record<string, string>>[]
}

export interface InboxOptions {
  readonly httpPort: number
  readonly grpcPort: number | undefined
  readonly host?: string
}

export async function openInbox({ httpPort, grpcPort, host }: InboxOptions): Promise<Inbox> {
  // Loaded only here: a test in one process needs no server.
  const { startReceiver } = await import("@clickstack/receiver")
  const recorder = createRecorder({ local: false })
  const headers: Readonly<Record<string, string>>[] = []
  const receiver = await startReceiver({
    httpPort,
    ...(grpcPort === undefined ? {} : { grpcPort }),
    ...(host === undefined ? {} : { host, auth: false }),
    traces: (spans, context) => {
      headers.push(context.headers)
      recorder.spans(spans)
    },
    logs: (records, context) => {
      headers.push(context.headers)
      recorder.logs(records)
    },
    metrics: (metrics, context) => {
      headers.push(context.headers)
      for (const one of metrics) recorder.metrics(one)
    },
  })
  return { telemetry: recorder.telemetry, receiver, headers }
}
