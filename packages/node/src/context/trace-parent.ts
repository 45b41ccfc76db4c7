// The header `traceparent` of W3C Trace Context, level 2: version 2 hex, trace id 32, parent id 16, flags 2, joined by
// hyphens, hex in lower case: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-03
import type { SpanContext } from "@opentelemetry/api"
import { isSampled } from "./sampled.ts"

const hyphen = 45
const length = 55
const sampled = 1
const random = 2 // the right half of the trace id is random; new in level 2
const knownFlags = sampled | random

/** What a request of a later version says beyond these fields is not looked at. Undefined for what is not valid. */
export function parseTraceparent(header: unknown): SpanContext | undefined {
  if (typeof header !== "string" || header.length < length) return undefined
  if (!isHex(header, 0, 2) || !isHex(header, 3, 35) || !isHex(header, 36, 52) || !isHex(header, 53, 55)) {
    return undefined
  }
  for (const at of [2, 35, 52]) if (header.charCodeAt(at) !== hyphen) return undefined
  const version = header.slice(0, 2)
  if (version === "ff") return undefined
  if (header.length > length && (version === "00" || header.charCodeAt(length) !== hyphen)) return undefined
  const traceId = header.slice(3, 35)
  const spanId = header.slice(36, 52)
  if (isZero(traceId) || isZero(spanId)) return undefined
  const traceFlags = Number.parseInt(header.slice(53, 55), 16) & knownFlags
  return { traceId, spanId, traceFlags, isRemote: true }
}

/** Undefined for ids that are not valid: nothing is sent then. */
export function formatTraceparent(
  { traceId, spanId, traceFlags }: SpanContext,
  isRandom: boolean,
): string | undefined {
  if (!isId(traceId, 32) || !isId(spanId, 16)) return undefined
  const flags = (isSampled({ traceFlags }) ? sampled : 0) | (isRandom ? random : 0)
  return `00-${traceId}-${spanId}-0${flags}`
}

export const isRandomFlag = (traceFlags: number): boolean => (traceFlags & random) !== 0

const isId = (id: unknown, digits: number): boolean =>
  typeof id === "string" && id.length === digits && isHex(id, 0, digits) && !isZero(id)

function isHex(text: string, from: number, to: number): boolean {
  for (let at = from; at < to; at++) {
    const code = text.charCodeAt(at)
    if ((code < 48 || code > 57) && (code < 97 || code > 102)) return false
  }
  return true
}

function isZero(id: string): boolean {
  for (let at = 0; at < id.length; at++) if (id.charCodeAt(at) !== 48) return false
  return true
}
