// What fetch leaves out: our own requests, and queries of ClickHouse that are not sampled.
import type { Span } from "@opentelemetry/api"
import type { CaptureConfig } from "../privacy-config.ts"
import { capturedHeaders, type CaptureHeaders, headersOfList } from "./captured-headers.ts"
import { isClickHouse } from "./clickhouse/is-clickhouse.ts"
import { isSampled } from "../context/sampled.ts"
import { api, core } from "../opentelemetry.ts"

/** A request of undici's; its headers are names and values in turn, or, on old versions, lines. */
interface UndiciRequest {
  readonly origin: string | URL
  readonly headers: string | readonly (string | string[])[]
}

/** Hooks of upstream's. */
interface UndiciOptions {
  readonly ignoreRequestHook: (request: UndiciRequest) => boolean
  readonly requestHook?: (span: Span, request: UndiciRequest) => void
  readonly responseHook?: (span: Span, answered: { response: { headers: unknown } }) => void
}

export function undiciOptions(capture: CaptureConfig): UndiciOptions {
  const { ofRequest, ofResponse } = capturedHeaders(capture)
  const { context, trace } = api()
  const { isTracingSuppressed } = core()
  const hook = (captured: CaptureHeaders, list: unknown, span: Span) => {
    const attributes = captured(headersOfList(list))
    if (attributes !== undefined) span.setAttributes(attributes)
  }
  return {
    ...(ofRequest && {
      requestHook: (span: Span, { headers }: UndiciRequest) => hook(ofRequest, headers, span),
    }),
    ...(ofResponse && {
      responseHook: (span: Span, { response }: { response: { headers: unknown } }) =>
        hook(ofResponse, response.headers, span),
    }),
    ignoreRequestHook({ origin, headers }: UndiciRequest) {
      const active = context.active()
      if (isTracingSuppressed(active)) return true
      const parent = trace.getSpanContext(active)
      const isUnsampled = parent !== undefined && !isSampled(parent)
      return isUnsampled && isClickHouse(Number(new URL(origin).port), () => namesOf(headers))
    },
  }
}

const namesOf = (headers: UndiciRequest["headers"]): string[] =>
  typeof headers === "string"
    ? headers.split("\r\n").map((line) => line.slice(0, line.indexOf(":")))
    : headers.filter((_, index) => index % 2 === 0).map(String)
