// A destination that keeps what it gets, as the simplest kind of array.
import type { Options } from "@clickstack/node"
import type { ReadableLogRecord } from "@opentelemetry/sdk-logs"
import type { ReadableSpan } from "@opentelemetry/sdk-trace-base"

export interface Memory {
  readonly spans: ReadableSpan[]
  readonly logs: ReadableLogRecord[]
  readonly options: Options
}

export function memory(): Memory {
  const spans: ReadableSpan[] = []
  const logs: ReadableLogRecord[] = []
  const exporter = <T>(into: T[]) => ({
    export: (items: T[], done: (result: { code: number }) => void) => {
      into.push(...items)
      done({ code: 0 })
    },
    forceFlush: async () => {},
    shutdown: async () => {},
  })
  const destination = {
    spans: exporter<ReadableSpan>(spans),
    logs: exporter<ReadableLogRecord>(logs),
  }
  return { spans, logs, options: { destination, service: "test", startupLine: false } }
}
