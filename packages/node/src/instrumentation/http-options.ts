// What is left out of traces of HTTP: our own requests, and those to ignored paths.
import { isClickHouse } from "./clickhouse/is-clickhouse.ts"
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
      const isUnsampled = parent !== undefined && (parent.traceFlags & 1) === 0
      return isUnsampled && isClickHouse(Number(new URL(origin).port), () => namesOf(headers))
    },
  }
}

const namesOf = (headers: UndiciRequest["headers"]): string[] =>
  typeof headers === "string"
    ? headers.split("\r\n").map((line) => line.slice(0, line.indexOf(":")))
    : headers.filter((_, index) => index % 2 === 0).map(String)

/** Whether a URL's path is one of `paths`, of which a `*` at the end stands for any rest. */
export function pathMatcher(paths: readonly string[]): (url: string) => boolean {
  if (paths.length === 0) return () => false
  const exact = new Set(paths.filter((path) => !path.endsWith("*")))
  const starts = paths.filter((path) => path.endsWith("*")).map((path) => path.slice(0, -1))
  return (url) => {
    const end = url.search(/[?#]/)
    const path = end === -1 ? url : url.slice(0, end)
    return exact.has(path) || starts.some((start) => path.startsWith(start))
  }
}
