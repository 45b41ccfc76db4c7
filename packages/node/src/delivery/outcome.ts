// What the end of one attempt means: OTLP's rules for our own exporters, ClickHouse's, the stock ones and any other.
import { ClickstackError } from "../clickstack-error.ts"
import type { Exchange } from "./exchange.ts"

export type Outcome =
  | { readonly kind: "delivered"; readonly rejected: number }
  /** The same batch may be taken later; `after` is what the other side asked for, in milliseconds. */
  | {
      readonly kind: "later"
      readonly after?: number | undefined
      readonly error: string
      readonly trouble: Trouble
    }
  | { readonly kind: "too_large"; readonly error: string }
  | { readonly kind: "refused"; readonly error: string }

/** What a line about it is said once for, until it changes. */
export type Trouble = "away" | "unauthorized"

export const unauthorizedPause = 60_000 // a corrected key saves the data, so it is kept and tried once a minute

const retryableStatus = new Set([429, 502, 503, 504])
// OTLP's list: cancelled, deadline exceeded, aborted, out of range, unavailable, data loss.
const retryableGrpc = new Set([1, 4, 10, 11, 14, 15])
const resourceExhausted = 8
const attemptsForUnknownErrors = 5
const longestPause = 86_400_000

interface Hints {
  readonly retryable?: unknown
  readonly retryAfterMs?: unknown
  readonly code?: unknown
  readonly metadata?: unknown
}

/** @param attempts How often this batch has failed, with this time. */
export function outcomeOf(error: unknown, exchange: Exchange | undefined, attempts: number): Outcome {
  const text = messageOf(error)
  if (error instanceof ClickstackError) {
    if (error.tooLarge) return { kind: "too_large", error: text }
    return error.retryable
      ? later(text, error.retryAfter, error.unauthorized ? "unauthorized" : "away")
      : { kind: "refused", error: text }
  }
  const { retryable, retryAfterMs, code, metadata } = (error ?? {}) as Hints
  if (typeof retryable === "boolean") {
    const after = typeof retryAfterMs === "number" ? retryAfterMs : undefined
    return retryable ? later(text, after) : { kind: "refused", error: text }
  }
  const status = exchange?.status ?? (typeof code === "number" && code >= 100 ? code : undefined)
  if (status !== undefined && status >= 300)
    return byStatus(status, `${text} (status ${status})`, exchange?.retryAfter)
  if (typeof code === "number" && isMetadata(metadata)) {
    return byGrpcCode(code, text, retryInfo(metadata.get("grpc-status-details-bin")[0]))
  }
  if (exchange?.failure !== undefined) return later(messageOf(exchange.failure))
  if (typeof code === "string" && /^E[A-Z_]+$|CERT|SELF_SIGNED|UND_ERR/.test(code)) return later(text)
  return attempts < attemptsForUnknownErrors ? later(text) : { kind: "refused", error: text }
}

function byStatus(status: number, error: string, after: number | undefined): Outcome {
  if (status === 401 || status === 403) return later(error, unauthorizedPause, "unauthorized")
  if (status === 413) return { kind: "too_large", error }
  return retryableStatus.has(status) ? later(error, after) : { kind: "refused", error }
}

export function byGrpcCode(code: number, error: string, asked: number | undefined): Outcome {
  if (code === 7 || code === 16) return later(error, unauthorizedPause, "unauthorized")
  if (
    code === resourceExhausted &&
    asked === undefined &&
    /larger than max|message.*(size|large)/i.test(error)
  ) {
    return { kind: "too_large", error }
  }
  return retryableGrpc.has(code) || (code === resourceExhausted && asked !== undefined)
    ? later(error, asked)
    : { kind: "refused", error }
}

const later = (error: string, after?: number, trouble: Trouble = "away"): Outcome => ({
  kind: "later",
  error,
  after: after === undefined ? undefined : Math.min(Math.max(after, 0), longestPause),
  trouble,
})

const isMetadata = (value: unknown): value is { get(name: string): (string | Buffer)[] } =>
  typeof (value as { get?: unknown } | undefined)?.get === "function"

const messageOf = (error: unknown): string => {
  try {
    const { message } = error as Error
    return typeof message === "string" && message !== "" ? message : String(error)
  } catch {
    return "an error that cannot be read"
  }
}

/**
 * The delay of a google.rpc.RetryInfo, in milliseconds. The status holds it as an Any: its type's name, then field 2
 * with the message: field 1, a Duration of seconds (field 1) and nanoseconds (field 2), all varints.
 */
export function retryInfo(status: string | Buffer | undefined): number | undefined {
  const name = "google.rpc.RetryInfo"
  const bytes = typeof status === "string" ? Buffer.from(status) : status
  const start = bytes?.indexOf(name) ?? -1
  if (bytes === undefined || start < 0) return undefined
  let at = start + name.length
  if (bytes[at] !== 0x12 || bytes[at + 2] !== 0x0a) return 0
  const end = at + 4 + (bytes[at + 3] ?? 0)
  at += 4
  let ms = 0
  while (at < end) {
    const field = bytes[at++]! >> 3
    let value = 0
    let scale = 1
    for (; at < end && bytes[at]! >= 0x80; at++, scale *= 128) value += (bytes[at]! & 0x7f) * scale
    value += (bytes[at++] ?? 0) * scale
    ms += field === 1 ? value * 1000 : value / 1e6
  }
  return Math.min(ms, longestPause)
}
