// What was just stored, told to those who watch. Nobody watching costs nothing.
import type { ReceivedLogRecord, ReceivedSpan } from "@clickstack/receiver"
import { isoOfHrTime } from "./read/iso-time.ts"

export interface LiveLog {
  kind: "log"
  time: string
  service: string
  level: string
  levelNumber: number
  body: string
  traceId: string
  spanId: string
  attributes: Record<string, unknown>
}

export interface LiveSpan {
  kind: "span"
  time: string
  durationMs: number
  service: string
  name: string
  spanKind: string
  status: string
  statusMessage: string
  traceId: string
  spanId: string
  parentSpanId: string
  attributes: Record<string, unknown>
}

export type LiveItem = LiveLog | LiveSpan

export interface Live {
  /** Returns a function that ends it. A watcher must not throw, and must not keep many items. */
  watch(watcher: (items: readonly LiveItem[]) => void): () => void
  logs(records: readonly ReceivedLogRecord[]): void
  spans(spans: readonly ReceivedSpan[]): void
}

const kinds = ["Internal", "Server", "Client", "Producer", "Consumer"]
const statuses = ["Unset", "Ok", "Error"]

export function createLive(): Live {
  const watchers = new Set<(items: readonly LiveItem[]) => void>()
  const tell = (items: readonly LiveItem[]) => {
    for (const watcher of watchers) watcher(items)
  }
  return {
    watch(watcher) {
      watchers.add(watcher)
      return () => void watchers.delete(watcher)
    },
    logs(records) {
      if (watchers.size > 0) tell(records.map(liveLog))
    },
    spans(spans) {
      if (watchers.size > 0) tell(spans.map(liveSpan))
    },
  }
}

const serviceOf = ({ resource }: { resource: { attributes: Record<string, unknown> } }): string =>
  String(resource.attributes["service.name"] ?? "")

function liveLog(log: ReceivedLogRecord): LiveLog {
  const unset = log.hrTime[0] === 0 && log.hrTime[1] === 0
  return {
    kind: "log",
    time: isoOfHrTime(unset ? log.hrTimeObserved : log.hrTime),
    service: serviceOf(log),
    level: log.severityText ?? "",
    levelNumber: log.severityNumber ?? 0,
    body: typeof log.body === "string" ? log.body : (jsonOf(log.body) ?? ""),
    traceId: log.spanContext?.traceId ?? "",
    spanId: log.spanContext?.spanId ?? "",
    attributes: log.attributes,
  }
}

function liveSpan(span: ReceivedSpan): LiveSpan {
  const { traceId, spanId } = span.spanContext()
  return {
    kind: "span",
    time: isoOfHrTime(span.startTime),
    durationMs: Math.max(0, span.duration[0] * 1e3 + span.duration[1] / 1e6),
    service: serviceOf(span),
    name: span.name,
    spanKind: kinds[span.kind] ?? "Unspecified",
    status: statuses[span.status.code] ?? "Unset",
    statusMessage: span.status.message ?? "",
    traceId,
    spanId,
    parentSpanId: span.parentSpanContext?.spanId ?? "",
    attributes: span.attributes,
  }
}

/** JSON, with whole numbers that JSON's readers cannot hold as text. */
export function jsonOf(value: unknown): string | undefined {
  try {
    return JSON.stringify(value, (_key, one: unknown) => (typeof one === "bigint" ? String(one) : one))
  } catch {
    return undefined
  }
}
