// What fetch leaves out: our own requests, and queries of ClickHouse that are not sampled.
import { isClickHouse } from "./clickhouse/is-clickhouse.ts"
import { isSampled } from "../context/sampled.ts"
import { api, core } from "../opentelemetry.ts"

/** A request of undici's; its headers are names and values in turn, or, on old versions, lines. */
interface UndiciRequest {
  readonly origin: string | URL
  readonly headers: string | readonly (string | string[])[]
}

export function undiciOptions(): Record<string, unknown> {
  const { context, trace } = api()
  const { isTracingSuppressed } = core()
  return {
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
