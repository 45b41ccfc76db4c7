// Whether a plain HTTP request goes to a ClickHouse, by its usual ports or the headers that only ClickHouse has.
// ClickHouse records a trace whatever the flag of a traceparent says, so it gets none of a trace that is not sampled.

const ports = new Set([8123, 8443])

export function isClickHouse(port: number | undefined, headers: () => Iterable<string>): boolean {
  if (port !== undefined && ports.has(port)) return true
  for (const name of headers()) if (/^x-clickhouse-/i.test(name)) return true
  return false
}
