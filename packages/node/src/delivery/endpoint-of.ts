// Where an exporter that is not ours writes to, which names its place on disk: data for one endpoint must never be
// sent to another, so what does not say where it goes gets no place.

const deepest = 6
const names = new Set(["url", "_url", "address", "_address", "endpoint"])

export function endpointOf(exporter: object): string | undefined {
  const { endpoint } = exporter as { endpoint?: unknown }
  if (typeof endpoint === "string") return endpoint
  return search(exporter, deepest, new Set())
}

/** OpenTelemetry's exporters hold their URL some layers down; gRPC's its address. */
function search(object: object, depth: number, seen: Set<object>): string | undefined {
  if (depth === 0 || seen.has(object)) return undefined
  seen.add(object)
  const values = Object.entries(object)
  for (const [name, value] of values) {
    if (names.has(name) && typeof value === "string" && value !== "") return value
  }
  for (const [, value] of values) {
    const found =
      typeof value === "object" && value !== null ? search(value as object, depth - 1, seen) : undefined
    if (found !== undefined) return found
  }
  return undefined
}
